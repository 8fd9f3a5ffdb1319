"""What the tasks with numbers for targets share: targets of the output's shape, and squared errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import Array
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.tasks.task import FloatArray, Shape, Tensor


def check_numbers(y: Array | None, output_shape: Shape, name: str, origin: str) -> FloatArray:
    """Check targets of the output's shape, where (N,) stands for (N, 1).

    Returns:
        (N, *output shape) float32.

    Raises:
        DataError: they are missing or of another shape.
    """
    if y is None:
        raise DataError(f"{origin}: {name} is missing; give a target of the shape {output_shape} for each sample.")
    if y.ndim == 1 and output_shape == (1,):
        y = y[:, np.newaxis]
    if y.shape[1:] != output_shape:
        raise DataError(
            f"{origin}: {name} holds targets of the shape {y.shape[1:]}, and the model's output is "
            f"{output_shape}; they must be the same."
        )
    return y.astype(np.float32)


def targets_as_given(y: Array, x: FloatArray, output_shape: Shape) -> FloatArray:
    """Return the targets as they are."""
    return y


def all_samples(y: Array) -> npt.NDArray[np.bool_]:
    """Train on all samples."""
    return np.ones(len(y), np.bool_)


def outputs_as_given(outputs: FloatArray, x: FloatArray) -> FloatArray:
    """Give a metric of the user's the outputs as they are."""
    return outputs


def squared_error(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return the mean squared error of each sample, (B,)."""
    tensorflow = load_tensorflow()
    squares = tensorflow.square(targets - outputs)
    return tensorflow.reduce_mean(tensorflow.reshape(squares, (tensorflow.shape(squares)[0], -1)), axis=-1)


def squared_difference(teacher: Tensor, outputs: Tensor, temperature: float) -> Tensor:
    """Return the same against the teacher's outputs; a temperature has no meaning here."""
    return squared_error(teacher, outputs)
