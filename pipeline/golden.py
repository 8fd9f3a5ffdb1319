"""Golden vectors: which inputs a device's self-test runs, and what TFLM's interpreter computes for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.graph import Graph, Tensor, input_tensors, integers_behind, output_tensors
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.selection import Choice, choose, saturation_of
from edgewright.pipeline.trace import trace
from edgewright.pipeline.vocabulary import GoldenVectors

MOST_VECTORS = 10
RANDOM_VECTORS = 8
DRAWN_INPUTS = 32
"""Random inputs that those are chosen from."""
TRACED_SAMPLES = 64
"""Test samples in which saturation is looked at, spread over all of them."""
MOST_CLASSES = 1000
"""Of an output that can be taken for one of classes, where nothing is known of a model."""


def choose_samples(
    graph: Graph, samples: tuple[Array, ...], outputs: FloatArray, classes: npt.NDArray[np.int64] | None
) -> Choice:
    """Choose test samples for a self-test; how much saturates is looked at in some of them only.

    Args:
        graph: a full-integer model.
        samples: one array (N, *sample shape) for each input of the model, of its type.
        outputs: (N, …) real values of its first output for them.
        classes: (N,) of each sample; None where the model tells no classes apart.

    Returns:
        At most ten positions.

    Raises:
        InterpreterError: TFLM refused the model.
    """
    looked_at = sorted({int(place) for place in np.linspace(0, len(outputs) - 1, TRACED_SAMPLES)})
    saturation = np.zeros(len(outputs), np.float32)
    saturation[looked_at] = saturation_of(graph, trace(graph, tuple(array[looked_at] for array in samples)))
    return choose(outputs, classes, saturation, MOST_VECTORS)


def choose_inputs(graph: Graph, drawn: tuple[Array, ...]) -> Choice:
    """Choose random inputs for a self-test, a class being what the model takes them for.

    Args:
        graph: a full-integer model.
        drawn: one array (N, *sample shape) for each input of the model, of its type.

    Returns:
        At most eight positions.

    Raises:
        InterpreterError: TFLM refused the model.
    """
    traced = trace(graph, drawn)
    index = graph.main.outputs[0]
    if index not in traced:  # an input that is an output, or a type that firmware refuses
        return Choice(typical=tuple(range(RANDOM_VECTORS)), boundary=(), saturated=(), has_classes=False)
    outputs = np.asarray(traced[index], np.float32).reshape(len(traced[index]), -1)
    classes = outputs.argmax(axis=1) if 1 < outputs.shape[1] <= MOST_CLASSES else None
    return choose(outputs, classes, saturation_of(graph, traced), RANDOM_VECTORS)


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of one sample: the tensor's own, without the batch where that is 1."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


def random_inputs(graph: Graph, seed: int, count: int = RANDOM_VECTORS) -> tuple[Array, ...]:
    """Draw inputs, uniform over all integers that the model computes with; floats where it takes floats.

    Args:
        graph: a full-integer model.
        seed: of the draw.
        count: how many samples.

    Returns:
        One array (count, *sample shape) for each input of the model.
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for tensor in input_tensors(graph):
        limits = _limits(graph, tensor)
        shape = (count, *sample_shape(tensor))
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
    """Run inputs, and the two extremes behind them, through TFLM's interpreter, and look at every operator.

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
        layers=trace(graph, together),
    )


def _by_vector(
    arrays: tuple[Array, ...], tensors: tuple[Tensor, ...]
) -> tuple[tuple[npt.NDArray[np.generic], ...], ...]:
    """Return for each vector one array of each tensor, in the tensor's own shape."""
    pairs = tuple(zip(arrays, tensors, strict=True))
    return tuple(
        tuple(array[index].reshape(tensor.shape) for array, tensor in pairs) for index in range(len(arrays[0]))
    )
