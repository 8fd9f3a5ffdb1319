"""Branches run in the order that needs the least memory, views being the same bytes."""

from __future__ import annotations

from support.graphs import Draft, tiny_graph
from support.plannable import branching_graph
from support.static_programs import assert_same_for_graph, program_of

from edgewright.pipeline.codegen.rewrites import order
from edgewright.pipeline.graph import DType


def test_branches_run_one_after_the_other() -> None:
    """Two wide branches are not alive together."""
    graph = branching_graph()
    program = order.rewrite(program_of(graph))
    assert [(0,), (2,), (1,), (3,), (4,)] == [step.layers for step in program.steps]
    assert_same_for_graph(graph, program)


def test_a_line_keeps_its_order() -> None:
    """A network without branches is returned as it is."""
    program = program_of(tiny_graph())
    assert program is order.rewrite(program)


def test_views_take_no_memory() -> None:
    """Wide branches behind views are ordered as wide branches are."""
    draft = Draft()
    x = draft.input((1, 4))
    narrow = []
    for seen in [draft.operator("RESHAPE", (_wide(draft, x),), (64, 1), options_type="ReshapeOptions") for _ in "ab"]:
        axes = draft.constant([0, 1], DType.INT32)
        narrow.append(draft.operator("MEAN", (seen, axes), (1,), options_type="ReducerOptions"))
    graph = draft.graph(draft.operator("ADD", narrow, (1,), options_type="AddOptions"))
    program = order.rewrite(program_of(graph))
    assert [(0,), (1,), (4,), (2,), (3,), (5,), (6,)] == [step.layers for step in program.steps]
    assert_same_for_graph(graph, program)


def _wide(draft: Draft, x: int) -> int:
    return draft.operator("CONCATENATION", [x] * 16, (1, 64), options_type="ConcatenationOptions", options={"axis": 1})
