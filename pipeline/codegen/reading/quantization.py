"""From scales to the integers that kernels compute with: multipliers, shifts and ranges, as TFLM prepares them.

Scales are float32 in a file and stand as Python floats here; where TFLM computes in float32, so is it done here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from edgewright.pipeline.codegen.operations import Int32s, Requantization
from edgewright.pipeline.graph import Activation

INT8_MINIMUM, INT8_MAXIMUM = -128, 127
LARGEST_SHIFT = 31
"""Beyond it nothing is left of an accumulator."""


class FactorError(Exception):
    """Scales differ so much that no multiplier and shift stand for their ratio; a reader's caller names the layer."""


def round_away(number: float) -> int:
    """Return the nearest integer, halves away from zero.

    >>> round_away(2.5), round_away(-2.5), round_away(0.49999999999999994)
    (3, -3, 0)
    """
    whole = math.floor(abs(number))
    rounded = whole + (abs(number) - whole >= 0.5)
    return rounded if number >= 0 else -rounded


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """Return the multiplier (times 2^31) and the shift that stand for a factor (QuantizeMultiplier).

    Raises:
        FactorError: the factor is 2^31 or more.

    >>> quantize_multiplier(0.5), quantize_multiplier(1.0), quantize_multiplier(3.0), quantize_multiplier(0.0)
    ((1073741824, 0), (1073741824, 1), (1610612736, 2), (0, 0))
    """
    if factor == 0.0:
        return 0, 0
    fraction, shift = math.frexp(factor)
    multiplier = round_away(fraction * 2.0**31)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift > LARGEST_SHIFT:
        raise FactorError
    return (0, 0) if shift < -31 else (multiplier, shift)


def quantize_multipliers(factors: Iterable[float]) -> tuple[Int32s, Int32s]:
    """Return the multipliers and shifts of several factors."""
    pairs = [quantize_multiplier(factor) for factor in factors]
    multipliers, shifts = zip(*pairs, strict=True)
    return np.array(multipliers, np.int32), np.array(shifts, np.int32)


def quantize_real(number: float, scale: float, zero_point: int) -> int:
    """Return what stands for a real number, divided in float32."""
    return zero_point + round_away(float(np.float32(number) / np.float32(scale)))


def activation_range(activation: Activation, scale: float, zero_point: int) -> tuple[int, int]:
    """Return the smallest and the largest output (CalculateActivationRangeQuantized).

    Args:
        activation: an `Activation` that clamps, or NONE.
        scale: of the output.
        zero_point: of the output.
    """
    minimum, maximum = INT8_MINIMUM, INT8_MAXIMUM
    real_minimum = {Activation.RELU: 0.0, Activation.RELU6: 0.0, Activation.RELU_N1_TO_1: -1.0}.get(activation)
    real_maximum = {Activation.RELU6: 6.0, Activation.RELU_N1_TO_1: 1.0}.get(activation)
    if real_minimum is not None:
        minimum = max(minimum, quantize_real(real_minimum, scale, zero_point))
    if real_maximum is not None:
        maximum = min(maximum, quantize_real(real_maximum, scale, zero_point))
    return minimum, maximum


def requantization(factors: Iterable[float], zero_point: int, limits: tuple[int, int]) -> Requantization:
    """Return how accumulators become outputs.

    Args:
        factors: one for all channels, or one for each.
        zero_point: of the output.
        limits: its smallest and largest value.
    """
    multipliers, shifts = quantize_multipliers(factors)
    return Requantization(
        multipliers=multipliers, shifts=shifts, zero_point=zero_point, minimum=limits[0], maximum=limits[1]
    )


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Return the largest difference that a fixed-point function is given (CalculateInputRadius, 31 bits)."""
    return math.floor(((1 << integer_bits) - 1) * float(1 << (31 - integer_bits)) / 2.0**left_shift)
