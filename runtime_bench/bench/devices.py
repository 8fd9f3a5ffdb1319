"""Rows of devices: each runs the samples in a process of its own; whatever goes wrong there is the row's sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgewright.pipeline.agreement import integers_of
from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.vocabulary import promised_lsb
from edgewright.runtime_bench.bench.latency import Report
from edgewright.runtime_bench.bench.outputs import RowOutputs, shaped
from edgewright.runtime_bench.bench.plan import BoardSetup, Candidate, Limits
from edgewright.runtime_bench.bench.samples import Samples
from edgewright.runtime_bench.bench.scores import score_outputs
from edgewright.runtime_bench.bench.statistics import FEWEST
from edgewright.runtime_bench.boards import BoardReply, BoardTask, run_device


@dataclass(frozen=True, kw_only=True, eq=False)
class DeviceRow:
    """What one device made of one model's samples."""

    setup: BoardSetup
    reply: BoardReply | None = None
    outputs: RowOutputs | None = None
    unavailable: str | None = None
    failure: str | None = None


def run_devices(
    candidate: Candidate, samples: Samples | str, setups: Sequence[BoardSetup], limits: Limits, report: Report
) -> tuple[DeviceRow, ...]:
    """Run one model's samples on every device at hand.

    Args:
        candidate: the model.
        samples: what is run, or why there is nothing.
        setups: the devices.
        limits: how long one inference may take.
        report: is told how far they are.

    Returns:
        One row for each device, in their order.
    """
    return tuple(_run(candidate, samples, setup, limits, report) for setup in setups)


def _run(candidate: Candidate, samples: Samples | str, setup: BoardSetup, limits: Limits, report: Report) -> DeviceRow:
    reason = setup.engine.unavailable_reason(setup.place)
    if reason is not None:
        return DeviceRow(setup=setup, unavailable=reason)
    if candidate.graph is None or isinstance(samples, str):
        return DeviceRow(setup=setup, unavailable=f"there is nothing to run: {samples}")
    chosen = _first(samples, setup.most_samples)
    task = BoardTask(
        engine=setup.engine.name,
        place=setup.place,
        model_digest=candidate.digest,
        fewest_runs=FEWEST + 1,
        timeout_seconds=limits.timeout_seconds,
    )
    try:
        reply, outputs = run_device(
            task, chosen.given, lambda done: report(f"{setup.id}: {done} of {len(chosen)} samples")
        )
        if reply.complaint is None:
            return DeviceRow(setup=setup, reply=reply, outputs=_outputs(setup, reply, candidate.graph, outputs, chosen))
    except (EdgewrightError, ValueError) as error:  # a metric of the user's may fail, and a scale may be none
        return DeviceRow(setup=setup, failure=str(error))
    if reply.is_other_model:
        return DeviceRow(setup=setup, unavailable=reply.complaint)
    return DeviceRow(setup=setup, failure=reply.complaint)


def _outputs(
    setup: BoardSetup, reply: BoardReply, graph: Graph, outputs: tuple[Array, ...], samples: Samples
) -> RowOutputs:
    found = shaped(outputs, graph, setup.id)
    return RowOutputs(
        setup=setup,
        integers=integers_of(graph, found),
        scores=score_outputs(graph, found, samples),
        promised_lsb=promised_lsb(reply.kernels),
    )


def _first(samples: Samples, count: int | None) -> Samples:
    """Return the first so many samples."""
    if count is None or count >= len(samples):
        return samples
    return replace(
        samples,
        given=tuple(array[:count] for array in samples.given),
        real=tuple(array[:count] for array in samples.real),
        split=None if samples.split is None else samples.split.take(np.arange(count)),
    )
