"""Operations of one element become tables, and two tables one."""

from __future__ import annotations

import pytest
from support.graphs import Draft
from support.static_operators import pair
from support.static_programs import assert_same_for_graph, operations_of, program_of

from edgewright.pipeline.codegen.rewrites import tables
from edgewright.pipeline.graph import Graph


@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM"])
@pytest.mark.parametrize("constant", ["left", "right"])
def test_a_constant_of_one_element_makes_a_table(op: str, constant: str) -> None:
    """An element-wise operation with one constant number is a function of one element."""
    shapes = ((1,), (1, 16, 16)) if constant == "left" else ((1, 16, 16), (1,))
    graph = pair(op, *shapes, constant=constant)
    program = tables.rewrite(program_of(graph))
    assert ["Table"] == operations_of(program)
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize(("shape", "kept"), [((5,), "Addition"), ((1, 1, 1), "Table")])
def test_a_constant_for_each_channel_makes_none(shape: tuple[int, ...], kept: str) -> None:
    """A constant of several elements stays a side of the operation, one of a single element does not."""
    graph = pair("ADD", (1, 4, 5), shape, constant="right")
    assert [kept] == operations_of(tables.rewrite(program_of(graph)))


def test_a_broadcast_input_stays() -> None:
    """An input that is spread over a larger output is no function of one element in place."""
    graph = pair("MUL", (1, 1), (1, 4), constant="right")
    assert ["Multiplication"] == operations_of(tables.rewrite(program_of(graph)))


def test_a_square_is_a_table() -> None:
    """A product of a value with itself is a function of one element, whose input is named once."""
    draft = Draft()
    x = draft.input((1, 256))
    graph = draft.graph(draft.operator("MUL", (x, x), (1, 256), options_type="MulOptions"))
    program = tables.rewrite(program_of(graph))
    assert [(x,)] == [step.inputs for step in program.steps]
    assert ["Table"] == operations_of(program)
    assert_same_for_graph(graph, program)


def chain(*, is_read_twice: bool) -> Graph:
    """Three functions in a line, the first of which may be an output as well."""
    draft = Draft()
    x = draft.input((1, 256), scale=0.05)
    first = draft.operator("TANH", (x,), (1, 256), scale=2**-7)
    second = draft.operator("QUANTIZE", (first,), (1, 256), scale=2**-6, zero_point=3)
    third = draft.operator("LOGISTIC", (second,), (1, 256), scale=2**-8, zero_point=-128)
    return draft.graph(third, *([first] if is_read_twice else []))


def test_tables_in_a_line_are_one() -> None:
    """Functions that nothing else reads are one table that stands for all of their layers."""
    graph = chain(is_read_twice=False)
    program = tables.rewrite(program_of(graph))
    assert [(0, 1, 2)] == [step.layers for step in program.steps]
    assert_same_for_graph(graph, program)


def test_a_table_that_is_read_otherwise_stays() -> None:
    """A function that something else reads is not merged with the next one."""
    graph = chain(is_read_twice=True)
    program = tables.rewrite(program_of(graph))
    assert [(0,), (1, 2)] == [step.layers for step in program.steps]
    assert_same_for_graph(graph, program)
