"""When tensors are alive, and the bound that follows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.graph_strategies import graphs
from support.graphs import Draft

from edgewright.pipeline.graph import ABSENT, Graph, Lifetime, lifetimes, liveness_bound_bytes, read


def test_a_chain_keeps_two_tensors_alive(tiny: Graph) -> None:
    """Input from the start, output to the end, each between from its operator to its last reader."""
    found = [(entry.tensor_index, entry.first, entry.last, entry.nbytes) for entry in lifetimes(tiny.main)]
    assert [(0, 0, 0, 32), (3, 0, 1, 16), (5, 1, 2, 16), (8, 2, 3, 3), (9, 3, 3, 3)] == found
    assert 48 == liveness_bound_bytes(lifetimes(tiny.main))


def test_a_shortcut_stays_alive_until_it_is_added() -> None:
    """A tensor that is read again three operators later lives all the while."""
    draft = Draft()
    first = draft.operator("ABS", [draft.input((100,))], (100,))
    second = draft.operator("ABS", [first], (40,))
    third = draft.operator("ABS", [second, ABSENT], (100,))
    alive = lifetimes(draft.graph(draft.operator("ADD", (first, third), (100,))).main)
    assert (0, 3) == (alive[first].first, alive[first].last)
    assert 300 == liveness_bound_bytes(alive)
    assert 3 * 112 == liveness_bound_bytes(alive, alignment=16)


def test_unread_tensors_live_while_they_are_written() -> None:
    """An unread input lives at the first operator, an unread result at its own."""
    draft = Draft()
    value, unread = draft.input((1,)), draft.input((1,))
    value = draft.operator("ABS", [value], (1,))
    dropped = draft.operator("ABS", [value], (1,))
    value = draft.operator("ABS", [value], (1,))
    alive = {entry.tensor_index: (entry.first, entry.last) for entry in lifetimes(draft.graph(value).main)}
    assert ((0, 0), (1, 1)) == (alive[unread], alive[dropped])


def test_outputs_live_to_the_end() -> None:
    """An output that is computed early, or that is an input, is still there at the last operator."""
    draft = Draft()
    value = draft.input((1,))
    early = draft.operator("ABS", [value], (1,))
    late = draft.operator("ABS", [draft.operator("ABS", [early], (1,))], (1,))
    alive = {entry.tensor_index: entry.last for entry in lifetimes(draft.graph(early, late, value).main)}
    assert (2, 2, 2) == (alive[early], alive[late], alive[value])


def test_constants_and_variables_are_not_listed() -> None:
    """A plan for one run moves neither constants nor what outlives the run."""
    draft = Draft()
    state = draft.tensor((9,), is_variable=True)
    value = draft.operator("ADD", (state, draft.constant([1])), (9,))
    assert [value] == [entry.tensor_index for entry in lifetimes(draft.graph(value).main)]


def test_a_graph_without_operators_has_its_input() -> None:
    """An input that is the output needs its own bytes."""
    draft = Draft()
    value = draft.input((5,))
    alive = lifetimes(draft.graph(value).main)
    assert (Lifetime(tensor_index=value, first=0, last=0, nbytes=5),) == alive
    assert (5, 0) == (liveness_bound_bytes(alive), liveness_bound_bytes(()))


@given(graph=graphs(), alignment=st.sampled_from([1, 4, 16]))
def test_the_bound_is_the_most_that_is_alive_at_one_operator(graph: Graph, alignment: int) -> None:
    """Adding up what is alive at every operator in turn gives the same bound."""
    for subgraph in graph.subgraphs:
        alive = lifetimes(subgraph)
        assert all(0 <= entry.first <= entry.last < max(len(subgraph.operators), 1) for entry in alive)
        steps = [
            sum(-(-entry.nbytes // alignment) * alignment for entry in alive if entry.first <= step <= entry.last)
            for step in range(max(len(subgraph.operators), 1))
        ]
        assert max(steps) == liveness_bound_bytes(alive, alignment=alignment)


def test_no_measured_arena_is_below_the_bound(reference_models: tuple[Path, ...]) -> None:
    """What TensorFlow Lite Micro really used for activations is never less than the bound."""
    table = reference_models[0].parents[2] / "arena.csv"
    if not table.is_file():
        pytest.skip(f"needs the measured arenas in {table}")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    bounds = {
        path.stem: liveness_bound_bytes(lifetimes(read(path.read_bytes()).main), alignment=16)
        for path in reference_models
    }
    assert rows
    for row in rows:
        assert bounds[Path(row["model"]).stem] <= int(row["head_bytes"])
