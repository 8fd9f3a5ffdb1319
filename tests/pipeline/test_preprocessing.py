"""Preprocessing: the resizing rule, the order of operations, and the mistakes that its settings refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgewright.pipeline.preprocessing import Preprocessing, preprocess, resize


def resized_one_by_one(image: Any, height: int, width: int) -> Any:
    """Resize (H, W, C) by the rule as it is written down, one value at a time."""
    one, half = np.float32(1), np.float32(0.5)
    result = np.zeros((height, width, image.shape[2]), np.float32)

    def place(index: int, given: int, wanted: int) -> tuple[int, int, np.float32]:
        position = (np.float32(index) + half) * (np.float32(given) / np.float32(wanted)) - half
        position = min(max(position, 0 * one), np.float32(given - 1))
        lower = math.floor(position)
        return lower, min(lower + 1, given - 1), np.float32(position - np.float32(lower))

    for i in range(height):
        lower_row, upper_row, weight_y = place(i, image.shape[0], height)
        for j in range(width):
            left, right, weight_x = place(j, image.shape[1], width)
            a, b, c, d = (image[row, column] for row in (lower_row, upper_row) for column in (left, right))
            top, bottom = a + (b - a) * weight_x, c + (d - c) * weight_x
            result[i, j] = top + (bottom - top) * weight_y
    return result


@given(
    given_size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    wanted=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    channels=st.sampled_from([1, 3]),
)
def test_resizing_is_the_rule(given_size: tuple[int, int], wanted: tuple[int, int], channels: int) -> None:
    """Whatever the sizes, the result is bit for bit what the written rule gives for each value."""
    x = np.random.default_rng(1).normal(size=(2, *given_size, channels)).astype(np.float32)
    result = resize(x, *wanted)
    assert np.float32 == result.dtype
    assert [resized_one_by_one(image, *wanted).tolist() for image in x] == result.tolist()


def test_resizing_to_the_same_size_changes_nothing() -> None:
    """An image of the wanted size stays as it is."""
    x = np.random.default_rng(1).normal(size=(1, 7, 5, 3)).astype(np.float32)
    assert x.tolist() == resize(x, 7, 5).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(8, 8), (5, 17), (96, 64), (1, 1)])
def test_resizing_is_what_tensorflow_does(size: tuple[int, int]) -> None:
    """`tf.image.resize`, bilinear and without antialiasing, gives the same within float32's rounding."""
    from edgewright.pipeline.frameworks import load_tensorflow

    x = np.random.default_rng(1).integers(0, 256, (2, 33, 48, 3)).astype(np.float32)
    expected = load_tensorflow().image.resize(x, size, method="bilinear", antialias=False).numpy()
    np.testing.assert_allclose(resize(x, *size), expected, rtol=0, atol=1e-3)


def test_the_order_is_resize_scale_offset_normalize() -> None:
    """Each operation works on what the one before it gave, each channel with its own figures."""
    settings = Preprocessing.model_validate(
        {"resize": [1, 1], "scale": 2, "offset": [1, 10], "normalization": {"mean": [1, 2], "std": [4, 8]}}
    )
    x = np.array([[[[1, 2], [3, 6]]]], np.uint8)
    assert [[[[(2 * 2 + 1 - 1) / 4, (4 * 2 + 10 - 2) / 8]]]] == preprocess(x, settings).tolist()


def test_every_operation_is_rounded_to_float32() -> None:
    """The product is rounded before the sum, and the difference before the quotient: no wider number in between."""
    x = np.random.default_rng(2).normal(size=(1000, 1)).astype(np.float32)
    settings = Preprocessing.model_validate(
        {"scale": 0.1, "offset": 0.3, "normalization": {"mean": [0.7], "std": [0.9]}}
    )
    scale, offset, mean, std = (np.float32(figure) for figure in (0.1, 0.3, 0.7, 0.9))
    expected = [float(((value * scale + offset) - mean) / std) for value in x[:, 0]]
    assert expected == preprocess(x, settings)[:, 0].tolist()


@pytest.mark.parametrize(
    ("written", "fragment"),
    [
        ({"normalization": "test"}, 'give "train" or a table'),
        ({"normalization": {"mean": [0], "std": [0]}}, "greater than 0"),
        ({"normalization": {"mean": [0, 1], "std": [1, 1, 1]}}, r"the lists have \[2, 3\] figures"),
        ({"scale": [1, 2], "offset": [1, 2, 3]}, r"the lists have \[2, 3\] figures"),
        ({"scale": float("nan")}, "scale"),
        ({"resize": [0, 5]}, "resize.0"),
        ({"resize": [5]}, "resize"),
        ({"channels": 2}, "channels"),
        ({"mean": [1]}, "mean"),
    ],
)
def test_settings_that_cannot_be_used(written: dict[str, object], fragment: str) -> None:
    """A figure out of range, lists of different lengths and an unknown word are refused."""
    with pytest.raises(ValidationError, match=fragment):
        Preprocessing.model_validate(written)
