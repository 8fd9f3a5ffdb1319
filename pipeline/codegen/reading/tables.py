"""Functions of one element: RELU, RELU6, LEAKY_RELU, LOGISTIC, TANH, HARD_SWISH and QUANTIZE between integers.

Each becomes the table of what TFLM's kernel gives for every input.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgewright.pipeline.codegen.fixedpoint import (
    Int64s,
    divide_by_power,
    hyperbolic_tangent,
    logistic,
    requantize,
)
from edgewright.pipeline.codegen.operations import Int8s, Table
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, scale_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import (
    INT8_MAXIMUM,
    INT8_MINIMUM,
    input_radius,
    quantize_multiplier,
    quantize_real,
    round_away,
)
from edgewright.pipeline.graph import Tensor

INPUTS: Int64s = np.arange(INT8_MINIMUM, INT8_MAXIMUM + 1, dtype=np.int64)
INTEGER_BITS = 4
"""Of the argument of LOGISTIC and TANH."""


def read_table(node: Node) -> Step:
    """Read an operator of one int8 input and one int8 output of the same shape."""
    source, output = node.input(0), node.output()
    if source.shape != output.shape:
        raise node.refuse(f"an input of shape {list(source.shape)} for an output of {list(output.shape)}")
    return node.step(Table(entries=_FUNCTIONS[node.operator.op](node, source, output)), [source], [output])


def rescaled(numbers: Int64s, source_scale: float, output_scale: float) -> Int64s:
    """Return differences to a zero point on another scale."""
    return requantize(numbers, *quantize_multiplier(source_scale / output_scale))


def to_int8(numbers: Int64s, minimum: int = INT8_MINIMUM) -> Int8s:
    """Return the nearest int8, not below a minimum."""
    return np.clip(numbers, minimum, INT8_MAXIMUM).astype(np.int8)


def _relu(node: Node, source: Tensor, output: Tensor) -> Int8s:
    numbers = rescaled(INPUTS - zero_point_of(source), scale_of(source), scale_of(output)) + zero_point_of(output)
    return to_int8(numbers, max(INT8_MINIMUM, zero_point_of(output)))


def _relu6(node: Node, source: Tensor, output: Tensor) -> Int8s:
    """Clamp on the input's scale: TFLM does not look at the output's."""
    if 6.0 / scale_of(source) >= 2**31:
        raise node.refuse(f"an input of the scale {scale_of(source)}")
    six = quantize_real(6.0, scale_of(source), zero_point_of(source))
    zero = zero_point_of(source)
    upper = min(six, INT8_MAXIMUM)
    return np.where(upper < INPUTS, upper, np.maximum(INPUTS, zero)).astype(np.int8)


def _leaky_relu(node: Node, source: Tensor, output: Tensor) -> Int8s:
    """Rescale, negative inputs by alpha as well."""
    numbers = INPUTS - zero_point_of(source)
    factor = scale_of(source) * node.real_option("alpha") / scale_of(output)
    multiplier, shift = quantize_multiplier(abs(factor))
    below = requantize(numbers, multiplier, shift) * (-1 if factor < 0 else 1)
    above = rescaled(numbers, scale_of(source), scale_of(output))
    return to_int8(zero_point_of(output) + np.where(numbers >= 0, above, below))


def _sigmoid(node: Node, source: Tensor, output: Tensor) -> Int8s:
    if zero_point_of(output) != INT8_MINIMUM:
        raise node.refuse(f"an output with the zero point {zero_point_of(output)} instead of {INT8_MINIMUM}")
    numbers, argument, radius = _argument(node, source)
    inner = divide_by_power(logistic(argument, INTEGER_BITS), 31 - 8) + INT8_MINIMUM
    return _saturated(numbers, radius, inner)


def _tanh(node: Node, source: Tensor, output: Tensor) -> Int8s:
    numbers, argument, radius = _argument(node, source)
    return _saturated(numbers, radius, divide_by_power(hyperbolic_tangent(argument, INTEGER_BITS), 31 - 7))


def _argument(node: Node, source: Tensor) -> tuple[Int64s, Int64s, int]:
    """Return the inputs without zero point, as fixed-point numbers, and where the function is saturated."""
    fraction, left_shift = math.frexp(scale_of(source) * (1 << (31 - INTEGER_BITS)))
    multiplier = round_away(fraction * 2.0**31)
    if not 0 <= left_shift <= 30 or multiplier >= 2**31:
        raise node.refuse(f"an input of the scale {scale_of(source)}")
    radius = input_radius(INTEGER_BITS, left_shift)
    numbers = INPUTS - zero_point_of(source)
    return numbers, requantize(np.clip(numbers, -radius, radius), multiplier, left_shift), radius


def _saturated(numbers: Int64s, radius: int, inner: Int64s) -> Int8s:
    outer = np.where(numbers <= -radius, INT8_MINIMUM, INT8_MAXIMUM)
    return to_int8(np.where(np.abs(numbers) >= radius, outer, inner))


def _hard_swish(node: Node, source: Tensor, output: Tensor) -> Int8s:
    """Follow the kernel's 16-bit arithmetic: x * clamp(x + 3, 0, 6) / 6."""
    fine_scale = scale_of(source) / 128
    output_multiplier, output_shift = _short_multiplier(fine_scale / scale_of(output))
    multiplier, shift = _short_multiplier(fine_scale / (3.0 / 32768.0))
    if output_shift > 0:
        raise node.refuse("an output whose scale is too fine for that of the input")
    fine = _wrap16((INPUTS - zero_point_of(source)) * 128)
    before_shift = _multiply_high16(fine, output_multiplier)
    share = _saturate16(fine << max(shift - 1, 0))
    share = _multiply_high16(share, multiplier)
    share = _saturate16(share << 1) if shift > 0 else _divide16(share, -shift)
    share = (share + (1 << 15)) >> 1
    product = np.sign(share * before_shift) * (np.abs(share * before_shift) >> 15)
    return to_int8(_divide16(product, -output_shift) + zero_point_of(output))


def _divide16(numbers: Int64s, exponent: int) -> Int64s:
    """Divide by a power of 2 as the kernel's 16-bit function does, whose mask wraps from an exponent of 16 on."""
    if exponent <= 15:
        return divide_by_power(numbers, exponent)
    return np.where(numbers >= 0, np.int64(1), np.int64(-1))


def _short_multiplier(factor: float) -> tuple[int, int]:
    """Return a multiplier of 16 bits (DownScaleInt32ToInt16Multiplier) and its shift."""
    multiplier, shift = quantize_multiplier(factor)
    return (multiplier + (1 << 15)) >> 16 if multiplier < 2**31 - 1 - 2**15 else 2**15 - 1, shift


def _multiply_high16(numbers: Int64s, multiplier: int) -> Int64s:
    return np.minimum((numbers * multiplier + (1 << 14)) >> 15, 2**15 - 1)


def _saturate16(numbers: Int64s) -> Int64s:
    return np.clip(numbers, -(2**15), 2**15 - 1)


def _wrap16(numbers: Int64s) -> Int64s:
    return (numbers + 2**15) % 2**16 - 2**15


_FUNCTIONS: dict[str, Callable[[Node, Tensor, Tensor], Int8s]] = {
    "RELU": _relu,
    "RELU6": _relu6,
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _sigmoid,
    "TANH": _tanh,
    "HARD_SWISH": _hard_swish,
}
