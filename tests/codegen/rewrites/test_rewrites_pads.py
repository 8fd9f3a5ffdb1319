"""A border becomes margins of the convolution or maximum behind it."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import Draft
from support.static_programs import assert_same_for_graph, operations_of, program_of

from edgewright.pipeline.codegen.operations import Convolution, Margins, Pool
from edgewright.pipeline.codegen.rewrites import pads
from edgewright.pipeline.graph import DType, Graph, Padding

ZERO_POINT = -9


def padded(
    margins: list[list[int]], *, fill: int | None = None, padding: Padding = Padding.VALID, also_output: bool = False
) -> Graph:
    """An image of 6x5x2 with a border, a convolution of 3x3 over it, and perhaps the border as an output."""
    draft = Draft()
    x = draft.input((1, 6, 5, 2), scale=0.02, zero_point=ZERO_POINT)
    shape = tuple(extent + sum(pair) for extent, pair in zip((1, 6, 5, 2), margins, strict=True))
    inputs = [x, draft.constant(margins, DType.INT32)]
    if fill is not None:
        inputs.append(draft.constant([fill], scale=0.02, zero_point=ZERO_POINT))
    y = draft.operator("PAD" if fill is None else "PADV2", inputs, shape, scale=0.02, zero_point=ZERO_POINT)
    z = _convolution(draft, y, shape, (3, 3), padding)
    return draft.graph(z, *([y] if also_output else []))


def _convolution(draft: Draft, x: int, shape: tuple[int, ...], size: tuple[int, int], padding: Padding) -> int:
    random = np.random.default_rng(3)
    weights = draft.constant(random.integers(-127, 128, (4, *size, shape[3])), scale=0.01)
    outer = [
        extent if padding is Padding.SAME else extent - kernel + 1
        for extent, kernel in zip(shape[1:3], size, strict=True)
    ]
    options = {"padding": int(padding), "stride_w": 1, "stride_h": 1}
    return draft.operator("CONV_2D", (x, weights), (1, *outer, 4), options_type="Conv2DOptions", options=options)


@pytest.mark.parametrize("padding", [Padding.VALID, Padding.SAME])
@pytest.mark.parametrize("fill", [None, ZERO_POINT])
def test_a_border_becomes_margins(padding: Padding, fill: int | None) -> None:
    """A border around height and width is added to the window's own margins."""
    graph = padded([[0, 0], [1, 2], [0, 3], [0, 0]], fill=fill, padding=padding)
    program = pads.rewrite(program_of(graph))
    (step,) = program.steps
    assert isinstance(step.operation, Convolution)
    own = int(padding is Padding.SAME)
    assert Margins(top=1 + own, bottom=2 + own, left=own, right=3 + own) == step.operation.window.margins
    assert (graph.main.inputs, (0, 1)) == (step.inputs, step.layers)
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize(
    ("margins", "fill"), [([[0, 0], [1, 1], [1, 1], [0, 0]], 5), ([[0, 0], [1, 1], [0, 0], [0, 1]], None)]
)
def test_other_borders_stay(margins: list[list[int]], fill: int | None) -> None:
    """A border of another element than the zero point, or around the channels, stays."""
    graph = padded(margins, fill=fill)
    program = pads.rewrite(program_of(graph))
    assert ["Pad", "Convolution"] == operations_of(program)
    assert_same_for_graph(graph, program)


def test_a_border_that_is_read_otherwise_stays_as_well() -> None:
    """The convolution reads the image itself where the border is an output, too."""
    graph = padded([[0, 0], [1, 1], [1, 1], [0, 0]], also_output=True)
    program = pads.rewrite(program_of(graph))
    assert [("Pad", (0,)), ("Convolution", (0,))] == [
        (type(step.operation).__name__, step.inputs) for step in program.steps
    ]
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize("axis", [1, 2])
def test_a_border_of_a_line_becomes_margins_of_an_image(axis: int) -> None:
    """A series with a border that is seen as an image of one row, or of one column, is seen so without the border."""
    draft = Draft()
    x = draft.input((1, 9, 3), scale=0.02, zero_point=ZERO_POINT)
    inputs = (x, draft.constant([[0, 0], [4, 0], [0, 0]], DType.INT32))
    y = draft.operator("PAD", inputs, (1, 13, 3), scale=0.02, zero_point=ZERO_POINT)
    shape = (1, 13, 1, 3) if axis == 1 else (1, 1, 13, 3)
    z = draft.operator("RESHAPE", (y,), shape, options_type="ReshapeOptions", scale=0.02, zero_point=ZERO_POINT)
    size = (5, 1) if axis == 1 else (1, 5)
    graph = draft.graph(_convolution(draft, z, shape, size, Padding.VALID))
    program = pads.rewrite(program_of(graph))
    assert ["Reinterpretation", "Convolution"] == operations_of(program)
    view, convolution = program.steps
    seen = program.values[view.outputs[0]]
    assert ((1, 9, 1, 3) if axis == 1 else (1, 1, 9, 3), False) == (seen.shape, seen.is_exact)
    assert isinstance(convolution.operation, Convolution)
    expected = Margins(top=4) if axis == 1 else Margins(left=4)
    assert expected == convolution.operation.window.margins
    assert_same_for_graph(graph, program)


def pooled(op: str, lowest: int, fill: int, *, border: int = 1, size: int = 3) -> Graph:
    """An image of 6x6x2 that is not below a number, a border of another one, and a pool over it."""
    draft = Draft()
    x = draft.input((1, 6, 6, 2), scale=0.02, zero_point=lowest)
    clamped = draft.operator("RELU", (x,), (1, 6, 6, 2), scale=0.02, zero_point=lowest)
    side = 6 + 2 * border
    margins = draft.constant([[0, 0], [border, border], [border, border], [0, 0]], DType.INT32)
    constant = draft.constant([fill], scale=0.02, zero_point=lowest)
    y = draft.operator("PADV2", (clamped, margins, constant), (1, side, side, 2), scale=0.02, zero_point=lowest)
    options = {"padding": 1, "stride_w": 2, "stride_h": 2, "filter_width": size, "filter_height": size}
    outer = (side - size) // 2 + 1
    shape = (1, outer, outer, 2)
    z = draft.operator(op, (y,), shape, options_type="Pool2DOptions", options=options, scale=0.02, zero_point=lowest)
    return draft.graph(z)


@pytest.mark.parametrize(("lowest", "fill"), [(-128, -128), (-30, -30), (5, -100)])
def test_a_low_border_becomes_margins_of_a_maximum(lowest: int, fill: int) -> None:
    """A border that no element is below is not counted by a maximum over windows that all see the image."""
    graph = pooled("MAX_POOL_2D", lowest, fill)
    program = pads.rewrite(program_of(graph))
    assert ["Table", "Pool"] == operations_of(program)
    pool = program.steps[1].operation
    assert isinstance(pool, Pool)
    assert Margins(top=1, bottom=1, left=1, right=1) == pool.window.margins
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize(
    "graph",
    [
        pooled("AVERAGE_POOL_2D", -128, -128),
        pooled("MAX_POOL_2D", -30, -29),
        pooled("MAX_POOL_2D", -128, -128, border=2, size=2),
        pooled("MAX_POOL_2D", -128, -128, border=3, size=3),
    ],
    ids=["average", "above", "windows_outside", "windows_outside_3"],
)
def test_other_borders_of_pools_stay(graph: Graph) -> None:
    """A border that an average counts, that is above an element, or that a window sees alone, stays."""
    program = pads.rewrite(program_of(graph))
    assert ["Table", "Pad", "Pool"] == operations_of(program)
    assert_same_for_graph(graph, program)
