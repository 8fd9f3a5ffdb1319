"""`python -m edgewright.runtime_bench.mlperf`: measure MLPerf Tiny's architectures for `docs/benchmarks.md`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import EdgewrightError
from edgewright.runtime_bench.bench import Limits
from edgewright.runtime_bench.bench.machine import describe_machine
from edgewright.runtime_bench.commit import commit_name
from edgewright.runtime_bench.mlperf.document import render_section
from edgewright.runtime_bench.mlperf.figures import MlperfResults
from edgewright.runtime_bench.mlperf.measurement import measure_network, published_results
from edgewright.runtime_bench.networks import MLPERF
from edgewright.runtime_bench.sections import write_section

COMMAND = "make bench-mlperf"
SECTION = "mlperf"


def main(
    out: Annotated[Path, typer.Option(help="Folder that takes benchmarks.md and benchmarks.json.")] = Path("docs"),
    work: Annotated[Path, typer.Option(help="Folder for the files that are benched.")] = Path("build/mlperf"),
    cache: Annotated[Path, typer.Option(help="Folder for networks, conversions and plans.")] = Path("build/cache"),
    seconds: Annotated[float, typer.Option(min=0.1, help="Give a latency up after so long.")] = 15.0,
) -> None:
    """Measure the four architectures, and write their section of the benchmarks."""
    console = Console(emoji=False)
    limits = Limits(time_limit_seconds=seconds)
    try:
        with console.status("starting") as status:
            models = tuple(measure_network(name, work, Cache(root=cache), limits, status.update) for name in MLPERF)
        results = MlperfResults(
            commit=commit_name(),
            command=COMMAND,
            date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
            processor=describe_machine().processor,
            models=models,
            published=tuple(published_results()),
        )
        write_section(out / "benchmarks", SECTION, render_section(results), results)
    except EdgewrightError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_status) from None


if __name__ == "__main__":
    typer.run(main)
