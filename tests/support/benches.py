"""Benches that are quick: a tiny model, few engines, and one process for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.graphs import tiny_graph

from edgewright.pipeline.graph import write
from edgewright.pipeline.interpreters import Engine, tflm_engine
from edgewright.runtime_bench.bench import Bench, Limits, Plan, choose_setups, measure, open_candidates
from edgewright.runtime_bench.bench.plan import BoardSetup
from edgewright.runtime_bench.bench.samples import Examination

ONE_BLOCK = Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=60.0)
"""A row is given up after one process: its interval is not reached."""


def tiny_tflite(folder: Path, name: str = "tiny") -> Path:
    """Write the tiny network as a file."""
    path = folder / f"{name}.tflite"
    path.write_bytes(write(tiny_graph()))
    return path


def quick_bench(
    paths: Sequence[Path],
    *,
    engines: Sequence[Engine] | None = None,
    examination: Examination | None = None,
    limits: Limits = ONE_BLOCK,
    boards: tuple[BoardSetup, ...] = (),
) -> Bench:
    """Measure models on some engines, TensorFlow Lite Micro alone if not told otherwise."""
    plan = Plan(
        candidates=open_candidates(paths),
        setups=choose_setups(engines=engines or (tflm_engine(),)),
        examination=examination,
        limits=limits,
        boards=boards,
    )
    return measure(plan, lambda text: None)
