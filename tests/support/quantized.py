"""Plain full-integer conversion for tests, what it gave, and what TFLM computes with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.models import converter_for
from edgewright.pipeline.quantization import dequantize, quantize

FloatArray = npt.NDArray[np.float32]
OperatorFacts = tuple[str, tuple[tuple[str, tuple[int, ...], int], ...]]


def enliven(model: KerasModel) -> KerasModel:
    """Make the outputs of a random model depend on its inputs: larger kernels, smaller biases, slopes about 1."""
    changed = []
    for variable, weight in zip(model.weights, model.get_weights(), strict=True):
        name = variable.name.rsplit("/", 1)[-1]
        factor = 1.6 if "kernel" in name else 0.2 if any(part in name for part in ("bias", "beta", "mean")) else 1.0
        changed.append(factor * weight + ("gamma" in name))
    model.set_weights(changed)
    return model


def steps_apart(outputs: Sequence[FloatArray], expected: Sequence[FloatArray]) -> float:
    """Return the mean distance of outputs in steps of int8 at the range of the expected, of the farthest output."""
    spans = [max(float(array.max()), 0.0) - min(float(array.min()), 0.0) for array in expected]
    return max(
        float(np.abs(one - other).mean() / (span / 255))
        for one, other, span in zip(outputs, expected, spans, strict=True)
    )


def convert_to_int8(model: KerasModel, x: FloatArray, *, per_channel_dense: bool = False) -> bytes:
    """Convert a model of one input with the samples as representative dataset."""
    tensorflow = load_tensorflow()
    converter = converter_for(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in x)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not per_channel_dense
    content: bytes = converter.convert()
    return content


def structure_of(tflite: bytes) -> list[OperatorFacts]:
    """Return each operator and, for each tensor it touches, type, shape and number of scales; sorted.

    The order in which parallel branches are computed means nothing.
    """
    graph = read(tflite, source="the converted model")
    tensors = graph.main.tensors

    def facts(indices: Sequence[int]) -> tuple[tuple[str, tuple[int, ...], int], ...]:
        touched = [tensors[index] for index in indices if index >= 0]
        return tuple(
            (tensor.dtype.value, tensor.shape, len(tensor.quantization.scales) if tensor.quantization else 0)
            for tensor in touched
        )

    return sorted((operator.op, facts((*operator.inputs, *operator.outputs))) for operator in graph.main.operators)


def constants_of(tflite: bytes, op: str) -> list[npt.NDArray[np.int8]]:
    """Return the int8 weights of all operators of a kind."""
    graph = read(tflite, source="the converted model")
    tensors = [graph.main.tensors[operator.inputs[1]] for operator in graph.main.operators if operator.op == op]
    return [np.frombuffer(graph.data(tensor) or b"", np.int8).reshape(tensor.shape) for tensor in tensors]


def compute_in_tflm(tflite: bytes, x: FloatArray) -> tuple[FloatArray, float]:
    """Return the real outputs of a model with one input and one output, and the scale of the output."""
    graph = read(tflite, source="the converted model")
    (given,), (result,) = (
        [graph.main.tensors[index] for index in ends] for ends in (graph.main.inputs, graph.main.outputs)
    )
    assert given.quantization is not None and result.quantization is not None
    request: Any = Request(engine=tflm_engine(), tflite=tflite, inputs=(quantize(x, given.quantization),))
    return dequantize(run(request).outputs[0], result.quantization), result.quantization.scale
