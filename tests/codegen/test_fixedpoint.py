"""Fixed-point functions give what their definitions in plain integers give, and are near the real ones."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.codegen.fixedpoint import (
    ONE,
    divide_by_power,
    exponential,
    hyperbolic_tangent,
    logistic,
    multiply_high,
    reciprocal_of_one_plus,
    requantize,
    wrap,
)

INT32 = st.integers(-(2**31), 2**31 - 1)


def one(number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """An array of one number."""
    return np.array([number], np.int64)


def truncated(dividend: int, divisor: int) -> int:
    """Divide as C does: towards zero."""
    return abs(dividend) // divisor * (1 if dividend >= 0 else -1)


@given(INT32, INT32)
def test_high_products_round_as_gemmlowp_does(left: int, right: int) -> None:
    """The high half is the product plus a nudge of its sign, divided towards zero, and saturated."""
    nudge = 2**30 if left * right >= 0 else 1 - 2**30
    expected = min(truncated(left * right + nudge, 2**31), ONE)
    assert expected == multiply_high(one(left), right)[0]


@given(INT32, st.integers(0, 31))
def test_division_by_a_power_rounds_half_away_from_zero(number: int, exponent: int) -> None:
    """A shifted number is the nearest one, halves go away from zero."""
    half = 2**exponent // 2
    expected = (abs(number) + half) // 2**exponent * (1 if number >= 0 else -1)
    assert expected == divide_by_power(one(number), exponent)[0]


@given(st.integers(-(2**34), 2**34))
def test_wrapping_keeps_32_bits(number: int) -> None:
    """What is wrapped is what a 32-bit register holds."""
    assert int(np.array(number, np.int64).astype(np.int32)) == wrap(one(number))[0]


@given(st.integers(-(2**24), 2**24), st.integers(2**30, 2**31 - 1), st.integers(-20, 6))
def test_requantization_is_near_the_real_product(accumulator: int, multiplier: int, shift: int) -> None:
    """Two roundings are at most one apart from the real product, within 32 bits."""
    exact = accumulator * multiplier / 2**31 * 2.0**shift
    assert abs(exact - int(requantize(one(accumulator), multiplier, shift)[0])) <= 1


def test_functions_are_near_the_real_ones() -> None:
    """The exponential, logistic and tanh functions are within 2^-20 of the real ones over their whole range."""
    numbers = np.linspace(-(2**31) + 1, 0, 4001).astype(np.int64)
    for bits in (0, 4, 5):
        expected = np.exp(numbers / 2.0 ** (31 - bits))
        np.testing.assert_allclose(exponential(numbers, bits) / 2**31, expected, atol=2**-20)
    both = np.concatenate([numbers, -numbers])
    real = both / 2.0**27
    np.testing.assert_allclose(logistic(both, 4) / 2**31, 1 / (1 + np.exp(-real)), atol=2**-20)
    np.testing.assert_allclose(hyperbolic_tangent(both, 4) / 2**31, np.tanh(real), atol=2**-20)
    np.testing.assert_allclose(reciprocal_of_one_plus(-numbers) / 2**31, 1 / (1 - numbers / 2**31), atol=2**-20)


def test_functions_at_zero() -> None:
    """At zero the functions give 1, a half and 0."""
    zero = one(0)
    assert (ONE, 1 << 30, 0) == (exponential(zero, 5)[0], logistic(zero, 4)[0], hyperbolic_tangent(zero, 4)[0])
    assert math.isclose(1.0, reciprocal_of_one_plus(zero)[0] / 2**31, abs_tol=1e-9)
