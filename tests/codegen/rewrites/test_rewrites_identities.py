"""Steps that leave their bytes as they are become views."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.graphs import Draft
from support.static_operators import concatenation, moved, pool, quantize, split, unary
from support.static_programs import assert_same_for_graph, operations_of, program_of

from edgewright.pipeline.codegen.rewrites import identities
from edgewright.pipeline.graph import DType, Graph, Padding

SLICE = {"options_type": "StridedSliceOptions"}
RESIZE = {"options_type": "ResizeNearestNeighborOptions"}
VIEWS: dict[str, Callable[[], Graph]] = {
    "relu6_above_all": lambda: unary("RELU6", (0.01, -128), (0.01, -128)),
    "quantize": lambda: quantize((DType.INT8, 0.5, 3), (DType.INT8, 0.5, 3)),
    "pool": lambda: pool("MAX_POOL_2D", (3, 4, 2), (1, 1)),
    "pad": lambda: moved("PAD", (1, 3, 2), (1, 3, 2), [[0, 0], [0, 0], [0, 0]]),
    "transpose": lambda: moved("TRANSPOSE", (1, 3, 1, 5), (3, 1, 1, 5), [1, 2, 0, 3]),
    "resize": lambda: moved("RESIZE_NEAREST_NEIGHBOR", (1, 3, 4, 2), (1, 3, 4, 2), [3, 4], **RESIZE),
    "slice": lambda: moved("STRIDED_SLICE", (1, 5), (1, 5), [0, 0], [1, 5], [1, 1], **SLICE),
    "slice_of_one": lambda: moved("STRIDED_SLICE", (1, 5), (1, 5), [0, 0], [-2, 5], [-1, 1], **SLICE),
    "concatenation": lambda: concatenation([(1, 2, 3)], 1, (1, 2, 3)),
    "split": lambda: split((1, 4), 1, 1),
}
OTHERS: dict[str, Callable[[], Graph]] = {
    "relu": lambda: unary("RELU", (0.5, 3), (0.5, 3)),
    "quantize_unsigned": lambda: quantize((DType.INT8, 0.5, 3), (DType.UINT8, 0.5, 131)),
    "pool_stride": lambda: pool("MAX_POOL_2D", (4, 4, 2), (1, 1), strides=(2, 2), padding=Padding.VALID),
    "pool_window": lambda: pool("AVERAGE_POOL_2D", (3, 4, 2), (2, 1)),
    "transpose": lambda: moved("TRANSPOSE", (1, 3, 3, 5), (1, 3, 3, 5), [0, 2, 1, 3]),
    "reverse": lambda: moved("STRIDED_SLICE", (1, 5), (1, 5), [0, 4], [1, -9], [1, -1], **SLICE),
    "concatenation_constant": lambda: concatenation([(1, 2, 3), (1, 2, 1)], 2, (1, 2, 4), constant=1),
}


@pytest.mark.parametrize("name", VIEWS)
def test_an_identity_becomes_a_view(name: str) -> None:
    """A step whose output has the input's bytes is a view of it."""
    graph = VIEWS[name]()
    program = identities.rewrite(program_of(graph))
    assert ["Reinterpretation"] == operations_of(program)
    assert_same_for_graph(graph, program)


@pytest.mark.parametrize("name", OTHERS)
def test_what_moves_or_changes_elements_stays(name: str) -> None:
    """A step that changes any element, or its place, stays what it is."""
    graph = OTHERS[name]()
    program = identities.rewrite(program_of(graph))
    assert operations_of(program_of(graph)) == operations_of(program)
    assert "Reinterpretation" not in operations_of(program)
    assert_same_for_graph(graph, program)


def test_a_view_of_a_view_is_one_view() -> None:
    """Reshapes in a line become one view of the first, and what nothing reads is left out."""
    draft = Draft()
    x = draft.input((1, 12))
    y = x
    for shape in ((1, 3, 4), (1, 4, 3), (1, 2, 6)):
        y = draft.operator("RESHAPE", (y,), shape, options_type="ReshapeOptions")
    graph = draft.graph(y)
    program = identities.rewrite(program_of(graph))
    assert [((x,), (y,))] == [(step.inputs, step.outputs) for step in program.steps]
    assert {x, y} == set(program.values)
    assert_same_for_graph(graph, program)
