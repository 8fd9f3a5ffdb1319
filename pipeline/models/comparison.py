"""Whether a model that was brought into another form still computes the same: both are run on random input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_keras3

Samples = tuple[npt.NDArray[np.generic], ...]
"""One array (N, *shape) for each input of a model."""
Compute = Callable[[Samples], Sequence[npt.NDArray[np.generic]]]
"""Runs a model: one array (N, *shape) for each output."""

TOLERANCE = 1e-4
"""Largest difference that is accepted, in units of max(1, the largest output)."""
SAMPLE_COUNT = 4
SEED = 20250


def draw_samples(model: KerasModel) -> Samples:
    """Draw random input for a model: normal numbers, or whole ones that every Embedding in it knows.

    Args:
        model: of Keras 2 or 3, with fixed inputs.

    Returns:
        One array (4, *shape) of its dtype for each input; of the model's batch where that is fixed.
    """
    generator = np.random.default_rng(SEED)
    vocabulary = min((layer.input_dim for layer in _layers(model) if type(layer).__name__ == "Embedding"), default=2)
    arrays = []
    for tensor in model.inputs:
        batch = tensor.shape[0] or SAMPLE_COUNT
        shape = (int(batch), *(int(extent) for extent in tensor.shape[1:]))
        dtype = np.dtype(getattr(tensor.dtype, "as_numpy_dtype", tensor.dtype))
        drawn = generator.standard_normal(shape) if dtype.kind == "f" else generator.integers(0, vocabulary, shape)
        arrays.append(drawn.astype(dtype))
    return tuple(arrays)


def computing(model: KerasModel) -> Compute:
    """Return what runs a Keras model of either version in inference mode, whatever it wants its inputs packed in."""
    keras = load_keras() if isinstance(model, load_keras().Model) else load_keras3()
    flat = keras.Model(list(model.inputs), list(model.outputs))

    def compute(samples: Samples) -> list[npt.NDArray[np.generic]]:
        outputs = flat(list(samples), training=False)
        return [np.asarray(output) for output in (outputs if isinstance(outputs, list | tuple) else [outputs])]

    return compute


def largest_difference(original: Compute, rebuilt: Compute, samples: Samples, origin: str) -> float:
    """Compare two models on the same input.

    Args:
        original: the model as it was given.
        rebuilt: the model as it goes on.
        samples: one array for each input.
        origin: what the user gave, for messages.

    Returns:
        The largest difference of two outputs, in units of max(1, the largest output).

    Raises:
        ModelError: the outputs differ in number or shape or by more than 1e-4, or are not finite.
    """
    expected, actual = original(samples), rebuilt(samples)
    shapes = [[array.shape for array in arrays] for arrays in (expected, actual)]
    if shapes[0] != shapes[1]:
        raise ModelError(
            f"model: {origin} has outputs of the shapes {shapes[0]}, but {shapes[1]} once translated; give another "
            "form of the model."
        )
    largest = 0.0
    for before, after in zip(expected, actual, strict=True):
        if not np.isfinite(before).all():
            raise ModelError(
                f"model: {origin} computes NaN or infinity on random input; train it again, or give another checkpoint."
            )
        scale = max(1.0, float(np.abs(before).max(initial=0.0)))
        difference = float(np.abs(np.subtract(before, after, dtype=np.float64)).max(initial=0.0)) / scale
        largest = max(largest, difference) if np.isfinite(difference) else float("inf")
    if largest > TOLERANCE:
        raise ModelError(
            f"model: {origin} computes something else once translated (largest difference {largest:.2g}, accepted "
            f"{TOLERANCE:g}); give another form of the model."
        )
    return largest


def _layers(model: KerasModel) -> list[Any]:
    found = []
    for layer in model.layers:
        inner = getattr(layer, "layers", None)
        found += _layers(layer) if inner else [layer]
    return found
