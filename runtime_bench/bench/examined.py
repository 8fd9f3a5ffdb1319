"""What one model's engines compute: run on the samples, compared with each other, and looked into layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.graph import Graph
from edgewright.runtime_bench.bench.divergence import locate_divergence, nowhere
from edgewright.runtime_bench.bench.latency import Report, Row, RowTimes
from edgewright.runtime_bench.bench.layers import measure_layers
from edgewright.runtime_bench.bench.logits import logits_difference
from edgewright.runtime_bench.bench.matrix import CompareLogits, Locate, compare_rows, order_rows
from edgewright.runtime_bench.bench.outputs import RowOutputs, run_row
from edgewright.runtime_bench.bench.plan import BoardSetup, Candidate, Limits, Setup
from edgewright.runtime_bench.bench.samples import Samples
from edgewright.runtime_bench.bench.schema import DivergenceSection, LayersSection, PairSection

PATIENCE = 10
"""An interpreter may take so many times what its samples should, before it is stopped."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Examined:
    """What one model's outputs told; nothing where there was nothing to run."""

    samples: Samples | None = None
    outputs: tuple[RowOutputs, ...] = ()
    failures: tuple[tuple[Row, str], ...] = ()
    pairs: tuple[PairSection, ...] = ()
    layers: LayersSection | None = None
    notes: tuple[str, ...] = ()

    def outputs_of(self, setup: Setup) -> RowOutputs | None:
        """Return what a setup gave; None where it failed or was not run."""
        return next((one for one in self.outputs if one.setup == setup), None)

    def failure_of(self, setup: Setup) -> str | None:
        """Return how a setup failed on the samples."""
        return next((text for row, text in self.failures if row.setup == setup), None)


def examine(
    candidate: Candidate,
    graph: Graph,
    samples: Samples,
    times: Sequence[RowTimes],
    limits: Limits,
    *,
    devices: Sequence[RowOutputs] = (),
    report: Report,
) -> Examined:
    """Run the samples on every row that works, compare what comes out, and look into the layers.

    Args:
        candidate: whose rows these are.
        graph: of the candidate.
        samples: what every engine runs.
        times: the rows, measured; those that failed are left out.
        devices: what devices gave for the same samples, or the first of them.
        limits: how long an interpreter may take.
        report: is told what happens.
    """
    working = [one for one in times if one.failure is None and one.blocks]
    outputs: list[RowOutputs] = []
    failures: list[tuple[Row, str]] = []
    for one in working:
        report(f"{len(samples)} samples on {one.row.setup.id}")
        slowest_us = max(block.median_us for block in one.blocks)
        timeout_seconds = limits.timeout_seconds + PATIENCE * len(samples) * slowest_us / 1e6
        try:
            outputs.append(run_row(one.row, graph, samples, timeout_seconds=timeout_seconds))
        except (EdgewrightError, ValueError) as error:  # a metric of the user's may fail, and a scale may be none
            failures.append((one.row, str(error)))
    if not outputs and not devices:
        return Examined(samples=samples, failures=tuple(failures))
    ordered = order_rows((*outputs, *devices))
    interpreters = [row.setup for row in ordered if isinstance(row.setup, Setup)]
    timing = next((setup for setup in reversed(interpreters) if not setup.runs_source), None)
    return Examined(
        samples=samples,
        outputs=ordered,
        failures=tuple(failures),
        pairs=compare_rows(
            ordered,
            classifies=samples.classifies,
            locate=_locator(candidate, samples, limits),
            compare_logits=_logits_comparison(graph, samples, limits),
        ),
        layers=measure_layers(candidate, timing, samples, limits, report),
    )


def _locator(candidate: Candidate, samples: Samples, limits: Limits) -> Locate:
    """Return the question at which layer two rows part, for the samples of one model."""

    def locate(left: RowOutputs, right: RowOutputs, sample: int, tolerance_lsb: int) -> DivergenceSection:
        if isinstance(left.setup, BoardSetup) or isinstance(right.setup, BoardSetup):
            return nowhere(0, "a device shows no layer over its line; its self-test names one (edgewright selftest)")
        return locate_divergence(
            candidate,
            (left.setup, right.setup),
            tuple(array[sample : sample + 1] for array in samples.given),
            tolerance_lsb,
            timeout_seconds=limits.timeout_seconds,
        )

    return locate


def _logits_comparison(graph: Graph, samples: Samples, limits: Limits) -> CompareLogits:
    """Return the question how far two rows are apart before the softmax, for the samples of one model."""

    def compare(left: RowOutputs, right: RowOutputs) -> int | None:
        if isinstance(left.setup, BoardSetup) or isinstance(right.setup, BoardSetup):
            return None
        setups = (left.setup, right.setup)
        try:
            return logits_difference(graph, setups, samples.given, timeout_seconds=limits.timeout_seconds)
        except EdgewrightError:
            return None

    return compare
