"""Real samples into an integer model, and what its integers stand for out of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.data import Array
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import DType, Graph, input_tensors, output_tensors
from edgewright.pipeline.quantization import dequantize, fill
from edgewright.pipeline.tasks import Shape


def model_inputs(graph: Graph, samples: Sequence[Array]) -> tuple[Array, ...]:
    """Return real samples as a model takes them: quantized for each input that takes integers.

    Args:
        graph: a full-integer model.
        samples: one array (N, *sample shape) for each input, in the model's order.

    Raises:
        InterpreterError: an input says nothing about its quantization, or there is another number of inputs.
    """
    tensors = input_tensors(graph)
    if len(samples) != len(tensors):
        raise InterpreterError(f"The model has {len(tensors)} inputs, and the data has {len(samples)}; give one each.")
    without = [tensor.name for tensor in tensors if tensor.dtype is not DType.FLOAT32 and tensor.quantization is None]
    if without:
        raise InterpreterError(f"The input {without[0]} carries no scale and zero point; convert the model again.")
    return tuple(fill(tensor, array) for tensor, array in zip(tensors, samples, strict=True))


def real_outputs(graph: Graph, outputs: Sequence[Array], shapes: Sequence[Shape]) -> tuple[FloatArray, ...]:
    """Return the real values of a model's outputs.

    Args:
        graph: a full-integer model.
        outputs: what an interpreter gave, one array (N, …) for each output.
        shapes: of the outputs, without the batch.

    Returns:
        One array (N, *output shape) for each output.
    """
    real = []
    for tensor, array, shape in zip(output_tensors(graph), outputs, shapes, strict=True):
        values = array if tensor.quantization is None else dequantize(array, tensor.quantization)
        real.append(np.asarray(values, np.float32).reshape(len(array), *shape))
    return tuple(real)
