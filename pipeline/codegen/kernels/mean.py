"""MEAN over any axes."""

from __future__ import annotations

import math

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel, Overlap
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import ascending, facts, operation_of
from edgewright.pipeline.codegen.kernels.reference import REQUANTIZE
from edgewright.pipeline.codegen.operations import Mean
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 6.0
OUTPUT_COST = 40.0
"""Instructions for one element and for one output, roughly."""
GROUPS = 5
"""Axes that the kernel knows: kept, reduced, kept, reduced, kept."""


def _mean(step: Step) -> Mean:
    return operation_of(step, Mean)


def _groups(mean: Mean) -> list[int]:
    """Return the extents of neighbouring axes that are kept or reduced alike, a kept one first; at least five.

    One reduced group becomes the second of the two: the inner one of the kernel's loops.
    """
    extents = [1]
    for axis, extent in enumerate(mean.shape):
        is_reduced = axis in mean.axes
        if extent == 1:
            continue
        if is_reduced == (len(extents) % 2 == 0):
            extents[-1] *= extent
        else:
            extents.append(extent)
    extents += [1] * (3 - len(extents))
    if len(extents) == 3:
        return [extents[0], 1, 1, *extents[1:]]
    return extents + [1] * (GROUPS - len(extents))


def _accepts(step: Step, program: Program) -> bool:
    return len(_groups(_mean(step))) == GROUPS


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    mean = _mean(step)
    outer, rows, middle, columns, inner = _groups(mean)
    rescaling = mean.requantization
    fields = facts(
        outer=outer,
        rows=rows,
        middle=middle,
        columns=columns,
        inner=inner,
        input_zero_points=mean.input_zero_point * rows * columns,
        multiplier=int(rescaling.multipliers[0]),
        shift=int(rescaling.shifts[0]),
        output_zero_point=rescaling.zero_point,
        minimum=rescaling.minimum,
        maximum=rescaling.maximum,
    )
    return Call(kernel=kernel, fields=fields, overlap=_overlap(outer, rows, middle, columns, inner))


def _overlap(outer: int, rows: int, middle: int, columns: int, inner: int) -> Overlap:
    """Return that every element of the output reads nothing before the first element of its sum."""
    starts = (np.arange(outer)[:, None] * rows * middle + np.arange(middle)[None, :]) * columns * inner
    return ascending((starts[:, :, None] + np.arange(inner)).reshape(-1).astype(np.int64))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return ELEMENT_COST * math.prod(_mean(step).shape) + OUTPUT_COST * program.values[step.outputs[0]].element_count


KERNELS = (Kernel(name="mean", operation=Mean, accepts=_accepts, lower=_lower, cost=_cost, helpers=(REQUANTIZE,)),)
