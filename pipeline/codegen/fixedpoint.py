"""Fixed-point arithmetic of TensorFlow Lite Micro's reference kernels, in integers, to the bit.

Functions take and return int64 arrays that hold 32-bit numbers; one of n integer bits has 31 - n fractional ones.
The functions of one argument are those of gemmlowp's fixed point (github.com/google/gemmlowp, fixedpoint/fixedpoint.h).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

ONE = 2**31 - 1
"""What stands for 1 where there are no integer bits."""
_EXP_OF_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883
_EXP_OF_POWERS = (
    (-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308), (2, 39332535), (3, 720401), (4, 242),
)  # fmt: skip
"""For each exponent e what exp(-2^e) is, without integer bits."""
_48_OVER_17 = 1515870810
_MINUS_32_OVER_17 = -1010580540


def wrap(numbers: Int64s) -> Int64s:
    """Return what 32 bits keep of a number."""
    return (numbers + 2**31) % 2**32 - 2**31


def multiply_high(left: Int64s, right: npt.ArrayLike) -> Int64s:
    """Return left * right / 2^31, rounded half up (SaturatingRoundingDoublingHighMul)."""
    product = left * np.asarray(right, np.int64)
    return np.minimum((product + 2**30) >> 31, ONE)


def divide_by_power(numbers: Int64s, exponents: npt.ArrayLike) -> Int64s:
    """Return a number / 2^exponent, rounded half away from zero (RoundingDivideByPOT)."""
    exponents = np.asarray(exponents, np.int64)
    half = np.where(exponents > 0, np.int64(1) << np.maximum(exponents - 1, 0), 0)
    return np.where(exponents > 0, (numbers + half - (numbers < 0)) >> exponents, numbers)


def requantize(accumulators: npt.NDArray[Any], multipliers: npt.ArrayLike, shifts: npt.ArrayLike) -> Int64s:
    """Return accumulators * multiplier / 2^31 * 2^shift, rounded twice (MultiplyByQuantizedMultiplier).

    Args:
        accumulators: any shape; `multipliers` and `shifts` are broadcast against it.
        multipliers: 0 to 2^31 - 1.
        shifts: -31 to 30; a positive one goes to the left, before anything is rounded.
    """
    shifts = np.asarray(shifts, np.int64)
    shifted = wrap(accumulators.astype(np.int64) << np.maximum(shifts, 0))
    return divide_by_power(multiply_high(shifted, multipliers), np.maximum(-shifts, 0))


def exponential(numbers: Int64s, integer_bits: int) -> Int64s:
    """Return exp of numbers that are not positive, without integer bits.

    Args:
        numbers: of `integer_bits` integer bits, at most 5.
        integer_bits: of the argument.
    """
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    within_quarter = (numbers & (quarter - 1)) - quarter
    result = _exponential_within_quarter(_shift_left(within_quarter, integer_bits))
    remainder = within_quarter - numbers
    for exponent, factor in _EXP_OF_POWERS:
        if integer_bits > exponent:
            is_set = (remainder >> (fractional_bits + exponent)) & 1
            result = np.where(is_set != 0, multiply_high(result, factor), result)
    return np.where(numbers == 0, ONE, result)


def _exponential_within_quarter(numbers: Int64s) -> Int64s:
    """Return exp of numbers in [-1/4, 0): a Taylor series around -1/8."""
    x = numbers + (1 << 28)
    x2 = multiply_high(x, x)
    x3, x4 = multiply_high(x2, x), multiply_high(x2, x2)
    third = multiply_high(divide_by_power(x4, 2) + x3, _ONE_THIRD)
    series = divide_by_power(third + x2, 1)
    return wrap(_EXP_OF_MINUS_ONE_EIGHTH + multiply_high(x + series, _EXP_OF_MINUS_ONE_EIGHTH))


def reciprocal_of_one_plus(numbers: Int64s) -> Int64s:
    """Return 1 / (1 + x) for x in [0, 1), without integer bits."""
    return _shift_left(_newton_raphson(numbers), 1)


def logistic(numbers: Int64s, integer_bits: int) -> Int64s:
    """Return 1 / (1 + exp(-x)), without integer bits."""
    positive = reciprocal_of_one_plus(exponential(-np.abs(numbers), integer_bits))
    return np.where(numbers == 0, 1 << 30, np.where(numbers > 0, positive, ONE - positive))


def hyperbolic_tangent(numbers: Int64s, integer_bits: int) -> Int64s:
    """Return tanh(x), without integer bits: (1 - e) / (1 + e) for e = exp(-2 |x|)."""
    power = exponential(-np.abs(numbers), integer_bits + 1)
    positive = _shift_left(_newton_raphson(power) - (1 << 29), 2)
    return np.where(numbers == 0, 0, np.where(numbers > 0, positive, -positive))


def _newton_raphson(numbers: Int64s) -> Int64s:
    """Return 2 / (1 + x) for x in [0, 1) with two integer bits, by three steps of Newton and Raphson."""
    half_denominator = (numbers + ONE + 1) >> 1
    x = _48_OVER_17 + multiply_high(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        rest = (1 << 29) - multiply_high(half_denominator, x)
        x = wrap(x + _shift_left(multiply_high(x, rest), 2))
    return x


def _shift_left(numbers: Int64s, bits: int) -> Int64s:
    """Return numbers * 2^bits, or the nearest that 32 bits hold (SaturatingRoundingMultiplyByPOT)."""
    limit = (1 << (31 - bits)) - 1
    shifted = np.where(numbers > limit, ONE, numbers << bits)
    return np.where(numbers < -limit, -(2**31), shifted)
