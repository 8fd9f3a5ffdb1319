"""The float counterpart of an integer graph computes the real values that the integers stand for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import DType, dequantize_graph, output_tensors, write
from edgewright.pipeline.interpreters import Request, run, tflite_engine
from edgewright.pipeline.quantization import dequantize


def test_the_counterpart_is_within_rounding_of_the_integers() -> None:
    """Convolution with a scale for each channel, reshape, dense layer and softmax give the same real values."""
    graph = tiny_graph()
    (x,) = random_inputs(graph, 1)
    quantization = graph.main.tensors[graph.main.inputs[0]].quantization
    last = output_tensors(graph)[0].quantization
    assert quantization is not None
    assert last is not None
    floating = dequantize_graph(graph)
    engine = tflite_engine()
    integers = run(Request(engine=engine, tflite=write(graph), inputs=(x,))).outputs[0]
    real = run(Request(engine=engine, tflite=write(floating), inputs=(dequantize(x, quantization),))).outputs[0]
    assert np.float32 == real.dtype
    np.testing.assert_allclose(dequantize(integers, last), real, atol=0.05)
    np.testing.assert_allclose(1.0, real.sum(axis=1), rtol=1e-5)


def test_what_converts_types_is_left_out() -> None:
    """QUANTIZE and DEQUANTIZE have nothing to do among floats: what they made is what they were given."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    inside = draft.operator("QUANTIZE", (x,), (1, 4), options_type="QuantizeOptions")
    doubled = draft.operator("ADD", (inside, inside), (1, 4), options_type="AddOptions", version=2, scale=1.0)
    out = draft.operator(
        "DEQUANTIZE", (doubled,), (1, 4), options_type="DequantizeOptions", version=2, dtype=DType.FLOAT32, scale=None
    )
    floating = dequantize_graph(draft.graph(out))
    assert ["ADD"] == [operator.op for operator in floating.main.operators]
    values = np.array([[1.5, -2.0, 0.25, 9.0]], np.float32)
    (result,) = run(Request(engine=tflite_engine(), tflite=write(floating), inputs=(values,))).outputs
    np.testing.assert_array_equal(2 * values, result)


def test_what_has_no_counterpart_is_refused() -> None:
    """Several subgraphs, variables and packed constants each end in one sentence."""
    graph = tiny_graph()
    with pytest.raises(TfliteError, match="no float counterpart"):
        dequantize_graph(dataclasses.replace(graph, subgraphs=(graph.main, graph.main)))
    draft = Draft()
    state = draft.tensor((1, 4), is_variable=True)
    with pytest.raises(TfliteError, match="variables has no float counterpart"):
        dequantize_graph(draft.graph(state))
    draft = Draft()
    packed = draft.constant([1, 2])
    whole = draft.graph(packed)
    tensors = (dataclasses.replace(whole.main.tensors[0], dtype=DType.INT4, shape=(4,)),)
    with pytest.raises(TfliteError, match="constants of int4"):
        dequantize_graph(dataclasses.replace(whole, subgraphs=(dataclasses.replace(whole.main, tensors=tensors),)))
