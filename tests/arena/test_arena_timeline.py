"""The arena over time: the blocks are those of the planner, and none lies on another."""

from __future__ import annotations

from itertools import combinations

import pytest
from support.one_operator import GRAPHS

from edgewright.pipeline.arena import Timeline, arena_timeline, replay, with_offline_plan
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.vocabulary import Kernels


def timeline(graph: Graph) -> Timeline:
    """Lay a graph out as a Cortex-M4 with CMSIS-NN does."""
    return arena_timeline(graph, Kernels.CMSIS_NN, "cortex-m4")


@pytest.mark.parametrize("name", GRAPHS)
def test_blocks_fill_the_head_and_keep_apart(name: str) -> None:
    """The highest block ends where the replayed head does, and two that are needed at once do not overlap."""
    graph = GRAPHS[name]()
    found = timeline(graph)
    assert replay(graph, Kernels.CMSIS_NN, "cortex-m4").head_bytes == found.head_bytes
    overlaps = [
        (one, other)
        for one, other in combinations(found.blocks, 2)
        if one.first <= other.last and other.first <= one.last
        and one.offset_bytes < other.offset_bytes + other.nbytes and other.offset_bytes < one.offset_bytes + one.nbytes
    ]  # fmt: skip
    assert [] == overlaps
    if len(graph.subgraphs) == 1:
        assert [(0, operator.index) for operator in graph.main.operators] == list(found.moments)


def test_scratch_belongs_to_its_operator() -> None:
    """What a kernel requests lies there while that operator runs, and at no other time."""
    found = [timeline(build()) for build in GRAPHS.values()]
    scratch = [(one, block) for one in found for block in one.blocks if block.operator is not None]
    assert len(scratch) > 0
    assert [] == [block for one, block in scratch if one.moments[block.first - 1] != block.operator]


def test_an_offline_plan_decides() -> None:
    """Tensors lie where the model says."""
    graph = next(build() for build in GRAPHS.values() if len(build().subgraphs) == 1)
    placed = {block.tensor: block.offset_bytes for block in timeline(graph).blocks if block.tensor is not None}
    offsets = [placed[0, tensor.index] + 64 if (0, tensor.index) in placed else None for tensor in graph.main.tensors]
    moved = timeline(with_offline_plan(graph, offsets))
    assert (False, True) == (timeline(graph).is_offline, moved.is_offline)
    now = {block.tensor: block.offset_bytes for block in moved.blocks if block.tensor is not None}
    assert {key: offset + 64 for key, offset in placed.items()} == now
    assert timeline(graph).head_bytes + 64 == moved.head_bytes
