"""Golden vectors: which inputs a device's self-test runs, and what TFLM's interpreter computes for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import Split
from edgewright.pipeline.graph import Graph, Tensor, input_tensors, integers_behind, output_tensors
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.vocabulary import GoldenVectors

MOST_VECTORS = 10
RANDOM_VECTORS = 8


def choose_samples(split: Split, class_count: int | None) -> tuple[int, ...]:
    """Choose test samples for a self-test: the first of each class, or some that are spread over all samples.

    Args:
        split: the test split, with prepared targets.
        class_count: of the model; None where it tells no classes apart.

    Returns:
        At most ten positions.
    """
    y = split.y[0]
    if class_count is not None and y.ndim == 1:
        _, first = np.unique(y, return_index=True)
        return tuple(int(index) for index in first[:MOST_VECTORS])
    spread = np.linspace(0, len(split) - 1, min(MOST_VECTORS, len(split)))
    return tuple(sorted({int(index) for index in spread}))


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of one sample: the tensor's own, without the batch where that is 1."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


def random_inputs(graph: Graph, seed: int) -> tuple[Array, ...]:
    """Draw inputs, uniform over all integers that the model computes with; floats where it takes floats.

    Args:
        graph: a full-integer model.
        seed: of the draw.

    Returns:
        One array (8, *sample shape) for each input of the model.
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for tensor in input_tensors(graph):
        limits = _limits(graph, tensor)
        shape = (RANDOM_VECTORS, *sample_shape(tensor))
        integers = generator.integers(limits.min, limits.max, shape, dtype=limits.dtype, endpoint=True)
        drawn.append(_as_the_tensor(graph, tensor, integers))
    return tuple(drawn)


def extreme_inputs(graph: Graph) -> tuple[Array, ...]:
    """Return two samples: every input at the lowest value that the model computes with, then at the highest."""
    extremes = []
    for tensor in input_tensors(graph):
        limits = _limits(graph, tensor)
        pair = [np.full(sample_shape(tensor), limit, limits.dtype) for limit in (limits.min, limits.max)]
        extremes.append(_as_the_tensor(graph, tensor, np.stack(pair)))
    return tuple(extremes)


def _limits(graph: Graph, tensor: Tensor) -> np.iinfo[np.signedinteger[npt.NBitBase]]:
    integers = integers_behind(graph, tensor)
    return np.iinfo(np.dtype((integers or tensor).dtype.value))


def _as_the_tensor(graph: Graph, tensor: Tensor, integers: Array) -> Array:
    """Return integers as they are, or as the floats that stand for them where the tensor holds floats."""
    behind = integers_behind(graph, tensor)
    if behind is None or behind is tensor or behind.quantization is None:
        return integers
    return dequantize(integers, behind.quantization)


def compute_vectors(tflite: bytes, inputs: tuple[Array, ...], graph: Graph, origin: str) -> GoldenVectors:
    """Run inputs, and the two extremes behind them, through TFLM's interpreter.

    Args:
        tflite: a full-integer model.
        inputs: one array (V, *sample shape) for each input of the model, of its type.
        graph: the same model.
        origin: where the inputs come from, for people.

    Raises:
        InterpreterError: TFLM refused the model.
    """
    together = tuple(
        np.concatenate([given, extreme]) for given, extreme in zip(inputs, extreme_inputs(graph), strict=True)
    )
    outputs = run(Request(engine=tflm_engine(), tflite=tflite, inputs=together)).outputs
    return GoldenVectors(
        inputs=_by_vector(together, input_tensors(graph)),
        outputs=_by_vector(outputs, output_tensors(graph)),
        origin=origin,
    )


def _by_vector(
    arrays: tuple[Array, ...], tensors: tuple[Tensor, ...]
) -> tuple[tuple[npt.NDArray[np.generic], ...], ...]:
    """Return for each vector one array of each tensor, in the tensor's own shape."""
    pairs = tuple(zip(arrays, tensors, strict=True))
    return tuple(
        tuple(array[index].reshape(tensor.shape) for array, tensor in pairs) for index in range(len(arrays[0]))
    )
