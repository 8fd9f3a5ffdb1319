"""Dead channels removed: those that are the same for every input become part of biases, unread ones are left out.

What a convolution reads of a constant channel is constant too, margins included where they hold the same element;
it is added to the bias. Exact for any input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    Operand,
    Operation,
    Pad,
    Requantization,
    Slices,
    Transpose,
)
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.codegen.rewrites.editing import rebuild
from edgewright.pipeline.codegen.rewrites.intervals import Interval, find_intervals
from edgewright.pipeline.codegen.rewrites.liveness import Mask, find_live_channels


def rewrite(program: Program) -> Program:
    """Return a program without channels that need not be computed; values that lost some are not exact any more."""
    intervals = find_intervals(program)
    masks = find_live_channels(program, intervals)
    if all(mask.all() for mask in masks.values()):
        return program
    cut = [
        replace(value, shape=(*value.shape[:-1], int(masks[index].sum())), is_exact=False)
        for index, value in program.values.items()
        if not masks[index].all()
    ]
    steps = []
    for step in program.steps:
        sources = [_Source(live=masks[index], interval=intervals[index]) for index in step.inputs]
        edit = _EDITS.get(type(step.operation), _unchanged)
        steps.append(replace(step, operation=edit(step.operation, sources, [masks[index] for index in step.outputs])))
    return rebuild(program, steps, cut)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Source:
    """What is known of the channels of a step's input."""

    live: Mask
    interval: Interval

    def constants(self, zero_point: int, inputs: int) -> npt.NDArray[np.int64]:
        """Return what each channel that is left out always holds, without zero point; 0 for others."""
        numbers = np.where(self.live | ~self.interval.is_constant, 0, self.interval.lowest - zero_point)
        return np.tile(numbers, inputs // len(numbers))

    def kept(self, inputs: int) -> Mask:
        """Return which of so many inputs are kept, the channels repeated."""
        return np.tile(self.live, inputs // len(self.live))


Edit = Callable[[Any, Sequence[_Source], Sequence[Mask]], Operation]


def _unchanged(one: Operation, _: Sequence[_Source], __: Sequence[Mask]) -> Operation:
    return one


def _convolution(one: Convolution, sources: Sequence[_Source], outputs: Sequence[Mask]) -> Operation:
    (source,), (live,) = sources, outputs
    inputs = one.weights.shape[3]
    if inputs != len(source.live):
        return one
    weights = one.weights[live]
    added = weights.astype(np.int64).sum(axis=(1, 2)) @ source.constants(one.input_zero_point, inputs)
    return replace(
        one,
        weights=np.ascontiguousarray(weights[..., source.live]),
        biases=(one.biases[live] + added).astype(np.int32),
        requantization=_cut(one.requantization, live),
    )


def _depthwise(one: DepthwiseConvolution, _: Sequence[_Source], outputs: Sequence[Mask]) -> Operation:
    (live,) = outputs
    return replace(
        one,
        weights=np.ascontiguousarray(one.weights[..., live]),
        biases=one.biases[live],
        requantization=_cut(one.requantization, live),
    )


def _fully_connected(one: FullyConnected, sources: Sequence[_Source], outputs: Sequence[Mask]) -> Operation:
    (source,), (live,) = sources, outputs
    inputs = one.weights.shape[1]
    weights = one.weights[live]
    if inputs % len(source.live) == 0:
        added = (weights.astype(np.int64) - one.weights_zero_point) @ source.constants(one.input_zero_point, inputs)
        weights, biases = weights[:, source.kept(inputs)], one.biases[live] + added
    else:
        biases = one.biases[live].astype(np.int64)
    return replace(
        one,
        weights=np.ascontiguousarray(weights),
        biases=biases.astype(np.int32),
        requantization=_cut(one.requantization, live),
    )


def _pair(one: Addition | Multiplication | Extreme, _: Sequence[_Source], outputs: Sequence[Mask]) -> Operation:
    (live,) = outputs
    shape = (*one.shape[:-1], int(live.sum())) if one.shape else one.shape
    return replace(one, left=_side(one.left, live), right=_side(one.right, live), shape=shape)


def _side(side: Operand, live: Mask) -> Operand:
    if not side.shape or side.shape[-1] != len(live):
        return side
    constant = None if side.constant is None else np.ascontiguousarray(side.constant[..., live])
    return replace(side, shape=(*side.shape[:-1], int(live.sum())), constant=constant)


def _shaped(one: Mean | Pad | Transpose, sources: Sequence[_Source], _: Sequence[Mask]) -> Operation:
    return replace(one, shape=(*one.shape[:-1], int(sources[0].live.sum()))) if one.shape else one


def _slices(one: Slices, sources: Sequence[_Source], _: Sequence[Mask]) -> Operation:
    live = sources[0].live
    if live.all():
        return one
    count = int(live.sum())
    extents = tuple((*extent[:-1], count) for extent in one.extents)
    return replace(one, shape=(*one.shape[:-1], count), extents=extents)


def _concatenation(one: Concatenation, _: Sequence[_Source], outputs: Sequence[Mask]) -> Operation:
    """Cut each part as its place in the output is cut; every computed part keeps a channel."""
    (live,) = outputs
    is_along_channels = one.axis == len(one.shapes[0]) - 1
    shapes, constants, begin = [], [], 0
    for shape, constant in zip(one.shapes, one.constants, strict=True):
        place = live[begin : begin + shape[-1]] if is_along_channels else live
        begin += shape[-1]
        if constant is None or place.any():
            shapes.append((*shape[:-1], int(place.sum())))
            constants.append(None if constant is None else np.ascontiguousarray(constant[..., place]))
    return replace(one, shapes=tuple(shapes), constants=tuple(constants))


def _cut(requantization: Requantization, live: Mask) -> Requantization:
    if len(requantization.multipliers) == 1:
        return requantization
    return replace(requantization, multipliers=requantization.multipliers[live], shifts=requantization.shifts[live])


_EDITS: dict[type, Edit] = {
    Convolution: _convolution,
    DepthwiseConvolution: _depthwise,
    FullyConnected: _fully_connected,
    Addition: _pair,
    Multiplication: _pair,
    Extreme: _pair,
    Mean: _shaped,
    Pad: _shaped,
    Transpose: _shaped,
    Slices: _slices,
    Concatenation: _concatenation,
}
