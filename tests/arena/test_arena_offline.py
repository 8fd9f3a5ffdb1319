"""Places of tensors as metadata: written as TFLM reads them, replaced, and left out without a trace."""

from __future__ import annotations

import numpy as np
from support.graphs import tiny_graph

from edgewright.pipeline.arena import has_offline_plan, with_offline_plan, without_offline_plan
from edgewright.pipeline.arena.buffers import offline_offsets
from edgewright.pipeline.graph import read, write


def test_a_plan_is_written_as_tflm_reads_it() -> None:
    """Two zeros and the number of tensors stand before one place for each, and -1 where the planner decides."""
    graph = tiny_graph()
    offsets = [None, 48, *[None] * (len(graph.main.tensors) - 2)]
    planned = read(write(with_offline_plan(graph, offsets)))
    (entry,) = (entry for entry in planned.metadata if entry.name == "OfflineMemoryAllocation")
    words = np.frombuffer(planned.buffers[entry.buffer_index], "<i4")
    assert [0, 0, len(offsets), -1, 48] == words[:5].tolist()
    assert {-1} == set(words[5:].tolist())
    assert tuple(offsets) == offline_offsets(planned)


def test_a_plan_takes_the_place_of_another() -> None:
    """There is one plan at most, and what held the other one is gone."""
    graph = tiny_graph()
    count = len(graph.main.tensors)
    once, twice = with_offline_plan(graph, [16] * count), with_offline_plan(graph, [32] * count)
    assert twice == with_offline_plan(once, [32] * count)


def test_a_plan_is_left_out() -> None:
    """The model is then what it was; one without a plan stays the same object."""
    graph = tiny_graph()
    planned = with_offline_plan(graph, [None] * len(graph.main.tensors))
    assert (False, True) == (has_offline_plan(graph), has_offline_plan(planned))
    assert graph == without_offline_plan(planned)
    assert graph is without_offline_plan(graph)
