"""Real samples into an integer model and real values out of it, whatever the types at its boundary are."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import Draft
from support.models import two_layer_tflite

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.graph import DType, Graph, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine

SAMPLES = np.array([[0.0, 1.0, -2.0, 300.0], [0.25, -0.25, 0.75, -300.0]], np.float32)


def boundary(dtype: DType, *, zero_point: int = 0, scale: float | None = 0.5) -> Graph:
    """Return a graph of one operator whose input and output have that type."""
    draft = Draft()
    x = draft.input((1, 4), dtype=dtype, scale=scale, zero_point=zero_point, name="values")
    return draft.graph(draft.operator("RELU", (x,), (1, 4), dtype=dtype, scale=scale, zero_point=zero_point))


@pytest.mark.parametrize(
    ("dtype", "zero_point", "expected"),
    [
        (DType.INT8, 3, [[3, 5, -1, 127], [4, 2, 5, -128]]),
        (DType.UINT8, 131, [[131, 133, 127, 255], [132, 130, 133, 0]]),
        (DType.INT16, 0, [[0, 2, -4, 600], [1, -1, 2, -600]]),
    ],
)
def test_samples_are_quantized_for_the_input(dtype: DType, zero_point: int, expected: list[list[int]]) -> None:
    """Each input's own scale and zero point are used, halves go away from zero, and what is too large saturates."""
    (integers,) = model_inputs(boundary(dtype, zero_point=zero_point), (SAMPLES,))
    assert (expected, dtype.value) == (integers.tolist(), integers.dtype.name)


def test_a_float_input_is_given_floats() -> None:
    """What takes float32 is given the samples as they are, whatever dtype they were kept in."""
    (floats,) = model_inputs(boundary(DType.FLOAT32, scale=None), (SAMPLES.astype(np.float64),))
    assert (SAMPLES.tolist(), "float32") == (floats.tolist(), floats.dtype.name)


def test_each_input_has_its_own_samples() -> None:
    """Several inputs are filled in the model's order, each with its own quantization."""
    graph = read(two_layer_tflite())
    three, four = np.ones((5, 3), np.float32), np.full((5, 4), -1.0, np.float32)
    first, second = model_inputs(graph, (three, four))
    assert [((5, 3), {5}), ((5, 4), {1})] == [(array.shape, set(array.flat)) for array in (first, second)]


def test_inputs_that_cannot_be_filled() -> None:
    """Another number of arrays, and an input without a scale, are refused with what to do."""
    with pytest.raises(InterpreterError, match="The model has 2 inputs, and the data has 1; give one each"):
        model_inputs(read(two_layer_tflite()), (SAMPLES,))
    with pytest.raises(InterpreterError, match="The input values carries no scale and zero point; convert the model"):
        model_inputs(boundary(DType.INT8, scale=None), (SAMPLES,))


@pytest.mark.parametrize(
    ("dtype", "zero_point", "integers"), [(DType.INT8, 3, [[3, 5, -1]]), (DType.UINT8, 131, [[131, 133, 127]])]
)
def test_outputs_are_the_values_that_integers_stand_for(dtype: DType, zero_point: int, integers: list[int]) -> None:
    """Integers less the zero point, times the scale, as float32 in the output's own shape."""
    (values,) = real_outputs(
        boundary(dtype, zero_point=zero_point), (np.array(integers, dtype.value),), [(3, 1)]
    )  # fmt: skip
    assert ([[[0.0], [1.0], [-2.0]]], "float32") == (values.tolist(), values.dtype.name)


def test_a_float_output_is_taken_as_it_is() -> None:
    """What gives float32 carries no scale, and its values are the model's."""
    (values,) = real_outputs(boundary(DType.FLOAT32, scale=None), (SAMPLES,), [(4,)])
    assert SAMPLES.tolist() == values.tolist()


def test_outputs_have_the_float_models_shape() -> None:
    """What a converter flattened is brought back into the shape that the float model's output has."""
    (values,) = real_outputs(boundary(DType.INT8), (np.zeros((6, 4), np.int8),), [(2, 2)])
    assert (6, 2, 2) == values.shape


def test_there_and_back_through_a_model() -> None:
    """A RELU of real samples gives their positive part to within half a step, at any boundary that an engine runs."""
    x = np.linspace(-3, 3, 24, dtype=np.float32).reshape(6, 4)
    for dtype, zero_point in ((DType.INT8, -7), (DType.UINT8, 121)):
        draft = Draft()
        given = draft.input((1, 4), dtype=dtype, scale=0.03, zero_point=zero_point)
        if dtype is DType.UINT8:
            inner = draft.operator("QUANTIZE", (given,), (1, 4), scale=0.03, zero_point=zero_point - 128)
            inner = draft.operator("RELU", (inner,), (1, 4), scale=0.03, zero_point=zero_point - 128)
            result = draft.operator("QUANTIZE", (inner,), (1, 4), dtype=dtype, scale=0.03, zero_point=zero_point)
        else:
            result = draft.operator("RELU", (given,), (1, 4), scale=0.03, zero_point=zero_point)
        graph = draft.graph(result)
        outputs = run(Request(engine=tflm_engine(), tflite=write(graph), inputs=model_inputs(graph, (x,)))).outputs
        (values,) = real_outputs(graph, outputs, [(4,)])
        assert np.abs(values - np.maximum(x, 0)).max() <= 0.015 + 1e-6
