"""`python -m edgewright.runtime_bench.static`: measure the static engine for its section of `docs/benchmarks.md`."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.graph import lifetimes, liveness_bound_bytes, read, total_macs
from edgewright.pipeline.layers import read_layers
from edgewright.runtime_bench.commit import commit_name
from edgewright.runtime_bench.cores import load_core
from edgewright.runtime_bench.networks import MLPERF, obtain_network
from edgewright.runtime_bench.sections import write_section
from edgewright.runtime_bench.static.document import render_section
from edgewright.runtime_bench.static.figures import StaticNetwork, StaticResults
from edgewright.runtime_bench.static.measurement import compiler_line, measure_on_core

COMMAND = "make bench-static"
SECTION = "static"
CORES = ("cortex-m4", "cortex-m55", "cortex-m0plus", "rv32imc")


def main(
    out: Annotated[Path, typer.Option(help="Folder that takes benchmarks.md and benchmarks.json.")] = Path("docs"),
    work: Annotated[Path, typer.Option(help="Folder for sources and programs.")] = Path("build/static"),
    cache: Annotated[Path, typer.Option(help="Folder for networks, conversions and the counter.")] = Path(
        "build/cache"
    ),
) -> None:
    """Measure MLPerf Tiny's networks on emulated cores, and write the section of the benchmarks."""
    console = Console(emoji=False)
    kept = Cache(root=cache)
    try:
        with console.status("starting") as status:
            networks = tuple(_measure(name, work / name, kept, status.update) for name in MLPERF)
        results = StaticResults(
            commit=commit_name(),
            command=COMMAND,
            date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
            compilers=tuple(dict.fromkeys(compiler_line(load_core(name)) for name in CORES)),
            networks=networks,
        )
        out.mkdir(parents=True, exist_ok=True)
        write_section(out / "benchmarks", SECTION, render_section(results), results)
    except EdgewrightError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_status) from None


def _measure(name: str, work: Path, cache: Cache, report: Callable[[str], None]) -> StaticNetwork:
    network = obtain_network(name, cache)
    graph = read(network.tflite_path.read_bytes(), source=name)
    layers = read_layers(network.layers_path, graph)
    cores = []
    for core in CORES:
        report(f"{name} on {core}")
        cores.append(measure_on_core(graph, layers, load_core(core), work / core, cache))
    return StaticNetwork(
        name=name,
        title=network.reference.title,
        macs=total_macs(graph),
        tensor_bytes=liveness_bound_bytes(lifetimes(graph.main)),
        cores=tuple(cores),
    )


if __name__ == "__main__":
    typer.run(main)
