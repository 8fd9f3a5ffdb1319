"""Augmentation: fixed copies that depend on the seed and the copy alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgewright.pipeline.augmentation import Augmentation, augment

X = np.random.default_rng(1).random((5, 6, 7, 2), dtype=np.float32) + 1.0


def shifted(image: npt.NDArray[np.float32], down: int, right: int) -> npt.NDArray[np.float32]:
    """Shift an image and let zeros come in."""
    height, width = image.shape[:2]
    result = np.zeros_like(image)
    rows, columns = range(max(0, down), min(height, height + down)), range(max(0, right), min(width, width + right))
    for row in rows:
        for column in columns:
            result[row, column] = image[row - down, column - right]
    return result


def test_copy_zero_is_the_data_itself() -> None:
    """The first copy, and any where nothing is varied, is the very array."""
    assert X is augment(X, Augmentation(copies=4, shift_pixels=2), 0, 1)
    assert X is augment(X, Augmentation(), 3, 1)


@given(reach=st.integers(1, 8), copy_index=st.integers(1, 9), seed=st.integers(0, 2**31 - 1))
def test_each_sample_is_shifted_within_reach(reach: int, copy_index: int, seed: int) -> None:
    """Every sample is the original, moved by at most the reach in each direction, with zeros coming in."""
    copy = augment(X, Augmentation(copies=10, shift_pixels=reach), copy_index, seed)
    assert (X.shape, X.dtype) == (copy.shape, copy.dtype)
    moves = [(down, right) for down in range(-reach, reach + 1) for right in range(-reach, reach + 1)]
    for image, moved in zip(X, copy, strict=True):
        assert any(np.array_equal(shifted(image, *move), moved) for move in moves)


def test_the_seed_and_the_copy_decide() -> None:
    """Equal arguments give equal bytes; another seed or copy gives another one."""
    settings = Augmentation(copies=4, shift_pixels=3)
    first = augment(X, settings, 1, 1)
    assert first.tobytes() == augment(X, settings, 1, 1).tobytes()
    assert first.tobytes() != augment(X, settings, 2, 1).tobytes()
    assert first.tobytes() != augment(X, settings, 1, 2).tobytes()


@pytest.mark.parametrize("changed", [{"copies": 0}, {"copies": 65}, {"shift_pixels": -1}, {"rotate": 3}])
def test_settings_out_of_range(changed: dict[str, int]) -> None:
    """What makes no sense is refused when the recipe is read."""
    with pytest.raises(ValidationError):
        Augmentation.model_validate(changed)
