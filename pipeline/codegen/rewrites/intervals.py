"""What each channel of each value can be, whatever the inputs: interval analysis, from inputs to outputs.

A channel is a place along the last axis. Accumulators take intervals of products; everything behind them is monotone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.evaluation import compute, finish
from edgewright.pipeline.codegen.operations import (
    Addition,
    Concatenation,
    Convolution,
    DepthwiseConvolution,
    Extreme,
    FullyConnected,
    Mean,
    Multiplication,
    Operand,
    Operation,
    Pad,
    Pool,
    Reinterpretation,
    Requantization,
    Resize,
    Slices,
    Table,
    Transpose,
    Window,
)
from edgewright.pipeline.codegen.program import Program, Step, Value

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Interval:
    """The smallest and the largest element of each channel: two arrays (channels,)."""

    lowest: Numbers
    highest: Numbers

    @property
    def is_constant(self) -> npt.NDArray[np.bool_]:
        """For each channel whether it is always the same."""
        return np.equal(self.lowest, self.highest)


def channels_of(value: Value) -> int:
    """Return how many channels a value has; a scalar is one."""
    return value.shape[-1] if value.shape else 1


def everything(channels: int) -> Interval:
    """Return the interval of channels that may be any int8."""
    return Interval(lowest=np.full(channels, -128), highest=np.full(channels, 127))


def find_intervals(program: Program) -> dict[int, Interval]:
    """Return for each value the interval of each channel; floats are given that of an int8, which nothing uses."""
    found = {index: everything(channels_of(program.values[index])) for index in program.inputs}
    for step in program.steps:
        given = [found[index] for index in step.inputs]
        outputs = [program.values[index] for index in step.outputs]
        rule = _RULES.get(type(step.operation), _unknown)
        for value, interval in zip(outputs, rule(step, given, outputs), strict=True):
            found[value.index] = interval
    return found


def products(weights: Numbers, low: Numbers, high: Numbers, axes: tuple[int, ...]) -> tuple[Numbers, Numbers]:
    """Return the smallest and the largest sum along axes of weights times factors that lie in an interval."""
    smallest = np.where(weights > 0, weights * low, weights * high).sum(axis=axes)
    largest = np.where(weights > 0, weights * high, weights * low).sum(axis=axes)
    return smallest, largest


Rule = Callable[[Step, Sequence[Interval], Sequence[Value]], list[Interval]]


def _unknown(_: Step, __: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    return [everything(channels_of(value)) for value in outputs]


def _offsets(interval: Interval, zero_point: int, window: Window | None = None) -> tuple[Numbers, Numbers]:
    """Return the interval of elements without zero point, of those in margins as well."""
    low, high = interval.lowest - zero_point, interval.highest - zero_point
    if window is not None and not window.margins.is_empty:
        return np.minimum(low, 0), np.maximum(high, 0)
    return low, high


def _finished(low: Numbers, high: Numbers, requantization: Requantization) -> Interval:
    """Requantize both ends; a channel whose accumulator may leave 32 bits on the way may be anything."""
    lowest, highest = (finish(ends, requantization).astype(np.int64) for ends in (low, high))
    shifts = np.maximum(requantization.shifts.astype(np.int64), 0)
    is_wide = (np.maximum(-low, high) << np.minimum(shifts, 31)) >= 2**31
    return Interval(
        lowest=np.where(is_wide, requantization.minimum, lowest),
        highest=np.where(is_wide, requantization.maximum, highest),
    )


def _convolution(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: Convolution = step.operation  # type: ignore[assignment]
    low, high = _offsets(given[0], one.input_zero_point, one.window)
    outputs, inputs = one.weights.shape[0], one.weights.shape[3]
    groups = len(low) // inputs
    weights = one.weights.astype(np.int64).reshape(groups, outputs // groups, -1, inputs)
    shape = (groups, 1, 1, inputs)
    smallest, largest = products(weights, low.reshape(shape), high.reshape(shape), (2, 3))
    return [_finished(smallest.reshape(-1) + one.biases, largest.reshape(-1) + one.biases, one.requantization)]


def _depthwise(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: DepthwiseConvolution = step.operation  # type: ignore[assignment]
    ends = _offsets(given[0], one.input_zero_point, one.window)
    low, high = (np.repeat(numbers, one.multiplier) for numbers in ends)
    smallest, largest = products(one.weights.astype(np.int64), low, high, (0, 1))
    return [_finished(smallest + one.biases, largest + one.biases, one.requantization)]


def _fully_connected(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: FullyConnected = step.operation  # type: ignore[assignment]
    inputs = one.weights.shape[1]
    low, high = _offsets(_spread(given[0], inputs), one.input_zero_point)
    weights = one.weights.astype(np.int64) - one.weights_zero_point
    smallest, largest = products(weights, low, high, (1,))
    return [_finished(smallest + one.biases, largest + one.biases, one.requantization)]


def _pair(step: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    """Compute all four corners of an element-wise operation, which is monotone in each side."""
    one: Addition | Multiplication | Extreme = step.operation  # type: ignore[assignment]
    channels = channels_of(outputs[0])
    if isinstance(one, Multiplication) and one.requantization.shifts.max() > 14:
        return [everything(channels)]
    remaining = iter(given)
    ends = [_side_ends(side, remaining) for side in (one.left, one.right)]
    corners = []
    for left, right in product(*ends):
        sides = (_fixed(side, numbers) for side, numbers in zip((one.left, one.right), (left, right), strict=True))
        corner: Operation = type(one)(**{**vars(one), **dict(zip(("left", "right"), sides, strict=True))})
        corners.append(np.broadcast_to(compute(corner, [])[0].astype(np.int64).reshape(-1), (channels,)))
    return [Interval(lowest=np.min(corners, axis=0), highest=np.max(corners, axis=0))]


def _side_ends(side: Operand, remaining: Any) -> tuple[Numbers, Numbers]:
    if side.constant is None:
        interval = next(remaining)
        return interval.lowest, interval.highest
    rows = side.constant.reshape(-1, side.shape[-1] if side.shape else 1).astype(np.int64)
    return rows.min(axis=0), rows.max(axis=0)


def _fixed(side: Operand, numbers: Numbers) -> Operand:
    return Operand(
        shape=numbers.shape,
        zero_point=side.zero_point,
        multiplier=side.multiplier,
        shift=side.shift,
        constant=numbers.astype(np.int8),
    )


def _pool(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: Pool = step.operation  # type: ignore[assignment]
    ends = (np.clip(numbers, one.minimum, one.maximum) for numbers in (given[0].lowest, given[0].highest))
    lowest, highest = ends
    return [Interval(lowest=lowest, highest=highest)]


def _mean(step: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    one: Mean = step.operation  # type: ignore[assignment]
    count = int(np.prod([one.shape[axis] for axis in one.axes]))
    if len(one.shape) - 1 in one.axes:
        return [everything(channels_of(outputs[0]))]
    low, high = _offsets(given[0], one.input_zero_point)
    return [_finished(low * count, high * count, one.requantization)]


def _table(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: Table = step.operation  # type: ignore[assignment]
    places = np.arange(-128, 128)
    inside = (places >= given[0].lowest[:, None]) & (places <= given[0].highest[:, None])
    entries = one.entries.astype(np.int64)
    return [
        Interval(lowest=np.where(inside, entries, 127).min(axis=1), highest=np.where(inside, entries, -128).max(axis=1))
    ]


def _same(_: Step, given: Sequence[Interval], __: Sequence[Value]) -> list[Interval]:
    return [given[0]]


def _view(_: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    return [_spread(given[0], channels_of(outputs[0]))]


def _pad(step: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    one: Pad = step.operation  # type: ignore[assignment]
    interval = given[0]
    if any((*one.before[-1:], *one.after[-1:])):
        interval = _spread(_collapsed(interval), channels_of(outputs[0]))
    lowest, highest = np.minimum(interval.lowest, one.fill), np.maximum(interval.highest, one.fill)
    return [Interval(lowest=lowest, highest=highest)]


def _concatenation(step: Step, given: Sequence[Interval], _: Sequence[Value]) -> list[Interval]:
    one: Concatenation = step.operation  # type: ignore[assignment]
    remaining = iter(given)
    parts = []
    for shape, constant in zip(one.shapes, one.constants, strict=True):
        if constant is None:
            parts.append(next(remaining))
        else:
            rows = constant.reshape(-1, shape[-1]).astype(np.int64)
            parts.append(Interval(lowest=rows.min(axis=0), highest=rows.max(axis=0)))
    if one.axis == len(one.shapes[0]) - 1:
        lowest, highest = (np.concatenate([getattr(part, end) for part in parts]) for end in ("lowest", "highest"))
        return [Interval(lowest=lowest, highest=highest)]
    lowest = np.min([part.lowest for part in parts], axis=0)
    return [Interval(lowest=lowest, highest=np.max([part.highest for part in parts], axis=0))]


def _slices(step: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    one: Slices = step.operation  # type: ignore[assignment]
    found = []
    for begins, extents, value in zip(one.begins, one.extents, outputs, strict=True):
        places = begins[-1] + one.strides[-1] * np.arange(extents[-1])
        interval = Interval(lowest=given[0].lowest[places], highest=given[0].highest[places])
        found.append(_spread(interval, channels_of(value)))
    return found


def _transpose(step: Step, given: Sequence[Interval], outputs: Sequence[Value]) -> list[Interval]:
    one: Transpose = step.operation  # type: ignore[assignment]
    if one.permutation[-1] == len(one.permutation) - 1:
        return [given[0]]
    return [_spread(_collapsed(given[0]), channels_of(outputs[0]))]


def _collapsed(interval: Interval) -> Interval:
    return Interval(lowest=interval.lowest.min(keepdims=True), highest=interval.highest.max(keepdims=True))


def _spread(interval: Interval, channels: int) -> Interval:
    """Return the same elements seen under another number of channels, where one divides the other."""
    own = len(interval.lowest)
    if channels % own == 0:
        return Interval(
            lowest=np.tile(interval.lowest, channels // own), highest=np.tile(interval.highest, channels // own)
        )
    if own % channels == 0:
        return Interval(
            lowest=interval.lowest.reshape(-1, channels).min(axis=0),
            highest=interval.highest.reshape(-1, channels).max(axis=0),
        )
    return _spread(_collapsed(interval), channels)


_RULES: dict[type, Rule] = {
    Convolution: _convolution,
    DepthwiseConvolution: _depthwise,
    FullyConnected: _fully_connected,
    Addition: _pair,
    Multiplication: _pair,
    Extreme: _pair,
    Pool: _pool,
    Mean: _mean,
    Table: _table,
    Resize: _same,
    Reinterpretation: _view,
    Pad: _pad,
    Concatenation: _concatenation,
    Slices: _slices,
    Transpose: _transpose,
}
