"""Samples taken out of arrays with a sample axis, and outputs joined to such arrays again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.interpreters.types import Array, TensorSpec


class WrongInputsError(Exception):
    """The arrays do not fit the model's inputs, or its outputs do not fit each other."""


def check_inputs(inputs: tuple[Array, ...], specs: tuple[TensorSpec, ...]) -> int:
    """Check arrays against a model's inputs.

    Args:
        inputs: one array for each input, each with a leading sample axis.
        specs: the model's inputs.

    Returns:
        The number of samples.

    Raises:
        WrongInputsError: number, dtype, shape or sample count is wrong.
    """
    if len(inputs) != len(specs):
        raise WrongInputsError(f"the model has {len(specs)} inputs, {len(inputs)} arrays were given")
    for index, (array, spec) in enumerate(zip(inputs, specs, strict=True)):
        if array.dtype != spec.dtype:
            raise WrongInputsError(f"input {index} takes {spec.dtype}, an array of {array.dtype} was given")
        if array.shape[1:] not in (_sample_shape(spec.shape), spec.shape):
            accepted = ", ".join(["N", *(str(extent) for extent in _sample_shape(spec.shape))])
            raise WrongInputsError(f"input {index} takes shape ({accepted}), {array.shape} was given")
    counts = {len(array) for array in inputs}
    if len(counts) > 1:
        raise WrongInputsError(f"the arrays hold different numbers of samples: {sorted(counts)}")
    if not counts or not min(counts):
        raise WrongInputsError("there is no sample to run")
    return counts.pop()


def sample_of(inputs: tuple[Array, ...], specs: tuple[TensorSpec, ...], index: int) -> tuple[Array, ...]:
    """Take one sample, each array in its tensor's own shape and contiguous."""
    return tuple(
        np.ascontiguousarray(array[index]).reshape(spec.shape) for array, spec in zip(inputs, specs, strict=True)
    )


def join_outputs(samples: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Join the outputs of many samples, each of its tensor's own shape, along a leading sample axis.

    Raises:
        WrongInputsError: an output has not the same shape for every sample.
    """
    joined = []
    for index, arrays in enumerate(zip(*samples, strict=True)):
        shapes = sorted({array.shape for array in arrays})
        if len(shapes) > 1:
            raise WrongInputsError(
                f"output {index} changes its shape with the input ({shapes[0]}, {shapes[1]}), "
                "only fixed shapes are accepted"
            )
        joined.append(np.stack([array.reshape(_sample_shape(array.shape)) for array in arrays]))
    return tuple(joined)


def _sample_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one sample: that of the tensor without a batch extent of 1."""
    return shape[1:] if shape[:1] == (1,) else shape
