"""Multipliers, shifts and ranges are those that TensorFlow Lite Micro prepares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.codegen.reading.quantization import (
    FactorError,
    activation_range,
    input_radius,
    quantize_multiplier,
    quantize_real,
    requantization,
    round_away,
)
from edgewright.pipeline.graph import Activation


@given(st.floats(1e-9, 1e9))
def test_a_multiplier_and_its_shift_are_the_factor(factor: float) -> None:
    """A multiplier has all 31 bits, and with its shift it is the factor within half a unit."""
    multiplier, shift = quantize_multiplier(factor)
    assert 2**30 <= multiplier < 2**31
    assert math.isclose(factor, math.ldexp(multiplier, shift - 31), rel_tol=2**-31)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(0.0, (0, 0)), (1.0, (2**30, 1)), (1 - 2**-40, (2**30, 1)), (2.0**-33, (0, 0)), (2.0**-32, (2**30, -31))],
)
def test_multipliers_at_the_edges(factor: float, expected: tuple[int, int]) -> None:
    """Zero and what is too small are 0; what would round to 2^31 is halved."""
    assert expected == quantize_multiplier(factor)


@given(st.integers(-1000, 1000))
def test_halves_are_rounded_away_from_zero(number: int) -> None:
    """A half goes away from zero on either side."""
    assert (abs(number) + 1) * (1 if number >= 0 else -1) == round_away(number + math.copysign(0.5, number))


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (Activation.NONE, (-128, 127)),
        (Activation.RELU, (-10, 127)),
        (Activation.RELU6, (-10, 110)),
        (Activation.RELU_N1_TO_1, (-30, 10)),
    ],
)
def test_activations_clamp(activation: Activation, expected: tuple[int, int]) -> None:
    """A fused activation is the range of the output that real 0, 6, -1 and 1 stand for."""
    assert expected == activation_range(activation, 0.05, -10)


def test_a_real_number_is_divided_in_single_precision() -> None:
    """6 / 3.42857146 is 1.75 in float32 and a little less in double precision."""
    scale = float(np.float32(6 / 228.5))
    assert (229, 228) == (quantize_real(6.0, scale, 0), round_away(6.0 / scale))


def test_one_factor_or_one_for_each_channel() -> None:
    """As many multipliers stand in a requantization as there are factors."""
    found = requantization([0.5, 0.25, 3.0], -3, (-128, 100))
    assert [2**30, 2**30, 3 * 2**29] == found.multipliers.tolist()
    assert [0, -1, 2] == found.shifts.tolist()
    assert (-3, -128, 100) == (found.zero_point, found.minimum, found.maximum)
    assert [2**30] == requantization([0.5], 0, (-128, 127)).multipliers.tolist()


@pytest.mark.parametrize(("bits", "left_shift", "expected"), [(4, 20, 1920), (5, 24, 124), (5, 0, 31 * 2**26)])
def test_the_radius_is_the_largest_difference_that_fits(bits: int, left_shift: int, expected: int) -> None:
    """The radius, shifted to the left, is the largest number of so many integer bits."""
    assert expected == input_radius(bits, left_shift)


def test_a_factor_has_a_limit() -> None:
    """A factor that would shift everything out of 32 bits is no factor."""
    assert (2**30, 31) == quantize_multiplier(2.0**30)
    with pytest.raises(FactorError):
        quantize_multiplier(2.0**31)
