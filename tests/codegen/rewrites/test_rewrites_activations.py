"""An activation that only clamps becomes part of what it follows."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import Draft
from support.static_programs import assert_same_for_graph, operations_of, program_of

from edgewright.pipeline.codegen.operations import Convolution, Pool
from edgewright.pipeline.codegen.rewrites import activations
from edgewright.pipeline.graph import DType, Graph

SAME = (0.05, -20)


def followed(op: str, quantization: tuple[float, int] = SAME, *, also_output: bool = False, **fields: object) -> Graph:
    """A convolution of scale 0.05 and zero point -20, and an activation; the first may be an output as well."""
    draft = Draft()
    random = np.random.default_rng(2)
    x = draft.input((1, 5, 5, 3), scale=0.02)
    weights = draft.constant(random.integers(-127, 128, (4, 3, 3, 3)), scale=0.01)
    options = {"padding": 0, "stride_w": 1, "stride_h": 1}
    y = draft.operator(
        "CONV_2D", (x, weights), (1, 5, 5, 4), options_type="Conv2DOptions", options=options, scale=SAME[0],
        zero_point=SAME[1],
    )  # fmt: skip
    z = draft.operator(op, (y,), (1, 5, 5, 4), scale=quantization[0], zero_point=quantization[1], **fields)  # type: ignore[arg-type]
    return draft.graph(*([y] if also_output else []), z)


@pytest.mark.parametrize(
    ("graph", "zero_point", "limits"),
    [
        (followed("RELU"), -20, (-20, 127)),
        (followed("RELU6"), -20, (-20, 100)),
        (followed("QUANTIZE", (0.05, -10)), -10, (-118, 127)),
        (followed("RELU", (0.05, -128)), -128, (-128, 19)),
    ],
)
def test_a_clamp_is_fused(graph: Graph, zero_point: int, limits: tuple[int, int]) -> None:
    """A clamp narrows the limits of a convolution, and one that moves the zero point moves it there."""
    program = activations.rewrite(program_of(graph))
    (step,) = program.steps
    assert isinstance(step.operation, Convolution)
    requantization = step.operation.requantization
    assert (zero_point, limits) == (
        requantization.zero_point, (requantization.minimum, requantization.maximum)
    )  # fmt: skip
    assert ((0, 1), program.outputs) == (step.layers, step.outputs)
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize(
    "graph",
    [
        followed("RELU", (0.04, -20)),
        followed("TANH", (2**-7, 0)),
        followed("RELU", also_output=True),
        followed("QUANTIZE", (0.05, 108), dtype=DType.UINT8),
    ],
    ids=["rescaled", "curved", "read_twice", "unsigned"],
)
def test_other_functions_stay(graph: Graph) -> None:
    """What rescales or bends, what follows a value that is read twice, and what is not int8 is not fused."""
    program = activations.rewrite(program_of(graph))
    assert ["Convolution", "Table"] == operations_of(program)
    assert_same_for_graph(graph, program)


def test_a_pool_clamps() -> None:
    """A clamp after a pool narrows its limits."""
    draft = Draft()
    x = draft.input((1, 4, 4, 2), zero_point=-20)
    options = {"padding": 1, "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    y = draft.operator(
        "AVERAGE_POOL_2D", (x,), (1, 2, 2, 2), options_type="Pool2DOptions", options=options, zero_point=-20
    )
    graph = draft.graph(draft.operator("RELU", (y,), (1, 2, 2, 2), zero_point=-20))
    program = activations.rewrite(program_of(graph))
    (step,) = program.steps
    assert isinstance(step.operation, Pool)
    assert (-20, 127) == (step.operation.minimum, step.operation.maximum)
    assert_same_for_graph(graph, program)


def test_a_line_of_clamps_is_fused() -> None:
    """Two clamps in a line become part of one sum."""
    draft = Draft()
    x, y = draft.input((1, 8)), draft.input((1, 8))
    total = draft.operator("ADD", (x, y), (1, 8), options_type="AddOptions")
    graph = draft.graph(draft.operator("RELU", (draft.operator("RELU6", (total,), (1, 8)),), (1, 8)))
    program = activations.rewrite(program_of(graph))
    assert [("Addition", (0, 1, 2))] == [(type(step.operation).__name__, step.layers) for step in program.steps]
    assert_same_for_graph(graph, program)
