"""Samples taken apart and outputs put together."""

from __future__ import annotations

import numpy as np
import pytest

from edgewright.pipeline.interpreters.batch import WrongInputsError, check_inputs, join_outputs, sample_of
from edgewright.pipeline.interpreters.types import TensorSpec


@pytest.mark.parametrize(
    ("tensor_shape", "array_shape"),
    [
        ((1, 4, 3), (5, 4, 3)),
        ((1, 4, 3), (5, 1, 4, 3)),
        ((2, 3), (5, 2, 3)),
        ((1,), (5,)),
        ((1,), (5, 1)),
        ((), (5,)),
    ],
)
def test_a_sample_gets_its_tensors_shape(tensor_shape: tuple[int, ...], array_shape: tuple[int, ...]) -> None:
    """Each accepted way to give samples yields arrays of the tensor's own shape, with the right values."""
    specs = (TensorSpec(shape=tensor_shape, dtype=np.dtype(np.int16)),)
    array = np.arange(np.prod(array_shape), dtype=np.int16).reshape(array_shape)
    assert 5 == check_inputs((array,), specs)
    (sample,) = sample_of((array,), specs, 3)
    assert tensor_shape == sample.shape
    np.testing.assert_array_equal(array[3].ravel(), sample.ravel())


def test_a_sample_of_a_strided_array_is_contiguous() -> None:
    """Interpreters get plain memory, whatever view was given."""
    specs = (TensorSpec(shape=(1, 3, 2), dtype=np.dtype(np.int8)),)
    array = np.arange(24, dtype=np.int8).reshape(2, 3, 4)[:, :, ::2]
    (sample,) = sample_of((array,), specs, 1)
    assert sample.flags.c_contiguous


@pytest.mark.parametrize(
    ("tensor_shape", "joined_shape"), [((1, 10), (2, 10)), ((3, 2), (2, 3, 2)), ((1,), (2,)), ((), (2,))]
)
def test_outputs_get_a_sample_axis(tensor_shape: tuple[int, ...], joined_shape: tuple[int, ...]) -> None:
    """The sample axis takes the place of a batch of 1 and stands in front of anything else."""
    output = np.zeros(tensor_shape, np.int8)
    (joined,) = join_outputs([(output,), (output + 1,)])
    assert joined_shape == joined.shape
    assert [0, 1] == [int(sample.max()) for sample in joined]


def test_outputs_that_change_their_shape_are_refused() -> None:
    """An output whose shape depends on the input cannot be joined."""
    with pytest.raises(WrongInputsError, match="output 0 changes its shape"):
        join_outputs([(np.zeros((1, 2)),), (np.zeros((1, 3)),)])
