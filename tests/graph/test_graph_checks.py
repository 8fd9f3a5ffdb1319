"""What passes as full-integer, and what each graph that does not is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import (
    DType,
    Graph,
    Quantization,
    input_tensors,
    integers_behind,
    read,
    require_full_integer,
)


def _change(graph: Graph, index: int, **fields: object) -> Graph:
    """Change one tensor of the main subgraph."""
    tensors = list(graph.main.tensors)
    tensors[index] = dataclasses.replace(tensors[index], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tuple(tensors)),))


def _refusal(graph: Graph, **arguments: tuple[DType, ...]) -> str:
    with pytest.raises(TfliteError) as caught:
        require_full_integer(graph, "m.tflite", **arguments)
    return str(caught.value)


def test_integer_models_pass(tiny: Graph, reference_models: tuple[Path, ...]) -> None:
    """The tiny network and every reference model compute in integers."""
    require_full_integer(tiny, "tiny")
    for path in reference_models:
        require_full_integer(read(path.read_bytes()), path.name)


def test_a_float_operator_is_named(tiny: Graph) -> None:
    """Operator, its index, the tensor and the way out."""
    message = _refusal(_change(tiny, 8, dtype=DType.FLOAT32))
    assert message.startswith(
        "m.tflite: operator 2 FULLY_CONNECTED uses the float32 tensor 8 'logits' (a hybrid operator of a "
        "dynamic-range model: int8 weights, computed in float), and only integers are accepted."
    )
    assert "full-integer quantization" in message


def test_a_float_operator_without_integer_weights_is_no_hybrid() -> None:
    """A model that was never quantized is not called dynamic-range."""
    draft = Draft()
    weights = draft.constant(np.zeros((2, 2)), DType.FLOAT32)
    value = draft.input((1, 2), dtype=DType.FLOAT32)
    message = _refusal(draft.graph(draft.operator("FULLY_CONNECTED", (value, weights), (1, 2), dtype=DType.FLOAT32)))
    assert "hybrid" not in message
    assert message.startswith("m.tflite: operator 0 FULLY_CONNECTED uses the float32 tensor 1 't1', and only integers")


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.FLOAT64, DType.BFLOAT16, DType.COMPLEX64, DType.FLOAT8_E5M2])
def test_every_floating_point_type_is_refused(tiny: Graph, dtype: DType) -> None:
    """Half, double, complex and eighth precision are floats too."""
    assert f"uses the {dtype.value} tensor 5 'flat'" in _refusal(_change(tiny, 5, dtype=dtype))


def test_text_is_refused(tiny: Graph) -> None:
    """Strings have no place on the device."""
    assert "uses the string tensor 5 'flat'" in _refusal(_change(tiny, 5, dtype=DType.STRING))


def _free(graph: Graph, indices: tuple[int, ...], axis: int = 0) -> Graph:
    """Leave one axis of some tensors free."""
    for index in indices:
        shape = list(graph.main.tensors[index].shape)
        shape[axis] = -1
        graph = _change(graph, index, shape_signature=tuple(shape))
    return graph


def test_a_free_batch_of_one_is_accepted(tiny: Graph) -> None:
    """Converters leave the batch free and state 1: what follows from such an input runs as it is."""
    require_full_integer(_free(tiny, (0,)), "m.tflite")
    require_full_integer(_free(tiny, (0, 3, 5, 8, 9)), "m.tflite")


@pytest.mark.parametrize(("index", "axis"), [(0, 1), (0, 3), (3, 0), (5, 0), (5, 1), (9, 0)])
def test_a_dynamic_dimension_is_named(tiny: Graph, index: int, axis: int) -> None:
    """Any other axis is refused, and a free first axis of what was computed from fixed shapes."""
    message = _refusal(_free(tiny, (index,), axis))
    assert f"tensor {index} '{tiny.main.tensors[index].name}'" in message
    assert "that is only known at run time" in message
    assert "batch" in message


def test_a_free_batch_of_several_is_refused(tiny: Graph) -> None:
    """A free batch whose stated extent is not 1 is no batch of one."""
    graph = _change(tiny, 0, shape=(2, 4, 4, 2), shape_signature=(-1, 4, 4, 2))
    assert "tensor 0 'image' has the shape [-1, 4, 4, 2]" in _refusal(graph)


@pytest.mark.parametrize(("index", "role"), [(0, "input"), (9, "output")])
@pytest.mark.parametrize("dtype", [DType.UINT8, DType.INT16, DType.INT32])
def test_other_types_at_the_boundary_are_refused_where_they_are_not_taken(
    tiny: Graph, index: int, role: str, dtype: DType
) -> None:
    """A caller of int8 only is told the tensor; uint8 and int16 pass by default, int32 where it is asked for."""
    positive = Quantization(scales=(0.5,), zero_points=(0,))
    graph = _change(tiny, index, dtype=dtype, quantization=positive)
    message = _refusal(graph, boundary_dtypes=(DType.INT8,))
    assert f"the {role} tensor {index}" in message
    assert f"is {dtype.value}, and int8 is accepted" in message
    require_full_integer(graph, "m.tflite", boundary_dtypes=(DType.INT8, dtype))
    if dtype is DType.INT32:
        assert "is int32, and int8 or uint8 or int16 or float32 is accepted" in _refusal(graph)
    else:
        require_full_integer(graph, "m.tflite")


def _float_boundary(*, between: str = "RELU") -> Graph:
    """Return float -> QUANTIZE -> an operator -> DEQUANTIZE -> float."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    x = draft.operator("QUANTIZE", (x,), (1, 4), scale=0.5, zero_point=3)
    x = draft.operator(between, (x,), (1, 4), scale=0.25)
    return draft.graph(draft.operator("DEQUANTIZE", (x,), (1, 4), dtype=DType.FLOAT32, scale=None))


def test_floats_that_are_converted_at_the_boundary_pass() -> None:
    """QUANTIZE may read a float input and DEQUANTIZE write a float output, unless the caller takes integers only."""
    graph = _float_boundary()
    require_full_integer(graph, "m.tflite")
    assert "operator 0 QUANTIZE uses the float32" in _refusal(graph, boundary_dtypes=(DType.INT8,))


def test_floats_behind_the_boundary_are_refused() -> None:
    """A DEQUANTIZE in the middle, and a float input that something else reads as well, are named."""
    assert "operator 1 DEQUANTIZE uses the float32 tensor 2" in _refusal(
        _change(_float_boundary(between="DEQUANTIZE"), 2, dtype=DType.FLOAT32)
    )
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    first = draft.operator("QUANTIZE", (x,), (1, 4))
    second = draft.operator("NEG", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)
    assert "operator 1 NEG uses the float32 tensor 0" in _refusal(draft.graph(first, second))


def test_a_float_input_that_nothing_reads_is_refused() -> None:
    """Nothing says which integers such an input stands for."""
    draft = Draft()
    draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    x = draft.input((1, 4))
    assert "the input tensor 0 't0' lacks the one positive scale" in _refusal(
        draft.graph(draft.operator("RELU", (x,), (1, 4)))
    )


def test_the_integers_behind_a_boundary_are_found(tiny: Graph) -> None:
    """Floats lead to what is quantized or dequantized, integers to themselves."""
    graph = _float_boundary()
    tensors = graph.main.tensors
    assert [tensors[1], tensors[2]] == [integers_behind(graph, tensors[index]) for index in (0, 3)]
    (start,) = input_tensors(tiny)
    assert start is integers_behind(tiny, start)


@pytest.mark.parametrize(
    ("quantization", "message"),
    [
        (None, "lacks the one positive scale"),
        (Quantization(scales=(0.0,), zero_points=(0,)), "lacks the one positive scale"),
        (Quantization(scales=(1.0, 1.0), zero_points=(0, 0), axis=3), "lacks the one positive scale"),
        (Quantization(scales=(1.0,), zero_points=(128,)), "has the zero point 128, which its type cannot hold"),
        (Quantization(scales=(1.0,), zero_points=(-129,)), "has the zero point -129"),
    ],
)
def test_a_boundary_that_cannot_be_quantized_is_refused(
    tiny: Graph, quantization: Quantization | None, message: str
) -> None:
    """Inputs and outputs need one positive scale and a zero point of their type."""
    assert message in _refusal(_change(tiny, 0, quantization=quantization))


def test_operators_of_other_subgraphs_are_looked_at(tiny: Graph) -> None:
    """A float operator in the body of a loop is found, and the subgraph is named."""
    body = _change(tiny, 3, dtype=DType.FLOAT32).main
    graph = dataclasses.replace(tiny, subgraphs=(tiny.main, body))
    assert "operator 0 CONV_2D of subgraph 1 uses the float32 tensor 3 'maps'" in _refusal(graph)
