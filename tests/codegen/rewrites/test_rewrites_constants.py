"""Constants are folded: what follows from them alone is computed once, and held by what reads it."""

from __future__ import annotations

import numpy as np
from support.graphs import Draft
from support.static_programs import assert_same_for_graph, operations_of, program_of

from edgewright.pipeline.codegen.operations import Concatenation, Extreme
from edgewright.pipeline.codegen.rewrites import constants


def test_a_reshaped_constant_is_held_by_its_reader() -> None:
    """A maximum holds the constant that a reshape would have written for it."""
    draft = Draft()
    x = draft.input((1, 4))
    flat = draft.operator("RESHAPE", (draft.constant([[1, -2], [3, -4]]),), (1, 4), options_type="ReshapeOptions")
    graph = draft.graph(draft.operator("MAXIMUM", (x, flat), (1, 4)))
    program = constants.rewrite(program_of(graph))
    (step,) = program.steps
    assert isinstance(step.operation, Extreme)
    assert step.operation.right.constant is not None
    assert [[1, -2, 3, -4]] == step.operation.right.constant.tolist()
    assert (x,) == step.inputs
    assert_same_for_graph(graph, program)


def test_a_constant_part_is_held_by_a_concatenation() -> None:
    """A part that follows from a constant becomes a constant part."""
    draft = Draft()
    x = draft.input((1, 2))
    part = draft.operator("RELU", (draft.constant([[5, -5]]),), (1, 2))
    graph = draft.graph(
        draft.operator("CONCATENATION", (part, x), (1, 4), options_type="ConcatenationOptions", options={"axis": 1})
    )
    program = constants.rewrite(program_of(graph))
    (step,) = program.steps
    assert isinstance(step.operation, Concatenation)
    assert [[[5, 0]], None] == [None if one is None else one.tolist() for one in step.operation.constants]
    assert_same_for_graph(graph, program)


def test_a_constant_output_is_written() -> None:
    """An output that follows from constants is written by a step without inputs."""
    draft = Draft()
    x = draft.input((1, 2))
    fixed = draft.operator("RELU", (draft.constant([[7, -7]]),), (1, 2))
    graph = draft.graph(draft.operator("RELU", (x,), (1, 2)), fixed)
    program = constants.rewrite(program_of(graph))
    assert ["Table", "Concatenation"] == sorted(operations_of(program), reverse=True)
    writer = next(step for step in program.steps if step.outputs == (fixed,))
    assert () == writer.inputs
    assert_same_for_graph(graph, program)


def test_what_cannot_hold_a_constant_reads_it() -> None:
    """A convolution of a constant is computed; a pad of an input is not."""
    draft = Draft()
    image = draft.constant(np.arange(8).reshape(1, 2, 2, 2))
    weights = draft.constant(np.ones((1, 1, 1, 2)), scale=2**-5)
    options = {"padding": 0, "stride_w": 1, "stride_h": 1}
    sums = draft.operator("CONV_2D", (image, weights), (1, 2, 2, 1), options_type="Conv2DOptions", options=options)
    x = draft.input((1, 2, 2, 1))
    graph = draft.graph(draft.operator("ADD", (x, sums), (1, 2, 2, 1), options_type="AddOptions"))
    program = constants.rewrite(program_of(graph))
    assert ["Addition"] == operations_of(program)
    assert_same_for_graph(graph, program)
