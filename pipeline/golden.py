"""Golden vectors: which inputs a device's self-test runs, and what TFLM's interpreter computes for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import IntArray
from edgewright.pipeline.graph.types import Graph, Tensor
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.vocabulary import GoldenVectors

MOST_VECTORS = 10
RANDOM_VECTORS = 8


def choose_samples(y: IntArray) -> tuple[int, ...]:
    """Choose test samples for a self-test: the first of each class, in the order of the classes.

    Args:
        y: (N,) class indices.

    Returns:
        At most ten positions.
    """
    _, first = np.unique(y, return_index=True)
    return tuple(int(index) for index in first[:MOST_VECTORS])


def input_tensors(graph: Graph) -> tuple[Tensor, ...]:
    """Return the tensors that a caller fills."""
    return tuple(graph.main.tensors[index] for index in graph.main.inputs)


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of one sample: the tensor's own, without the batch where that is 1."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


def random_inputs(graph: Graph, seed: int) -> tuple[Array, ...]:
    """Draw quantized inputs, uniform over the whole range of the dtype.

    Args:
        graph: a full-integer model.
        seed: of the draw.

    Returns:
        One array (8, *sample shape) for each input of the model.
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for tensor in input_tensors(graph):
        limits = np.iinfo(tensor.dtype.value)
        shape = (RANDOM_VECTORS, *sample_shape(tensor))
        drawn.append(generator.integers(limits.min, limits.max, shape, dtype=limits.dtype, endpoint=True))
    return tuple(drawn)


def extreme_inputs(graph: Graph) -> tuple[Array, ...]:
    """Return two samples: every input at the lowest value of its dtype, then at the highest."""
    extremes = []
    for tensor in input_tensors(graph):
        limits = np.iinfo(tensor.dtype.value)
        pair = [np.full(sample_shape(tensor), limit, limits.dtype) for limit in (limits.min, limits.max)]
        extremes.append(np.stack(pair))
    return tuple(extremes)


def compute_vectors(tflite: bytes, inputs: tuple[Array, ...], graph: Graph, origin: str) -> GoldenVectors:
    """Run inputs, and the two extremes behind them, through TFLM's interpreter.

    Args:
        tflite: a full-integer model.
        inputs: one array (V, *sample shape) for each input of the model, quantized.
        graph: the same model.
        origin: where the inputs come from, for people.

    Raises:
        InterpreterError: TFLM refused the model.
    """
    together = tuple(
        np.concatenate([given, extreme]) for given, extreme in zip(inputs, extreme_inputs(graph), strict=True)
    )
    outputs = run(Request(engine=tflm_engine(), tflite=tflite, inputs=together)).outputs
    output_tensors = tuple(graph.main.tensors[index] for index in graph.main.outputs)
    return GoldenVectors(
        inputs=_by_vector(together, input_tensors(graph)), outputs=_by_vector(outputs, output_tensors), origin=origin
    )


def _by_vector(
    arrays: tuple[Array, ...], tensors: tuple[Tensor, ...]
) -> tuple[tuple[npt.NDArray[np.generic], ...], ...]:
    """Return for each vector one array of each tensor, in the tensor's own shape."""
    pairs = tuple(zip(arrays, tensors, strict=True))
    return tuple(
        tuple(array[index].reshape(tensor.shape) for array, tensor in pairs) for index in range(len(arrays[0]))
    )
