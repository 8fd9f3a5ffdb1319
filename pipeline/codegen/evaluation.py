"""What a program computes, in numpy, to the bit: the oracle of tests, and what folds constants.

One function for each operation; accumulators are exact integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from edgewright.pipeline.codegen.fixedpoint import (
    Int64s,
    divide_by_power,
    multiply_high,
    reciprocal_of_one_plus,
    requantize,
)
from edgewright.pipeline.codegen.operations import (
    Addition,
    Arithmetic,
    Concatenation,
    Convolution,
    DepthwiseConvolution,
    Dequantize,
    Extreme,
    Extremum,
    FullyConnected,
    Int8s,
    Mean,
    Multiplication,
    Operand,
    Operation,
    Pad,
    Pool,
    PoolKind,
    Quantize,
    Reinterpretation,
    Requantization,
    Resize,
    Slices,
    Softmax,
    Table,
    Transpose,
    Window,
)
from edgewright.pipeline.codegen.program import Program, Step

Array = npt.NDArray[Any]
Arrays = Sequence[Array]

ACCUMULATION_BITS = 12
"""Integer bits of the sum of a softmax's exponentials."""


def evaluate(program: Program, inputs: Mapping[int, Array]) -> dict[int, Array]:
    """Compute every value of a program for one sample.

    Args:
        program: what to compute.
        inputs: for each input of the program an array of its shape and element type.

    Returns:
        For each value an array of its shape and element type.
    """
    values = dict(inputs)
    for step in program.steps:
        values.update(evaluate_step(step, program, values))
    return values


def evaluate_step(step: Step, program: Program, values: Mapping[int, Array]) -> dict[int, Array]:
    """Compute the outputs of one step from its inputs."""
    arrays = [values[index] for index in step.inputs]
    outputs = compute(step.operation, arrays)
    described = [program.values[index] for index in step.outputs]
    return {
        value.index: array.reshape(value.shape).view(value.dtype.value)
        for value, array in zip(described, outputs, strict=True)
    }


def compute(operation: Operation, arrays: Arrays) -> tuple[Array, ...]:
    """Compute an operation; outputs have the right elements in the right order, and perhaps another shape."""
    return _FUNCTIONS[type(operation)](operation, arrays)


def finish(accumulators: Array, requantization: Requantization) -> Int8s:
    """Turn accumulators, channels last, into outputs."""
    outputs = requantize(accumulators, requantization.multipliers, requantization.shifts)
    return np.clip(outputs + requantization.zero_point, requantization.minimum, requantization.maximum).astype(np.int8)


def windows_of(image: Array, window: Window, fill: float) -> Array:
    """Return what a window sees: (H, W, C) to (rows, columns, C, height, width), margins filled with a number."""
    margins = window.margins
    padded = np.pad(image, ((margins.top, margins.bottom), (margins.left, margins.right), (0, 0)), constant_values=fill)
    tall, wide = (window.height - 1) * window.dilation_height + 1, (window.width - 1) * window.dilation_width + 1
    seen: Array = sliding_window_view(sliding_window_view(padded, tall, axis=0), wide, axis=1)
    return seen[:: window.stride_height, :: window.stride_width, :, :: window.dilation_height, :: window.dilation_width]


def _exact(numbers: Array) -> npt.NDArray[np.int64]:
    """Return sums of products that were computed in floating point, where they are whole and below 2^53."""
    return np.rint(numbers).astype(np.int64)


def _convolution(one: Convolution, arrays: Arrays) -> tuple[Array, ...]:
    image = arrays[0][0].astype(np.float64) - one.input_zero_point
    seen = windows_of(image, one.window, 0.0)
    outputs, inputs = one.weights.shape[0], one.weights.shape[3]
    groups = image.shape[2] // inputs
    parts = []
    for group in range(groups):
        chosen = slice(group * (outputs // groups), (group + 1) * (outputs // groups))
        patches = seen[:, :, group * inputs : (group + 1) * inputs].transpose(0, 1, 3, 4, 2)
        parts.append(np.tensordot(patches, one.weights[chosen].astype(np.float64), axes=((2, 3, 4), (1, 2, 3))))
    return (finish(_exact(np.concatenate(parts, axis=-1)) + one.biases, one.requantization),)


def _depthwise(one: DepthwiseConvolution, arrays: Arrays) -> tuple[Array, ...]:
    image = np.repeat(arrays[0][0].astype(np.float64) - one.input_zero_point, one.multiplier, axis=2)
    seen = windows_of(image, one.window, 0.0)
    sums = np.einsum("xychw,hwc->xyc", seen, one.weights.astype(np.float64))
    return (finish(_exact(sums) + one.biases, one.requantization),)


def _fully_connected(one: FullyConnected, arrays: Arrays) -> tuple[Array, ...]:
    rows = arrays[0].reshape(one.rows, -1).astype(np.float64) - one.input_zero_point
    weights = one.weights.astype(np.float64) - one.weights_zero_point
    return (finish(_exact(rows @ weights.T) + one.biases, one.requantization),)


def _sides(left: Operand, right: Operand, arrays: Arrays) -> tuple[Int64s, Int64s]:
    """Return both sides of an element-wise operation, of their broadcast shapes and without zero points."""
    given = iter(arrays)
    sides = [next(given) if side.constant is None else side.constant for side in (left, right)]
    first, second = (
        array.reshape(side.shape).astype(np.int64) - side.zero_point
        for array, side in zip(sides, (left, right), strict=True)
    )
    return first, second


def _addition(one: Addition, arrays: Arrays) -> tuple[Array, ...]:
    left, right = (
        requantize(numbers << one.left_shift, side.multiplier, side.shift)
        for numbers, side in zip(_sides(one.left, one.right, arrays), (one.left, one.right), strict=True)
    )
    return (finish(left + right if one.kind is Arithmetic.ADD else left - right, one.requantization),)


def _multiplication(one: Multiplication, arrays: Arrays) -> tuple[Array, ...]:
    left, right = _sides(one.left, one.right, arrays)
    return (finish(left * right, one.requantization),)


def _extreme(one: Extreme, arrays: Arrays) -> tuple[Array, ...]:
    left, right = _sides(one.left, one.right, arrays)
    choose = np.minimum if one.kind is Extremum.MINIMUM else np.maximum
    return (choose(left + one.left.zero_point, right + one.right.zero_point).astype(np.int8),)


def _pool(one: Pool, arrays: Arrays) -> tuple[Array, ...]:
    image = arrays[0][0].astype(np.int64)
    if one.kind is PoolKind.MAXIMUM:
        results = windows_of(image, one.window, -128).max(axis=(3, 4))
    else:
        sums = windows_of(image, one.window, 0).sum(axis=(3, 4))
        counts = windows_of(np.ones_like(image), one.window, 0).sum(axis=(3, 4))
        results = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
    return (np.clip(results, one.minimum, one.maximum).astype(np.int8),)


def _mean(one: Mean, arrays: Arrays) -> tuple[Array, ...]:
    differences = arrays[0].reshape(one.shape).astype(np.int64) - one.input_zero_point
    return (finish(differences.sum(axis=one.axes), one.requantization),)


def _softmax(one: Softmax, arrays: Arrays) -> tuple[Array, ...]:
    rows = arrays[0].reshape(one.rows, one.depth).astype(np.int64)
    exponentials = one.exponentials.astype(np.int64)[rows.max(axis=1, keepdims=True) - rows]
    sums = divide_by_power(exponentials, ACCUMULATION_BITS).sum(axis=1, keepdims=True)
    headroom = np.array([[32 - int(number).bit_length()] for number in sums[:, 0]], np.int64)
    reciprocals = reciprocal_of_one_plus((sums << headroom) - (1 << 31))
    outputs = divide_by_power(multiply_high(exponentials, reciprocals), ACCUMULATION_BITS - headroom + 31 - 8)
    return (np.clip(outputs - 128, -128, 127).astype(np.int8),)


def _table(one: Table, arrays: Arrays) -> tuple[Array, ...]:
    return (one.entries[arrays[0].view(np.int8).astype(np.int64) + 128],)


def _quantize(one: Quantize, arrays: Arrays) -> tuple[Array, ...]:
    ratios = (arrays[0] / np.float32(one.scale)).astype(np.float64)
    rounded = np.sign(ratios) * np.floor(np.abs(ratios) + 0.5)
    return (np.clip(rounded + one.zero_point, -128, 127).astype(np.int8),)


def _dequantize(one: Dequantize, arrays: Arrays) -> tuple[Array, ...]:
    return ((one.scale * (arrays[0].astype(np.float64) - one.zero_point)).astype(np.float32),)


def _reinterpretation(_: Reinterpretation, arrays: Arrays) -> tuple[Array, ...]:
    return (arrays[0],)


def _pad(one: Pad, arrays: Arrays) -> tuple[Array, ...]:
    margins = [*zip(one.before, one.after, strict=True)]
    return (np.pad(arrays[0].reshape(one.shape), margins, constant_values=one.fill),)


def _concatenation(one: Concatenation, arrays: Arrays) -> tuple[Array, ...]:
    given = iter(arrays)
    parts = [next(given) if constant is None else constant for constant in one.constants]
    shaped = [part.reshape(shape) for part, shape in zip(parts, one.shapes, strict=True)]
    return (np.concatenate(shaped, axis=one.axis),)


def _slices(one: Slices, arrays: Arrays) -> tuple[Array, ...]:
    source = arrays[0].reshape(one.shape)
    return tuple(
        source[np.ix_(*_places(begin, one.strides, extent))]
        for begin, extent in zip(one.begins, one.extents, strict=True)
    )


def _places(begins: Sequence[int], strides: Sequence[int], extents: Sequence[int]) -> Iterable[Array]:
    for begin, stride, extent in zip(begins, strides, extents, strict=True):
        yield begin + stride * np.arange(extent)


def _transpose(one: Transpose, arrays: Arrays) -> tuple[Array, ...]:
    return (np.ascontiguousarray(arrays[0].reshape(one.shape).transpose(one.permutation)),)


def _resize(one: Resize, arrays: Arrays) -> tuple[Array, ...]:
    return (arrays[0][:, list(one.rows)][:, :, list(one.columns)],)


_FUNCTIONS: dict[type, Callable[[Any, Arrays], tuple[Array, ...]]] = {
    Convolution: _convolution,
    DepthwiseConvolution: _depthwise,
    FullyConnected: _fully_connected,
    Addition: _addition,
    Multiplication: _multiplication,
    Extreme: _extreme,
    Pool: _pool,
    Mean: _mean,
    Softmax: _softmax,
    Table: _table,
    Quantize: _quantize,
    Dequantize: _dequantize,
    Reinterpretation: _reinterpretation,
    Pad: _pad,
    Concatenation: _concatenation,
    Slices: _slices,
    Transpose: _transpose,
    Resize: _resize,
}
