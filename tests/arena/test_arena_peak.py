"""The arena's peak: the operator that needs most, with everything that is alive there."""

from __future__ import annotations

from support.graphs import Draft, tiny_graph
from support.models import reference_models

from edgewright.pipeline.arena import find_peak, replay
from edgewright.pipeline.graph import Graph, lifetimes, liveness_bound_bytes, read
from edgewright.pipeline.vocabulary import Kernels


def skipping() -> Graph:
    """Return three layers, the last of which adds the input of the first to the output of the second."""
    draft = Draft()
    x = draft.input((1, 100))
    wide = draft.operator("RELU", (x,), (1, 64, 10))
    narrow = draft.operator("RELU", (wide,), (1, 50))
    return draft.graph(draft.operator("ADD", (narrow, x), (1, 100)))


def test_everything_alive_is_listed() -> None:
    """At the peak the operator's own tensors and one that waits are there, the largest first, in whole 16 bytes."""
    peak = find_peak(skipping(), Kernels.REFERENCE, "core")
    assert peak is not None
    assert (1, 640 + 112 + 64, 0) == (peak.operator_index, peak.nbytes, peak.scratch_bytes)
    assert [(1, 640), (0, 112), (2, 64)] == [(one.tensor_index, one.nbytes) for one in peak.alive]


def test_scratch_counts() -> None:
    """A kernel's scratch belongs to its operator's peak, and only where that kernel runs."""
    graph = tiny_graph()
    plain, own = (find_peak(graph, kernels, "cortex-m4") for kernels in (Kernels.REFERENCE, Kernels.CMSIS_NN))
    assert plain is not None
    assert own is not None
    assert (0, 0) == (plain.operator_index, plain.scratch_bytes)
    assert own.nbytes == plain.nbytes + own.scratch_bytes > plain.nbytes


def test_no_operators_no_peak() -> None:
    """A graph that only passes its input on has none."""
    draft = Draft()
    assert None is find_peak(draft.graph(draft.input((1, 4))), Kernels.REFERENCE, "core")


def test_the_peak_is_what_no_plan_can_do_without() -> None:
    """Of the published models the peak is the liveness bound, and the plan is never smaller than peak and scratch."""
    for path in sorted(reference_models().rglob("*.tflite")):
        graph = read(path.read_bytes())
        peak = find_peak(graph, Kernels.REFERENCE, "rv32imc")
        assert peak is not None
        assert (path.name, liveness_bound_bytes(lifetimes(graph.main), alignment=16)) == (path.name, peak.nbytes)
        for kernels in Kernels:
            own = find_peak(graph, kernels, "cortex-m4")
            assert own is not None
            assert replay(graph, kernels, "cortex-m4").head_bytes >= own.nbytes, path.name
