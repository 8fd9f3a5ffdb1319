"""Which channels must be computed: what reaches an output through weights that are not 0 and is not constant.

Masks over the last axis, one for each value, grow from the outputs backwards until nothing changes. Steps that keep
channels in place tie the masks of what they read and write together; steps that no rule is given for need everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.operations import (
    Addition,
    Concatenation,
    Convolution,
    DepthwiseConvolution,
    Extreme,
    FullyConnected,
    Mean,
    Multiplication,
    Pad,
    Pool,
    Reinterpretation,
    Resize,
    Slices,
    Table,
    Transpose,
)
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.rewrites.intervals import Interval, channels_of

Mask = npt.NDArray[np.bool_]
Masks = dict[int, Mask]


def find_live_channels(program: Program, intervals: Mapping[int, Interval]) -> Masks:
    """Return for each value which of its channels must be computed, at least one of each."""
    masks = {index: np.zeros(channels_of(value), np.bool_) for index, value in program.values.items()}
    for index in (*program.inputs, *program.outputs):
        masks[index][:] = True
    search = _Search(program, intervals, masks)
    search.grow()
    for index, mask in masks.items():
        if not mask.any():
            mask[0] = True
            search.grow((index,))
    return masks


class _Search:
    """The masks while they grow."""

    def __init__(self, program: Program, intervals: Mapping[int, Interval], masks: Masks) -> None:
        self._steps = program.steps
        self._intervals = intervals
        self._masks = masks
        self._touching: dict[int, list[int]] = {index: [] for index in masks}
        for number, step in enumerate(program.steps):
            for index in {*step.inputs, *step.outputs}:
                self._touching[index].append(number)

    def grow(self, changed: Sequence[int] | None = None) -> None:
        """Apply rules until no mask changes: all of them first, or those of the steps that touch some values."""
        waiting = {*range(len(self._steps))} if changed is None else {n for one in changed for n in self._touching[one]}
        while waiting:
            number = max(waiting)
            waiting.discard(number)
            step = self._steps[number]
            for index, needed in _RULES.get(type(step.operation), _all)(step, self._masks, self._intervals):
                if np.any(needed & ~self._masks[index]):
                    self._masks[index] |= needed
                    waiting.update(self._touching[index])


Needs = list[tuple[int, Mask]]
Rule = Callable[[Step, Masks, Mapping[int, Interval]], Needs]


def _all(step: Step, masks: Masks, _: Mapping[int, Interval]) -> Needs:
    return [(index, np.ones_like(masks[index])) for index in (*step.inputs, *step.outputs)]


def contributing(interval: Interval, zero_point: int, *, has_margins: bool) -> Mask:
    """Return which channels cannot become part of a bias: those that vary, or differ from what margins hold."""
    differs: Mask = interval.lowest != zero_point
    return ~interval.is_constant | differs if has_margins else ~interval.is_constant


def is_grouped(convolution: Convolution, channels: int) -> bool:
    """Whether output channels read a part of the input channels only."""
    return convolution.weights.shape[3] != channels


def _convolution(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: Convolution = step.operation  # type: ignore[assignment]
    (source,), (output,) = step.inputs, step.outputs
    if is_grouped(one, len(masks[source])):
        return _all(step, masks, intervals)
    used = one.weights[masks[output]].any(axis=(0, 1, 2))
    varies = contributing(intervals[source], one.input_zero_point, has_margins=not one.window.margins.is_empty)
    return [(source, used & varies)]


def _depthwise(step: Step, masks: Masks, _: Mapping[int, Interval]) -> Needs:
    """Tie each input channel to all of its outputs."""
    one: DepthwiseConvolution = step.operation  # type: ignore[assignment]
    (source,), (output,) = step.inputs, step.outputs
    needed = masks[source] | masks[output].reshape(-1, one.multiplier).any(axis=1)
    return [(source, needed), (output, np.repeat(needed, one.multiplier))]


def _fully_connected(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: FullyConnected = step.operation  # type: ignore[assignment]
    (source,), (output,) = step.inputs, step.outputs
    channels, inputs = len(masks[source]), one.weights.shape[1]
    if inputs % channels:
        return _all(step, masks, intervals)
    used = (one.weights[masks[output]] != one.weights_zero_point).any(axis=0).reshape(-1, channels).any(axis=0)
    return [(source, used & contributing(intervals[source], one.input_zero_point, has_margins=False))]


def _tied(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    """Tie channel to channel."""
    indices = (*step.inputs, *step.outputs)
    if len({len(masks[index]) for index in indices}) > 1:
        return _all(step, masks, intervals)
    needed = np.any([masks[index] for index in indices], axis=0)
    return [(index, needed) for index in indices]


def _pair(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    """Tie sides that have as many channels as the output; one that is broadcast along them is needed."""
    (output,) = step.outputs
    wide = [index for index in step.inputs if len(masks[index]) == len(masks[output])]
    needed = np.any([masks[index] for index in (*wide, output)], axis=0)
    narrow = [(index, np.ones_like(masks[index])) for index in step.inputs if index not in wide]
    return [*((index, needed) for index in (*wide, output)), *narrow]


def _view(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    """Tie channels of an image to the elements of the line that it is seen as, or the other way round."""
    (source,), (output,) = step.inputs, step.outputs
    few, many = sorted((source, output), key=lambda index: len(masks[index]))
    channels = len(masks[few])
    if len(masks[many]) % channels:
        return _all(step, masks, intervals)
    repeats = len(masks[many]) // channels
    needed = masks[few] | masks[many].reshape(repeats, channels).any(axis=0)
    return [(few, needed), (many, np.tile(needed, repeats))]


def _mean(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: Mean = step.operation  # type: ignore[assignment]
    return (_all if len(one.shape) - 1 in one.axes else _tied)(step, masks, intervals)


def _pad(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: Pad = step.operation  # type: ignore[assignment]
    return (_all if any((*one.before[-1:], *one.after[-1:])) else _tied)(step, masks, intervals)


def _slices(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: Slices = step.operation  # type: ignore[assignment]
    is_whole = one.strides[-1] == 1 and all(extents[-1] == one.shape[-1] for extents in one.extents)
    return (_tied if is_whole else _all)(step, masks, intervals)


def _transpose(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    one: Transpose = step.operation  # type: ignore[assignment]
    return (_tied if one.permutation[-1] == len(one.permutation) - 1 else _all)(step, masks, intervals)


def _concatenation(step: Step, masks: Masks, intervals: Mapping[int, Interval]) -> Needs:
    """Tie parts along the channels to their place in the output, and others to all of it."""
    one: Concatenation = step.operation  # type: ignore[assignment]
    if one.axis != len(one.shapes[0]) - 1:
        return _tied(step, masks, intervals)
    (output,) = step.outputs
    needs, begin = [], 0
    remaining = iter(step.inputs)
    whole = masks[output].copy()
    for shape, constant in zip(one.shapes, one.constants, strict=True):
        place = slice(begin, begin + shape[-1])
        begin += shape[-1]
        if constant is None:
            index = next(remaining)
            whole[place] |= masks[index]
            needs.append((index, masks[output][place]))
    return [*needs, (output, whole)]


_RULES: dict[type, Rule] = {
    Convolution: _convolution,
    DepthwiseConvolution: _depthwise,
    FullyConnected: _fully_connected,
    Addition: _pair,
    Multiplication: _pair,
    Extreme: _pair,
    Pool: _tied,
    Mean: _mean,
    Table: _tied,
    Resize: _tied,
    Reinterpretation: _view,
    Pad: _pad,
    Concatenation: _concatenation,
    Slices: _slices,
    Transpose: _transpose,
}
