"""Other orders of execution: the least that any order needs, and what keeps its turn."""

from __future__ import annotations

import dataclasses
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from support.graphs import Draft

from edgewright.pipeline.arena.arrangement import with_order
from edgewright.pipeline.arena.bounds import bound_bytes
from edgewright.pipeline.arena.buffers import planned_buffers
from edgewright.pipeline.arena.order import reorder_operators
from edgewright.pipeline.graph import Graph


def needed(graph: Graph, scratch: dict[int, int]) -> int:
    """The most that is needed at one moment; scratch by the operator's output."""
    requests = {(0, one.index): (scratch[one.outputs[0]],) for one in graph.main.operators if one.outputs[0] in scratch}
    return bound_bytes(planned_buffers(graph, requests))


def is_possible(graph: Graph, order: tuple[int, ...]) -> bool:
    """Whether each operator runs after those whose results it reads."""
    written = {operator.outputs[0] for operator in graph.main.operators}
    done: set[int] = set()
    for index in order:
        operator = graph.main.operators[index]
        if any(one in written and one not in done for one in operator.inputs):
            return False
        done.update(operator.outputs)
    return True


@st.composite
def branching_graphs(draw: st.DrawFn) -> tuple[Graph, dict[int, int]]:
    """Up to six operators that read any tensors before them, some with scratch, and one or two outputs."""
    draft = Draft()
    tensors = [draft.input((1, 16 * draw(st.integers(1, 4))))]
    scratch = {}
    for _ in range(draw(st.integers(2, 6))):
        inputs = draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=3, unique=True))
        tensors.append(draft.operator("CONCATENATION", inputs, (1, 16 * draw(st.integers(1, 6)))))
        if draw(st.booleans()):
            scratch[tensors[-1]] = 16 * draw(st.integers(1, 4))
    outputs = {tensors[-1], draw(st.sampled_from(tensors[1:]))}
    return draft.graph(*sorted(outputs)), scratch


def keyed(graph: Graph, scratch: dict[int, int]) -> dict[tuple[int, int], tuple[int, ...]]:
    """Scratch by subgraph and operator."""
    return {(0, one.index): (scratch.get(one.outputs[0], 0),) for one in graph.main.operators}


@given(branching_graphs())
def test_no_order_needs_less(drawn: tuple[Graph, dict[int, int]]) -> None:
    """The search finds what trying every order finds, and leaves a graph alone that needs no other order."""
    graph, scratch = drawn
    orders = [order for order in permutations(range(len(graph.main.operators))) if is_possible(graph, order)]
    least = min(needed(with_order(graph, order), scratch) for order in orders)
    order = reorder_operators(graph, keyed(graph, scratch))
    found = graph if order is None else with_order(graph, order)
    assert order is None or order in orders
    assert least == needed(found, scratch)
    assert (order is None) == (needed(graph, scratch) == least)


@given(branching_graphs())
def test_a_beam_finds_possible_orders_that_need_less(drawn: tuple[Graph, dict[int, int]]) -> None:
    """With too few states the beam takes over: what it finds is an order, and better than the graph's own."""
    graph, scratch = drawn
    order = reorder_operators(graph, keyed(graph, scratch), states=1)
    if order is not None:
        assert is_possible(graph, order)
        assert needed(with_order(graph, order), scratch) < needed(graph, scratch)


def branches(*shared: int) -> Draft:
    """A draft whose wide branches are both computed before either is made narrow; all operators read what is shared."""
    draft = Draft()
    x = draft.input((1, 16))
    wide = [draft.operator("RELU", (x, *shared), (1, 640)) for _ in range(2)]
    narrow = [draft.operator("RELU", (one, *shared), (1, 16)) for one in wide]
    draft.operator("CONCATENATION", (*narrow, *shared), (1, 32))
    return draft


def renamed(graph: Graph, indices: tuple[int, ...]) -> Graph:
    """The graph with some operators as custom ones."""
    operators = tuple(
        dataclasses.replace(one, op="CUSTOM", custom_name="own") if one.index in indices else one
        for one in graph.main.operators
    )
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, operators=operators),))


def test_a_branch_is_finished_before_the_next() -> None:
    """Only one wide tensor is then alive: 640 bytes fewer, but for a narrow one."""
    graph = branches().graph(5)
    order = reorder_operators(graph, {})
    assert (0, 2, 1, 3, 4) == order
    assert (16 + 640 + 640, 16 + 640 + 16) == (needed(graph, {}), needed(with_order(graph, order), {}))


def test_custom_operators_keep_their_order() -> None:
    """Whatever state they have is seen as before; others move between them."""
    graph = branches().graph(5)
    assert (0, 2, 1, 3, 4) == reorder_operators(renamed(graph, (0, 1)), {})
    assert reorder_operators(renamed(graph, (0, 1, 2, 3)), {}) is None


def test_operators_of_a_variable_keep_their_order() -> None:
    """Operators that read the same variable run as they stand."""
    draft = branches(6)
    draft.tensor((1, 16), is_variable=True)
    assert reorder_operators(draft.graph(5), {}) is None


def test_a_graph_that_calls_another_stays() -> None:
    """Only a single subgraph is reordered."""
    graph = branches().graph(5)
    assert reorder_operators(dataclasses.replace(graph, subgraphs=(graph.main, graph.main)), {}) is None


def test_a_new_order_counts_from_zero() -> None:
    """Operators carry the index of their new place, and nothing else changes."""
    graph = branches().graph(5)
    moved = with_order(graph, (0, 2, 1, 3, 4))
    assert [0, 1, 2, 3, 4] == [operator.index for operator in moved.main.operators]
    assert graph == with_order(moved, (0, 2, 1, 3, 4))
