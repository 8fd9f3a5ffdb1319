"""`python -m edgewright.runtime_bench.results`: measure the examples and write `docs/results.md`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.pipeline.progress import ConsoleReporter
from edgewright.runtime_bench.commit import commit_name
from edgewright.runtime_bench.latency import measure_figures
from edgewright.runtime_bench.results.document import render_document
from edgewright.runtime_bench.results.figures import Results
from edgewright.runtime_bench.results.measurement import measure_example
from edgewright.runtime_bench.results.variants import example_names

SEEDS = (1, 2, 3)
COMMAND = "make results"


def main(
    out: Annotated[Path, typer.Option(help="Folder that takes results.md and results.json.")] = Path("docs"),
    work: Annotated[Path, typer.Option(help="Folder for the cache and the outputs.")] = Path("build/results"),
    only: Annotated[list[str] | None, typer.Option(help="Measure this example alone, and write nothing.")] = None,
) -> None:
    """Build every variant of every example with three seeds, and write the tables."""
    reporter = ConsoleReporter(Console(emoji=False))
    examples = tuple(measure_example(name, SEEDS, work, reporter, measure_figures) for name in only or example_names())
    if only:
        return
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    results = Results(commit=commit_name(), command=COMMAND, date=today, examples=examples)
    (out / "results.json").write_text(results.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / "results.md").write_text(render_document(results), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
