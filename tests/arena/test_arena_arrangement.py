"""Arrangements of a model: its places in its own order, then in a better one, and the replay agrees with both."""

from __future__ import annotations

import dataclasses

import pytest
from support.graphs import tiny_graph
from support.models import reference_models
from support.plannable import branching_graph, chain_graph

from edgewright.pipeline.arena import arrangements, replay, with_offline_plan
from edgewright.pipeline.arena.buffers import offline_offsets
from edgewright.pipeline.graph import Graph, Metadata, read
from edgewright.pipeline.vocabulary import Kernels, PlanEnding

M4 = (Kernels.CMSIS_NN, "cortex-m4")


def test_a_chain_is_placed_better() -> None:
    """Three quarters of what TFLM's own plan takes, and no tensor but activations gets a place."""
    graph = chain_graph()
    (found,) = arrangements(graph, *M4)
    assert (9216, 7168) == (found.optimum.greedy_bytes, found.optimum.head_bytes)
    assert (9216, 7168) == tuple(replay(one, *M4).head_bytes for one in (graph, found.graph))
    placed = [index for index, offset in enumerate(offline_offsets(found.graph)) if offset is not None]
    assert [graph.main.inputs[0], *(operator.outputs[0] for operator in graph.main.operators)] == placed
    assert not found.is_reordered


def test_branches_run_one_after_the_other() -> None:
    """The better order is a second arrangement, whose bound is lower."""
    own, other = arrangements(branching_graph(), *M4)
    assert (False, True) == (own.is_reordered, other.is_reordered)
    assert (0, 2, 1, 3, 4) == other.order
    assert (8448, 4608) == (own.optimum.head_bytes, other.optimum.head_bytes)
    assert other.optimum.head_bytes == replay(other.graph, *M4).head_bytes


def test_a_plan_that_tflm_makes_itself_is_not_written() -> None:
    """Where its own plan is as good the graph stays the same."""
    graph = tiny_graph()
    (found,) = arrangements(graph, *M4)
    assert graph is found.graph
    assert (None, PlanEnding.AT_BOUND) == (found.optimum.offsets, found.optimum.ending)


def test_a_plan_that_the_model_brings_is_left_out() -> None:
    """The search begins with the model alone."""
    graph = chain_graph()
    planned = with_offline_plan(graph, [None] * len(graph.main.tensors))
    assert list(arrangements(graph, *M4)) == list(arrangements(planned, *M4))


def test_a_compressed_model_is_left_alone() -> None:
    """TFLM decodes its weights into the plan, in buffers that are not known here."""
    graph = chain_graph()
    compressed = dataclasses.replace(
        graph,
        buffers=(*graph.buffers, b"\0" * 16),
        metadata=(Metadata(name="COMPRESSION_METADATA", buffer_index=len(graph.buffers)),),
    )
    assert [] == list(arrangements(compressed, *M4))


def reference(name: str) -> Graph:
    """One of the reference models."""
    (path,) = reference_models().rglob(f"{name}.tflite")
    return read(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "greedy_bytes", "head_bytes"), [("mobilenet_v1_like", 18432, 13824), ("inception_like", 14400, 12672)]
)
def test_reference_models_take_less(name: str, greedy_bytes: int, head_bytes: int) -> None:
    """A line of convolutions gains by its places, and a network with branches by its order."""
    graph = reference(name)
    best = min(arrangements(graph, *M4), key=lambda found: found.optimum.head_bytes)
    assert (greedy_bytes, head_bytes) == tuple(replay(one, *M4).head_bytes for one in (graph, best.graph))
    assert best.is_reordered == (name == "inception_like")


def test_every_reference_model_is_at_its_bound() -> None:
    """With every set of kernels no search has to say more than that the bound is reached."""
    places = [(Kernels.REFERENCE, "rv32imc"), M4, (Kernels.CMSIS_NN, "cortex-m55"), (Kernels.ESP_NN, "xtensa-lx7")]
    endings = {
        (path.stem, core): found.optimum.ending
        for path in reference_models().rglob("*.tflite")
        for kernels, core in places
        for found in arrangements(read(path.read_bytes()), kernels, core)
    }
    assert 14 * len(places) == len(endings)
    assert {PlanEnding.AT_BOUND} == set(endings.values())
