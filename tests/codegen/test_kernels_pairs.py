"""Weights of two outputs in one number: what a word says of each, the order of elements, and the bounds."""

from __future__ import annotations

import numpy as np
import pytest

from edgewright.pipeline.codegen.kernels.pairs import NOTHING, pair_words, pairs_exactly, patch_order, run_order


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 8, 13])
def test_every_element_once(length: int) -> None:
    """A patch of three runs holds each element once, and each run a whole number of words."""
    order = patch_order(3, length)
    assert list(range(3 * length)) == sorted(order[order != NOTHING])
    assert 3 * (length + length % 2) == len(order)


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_words_hold_both_outputs(outputs: int) -> None:
    """The lower byte of each half is the first output's weight, the rest over 256 the second one's, or nothing."""
    draw = np.random.default_rng(outputs)
    weights = draw.integers(-127, 128, (outputs, 9)).astype(np.int8)
    order = run_order(9)
    halves = pair_words(weights, order).view("<i2").astype(np.int64)
    first = halves.astype(np.int8).astype(np.int64)
    padded = np.zeros((outputs + outputs % 2, 10), np.int64)
    padded[:outputs, :9] = weights
    assert padded[0::2][:, order].tolist() == first.tolist()
    assert padded[1::2][:, order].tolist() == ((halves - first) // 256).tolist()


@pytest.mark.parametrize(
    ("weight", "bias", "expected"),
    [(127, 0, True), (-127, 0, True), (-128, 0, False), (1, 2**23 - 129, True), (1, 2**23 - 128, False)],
)
def test_bounds(weight: int, bias: int, expected: bool) -> None:
    """Weights of seven bits and a sign, and sums below 2^23 with any input, can be paired."""
    weights, biases = np.array([[weight]], np.int8), np.array([bias], np.int32)
    assert expected == pairs_exactly(weights, biases, 0)
