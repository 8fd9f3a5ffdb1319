"""Element-wise operations of two operands: how a kernel walks over them, and what it may overwrite."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import Array, Call, Kernel, Overlap
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.evaluation import compute
from edgewright.pipeline.codegen.kernels.facts import table
from edgewright.pipeline.codegen.kernels.table import ENTRIES, table_call, table_cost
from edgewright.pipeline.codegen.operations import Addition, Extreme, Multiplication, Operand
from edgewright.pipeline.codegen.program import Program, Step

TwoSided = Addition | Multiplication | Extreme

WALK = "edgewright_broadcast"
AXES = 4
"""How many axes a walk has."""

_Axis = tuple[int, bool, bool]
"""Extent, and whether the left and the right side have it."""


def walk(operation: TwoSided) -> npt.NDArray[np.int32] | None:
    """Return extents of four axes, then the left and the right strides along them; None where four are too few."""
    axes = _merged(operation)
    if len(axes) > AXES:
        return None
    axes = [(1, False, False)] * (AXES - len(axes)) + axes
    strides = [_strides([axis[0] if axis[side] else 0 for axis in axes]) for side in (1, 2)]
    return np.array([[extent for extent, _, _ in axes], *strides], np.int32).reshape(-1)


def is_walkable(step: Step, program: Program) -> bool:
    """Whether four axes are enough."""
    return walk(two_sided(step)) is not None


def two_sided(step: Step) -> TwoSided:
    """Return the operation of a step that has two operands."""
    if not isinstance(step.operation, TwoSided):
        raise TypeError(f"An operation of two sides was expected, not {type(step.operation).__name__}.")
    return step.operation


def arguments(operation: TwoSided) -> tuple[int | Array, ...] | None:
    """Return what is passed as left and right; None where both are values."""
    if operation.left.constant is None and operation.right.constant is None:
        return None
    positions = iter(range(2))
    return tuple(
        next(positions) if side.constant is None else Array(values=side.constant.reshape(-1))
        for side in (operation.left, operation.right)
    )


def overlap(operation: TwoSided) -> Overlap:
    """Return which of the values the output may take the place of: those that are not broadcast."""
    sides = (operation.left, operation.right)
    whole = [side.shape == operation.shape for side in sides if side.constant is None]
    first, second, *_ = (*whole, False, False)
    return Overlap(is_in_place=first, is_second_in_place=second)


def table_kernel(kind: type) -> Kernel:
    """Return the kernel for operations of one value and one constant number: a table of 256 bytes."""
    return Kernel(name="table", operation=kind, accepts=_is_of_one_byte, lower=_lower_to_table, cost=_table_cost)


def scalar_side(operation: TwoSided) -> Operand | None:
    """Return the side that is one constant number, where the other one is a value of the output's shape."""
    for one, other in ((operation.left, operation.right), (operation.right, operation.left)):
        if one.constant is not None and one.constant.size == 1 and other.constant is None:
            return one if other.shape == operation.shape else None
    return None


def _is_of_one_byte(step: Step, program: Program) -> bool:
    return scalar_side(two_sided(step)) is not None


def _lower_to_table(kernel: Kernel, step: Step, program: Program) -> Call:
    operation = two_sided(step)
    bytes_ = np.arange(-128, 128, dtype=np.int8)
    left, right = (_lined_up(side) for side in (operation.left, operation.right))
    (entries,) = compute(dataclasses.replace(operation, left=left, right=right, shape=(ENTRIES,)), [bytes_])
    return table_call(kernel, entries.reshape(-1), math.prod(operation.shape))


def _lined_up(side: Operand) -> Operand:
    """Return a side over all bytes in turn."""
    if side.constant is None:
        return dataclasses.replace(side, shape=(ENTRIES,))
    return dataclasses.replace(side, shape=(1,), constant=side.constant.reshape(1))


def _table_cost(step: Step, program: Program, core: CodegenCore) -> float:
    return table_cost(math.prod(two_sided(step).shape))


def _merged(operation: TwoSided) -> list[_Axis]:
    """Return the axes of the output, neighbours that are broadcast alike as one, and those of extent 1 left out."""
    axes: list[_Axis] = []
    for extent, left, right in zip(operation.shape, operation.left.shape, operation.right.shape, strict=True):
        axis = (extent, left == extent, right == extent)
        if extent == 1:
            continue
        if axes and axes[-1][1:] == axis[1:]:
            axis = (axes.pop()[0] * extent, *axis[1:])
        axes.append(axis)
    return axes


def _strides(extents: Sequence[int]) -> list[int]:
    """Return the strides of an array with these extents, 0 along axes that it does not have (of extent 0)."""
    strides, stride = [], 1
    for extent in reversed(extents):
        strides.append(stride if extent else 0)
        stride *= extent or 1
    return strides[::-1]


def walk_table(operation: TwoSided) -> Array:
    """Return the walk as a constant."""
    return table(walk(operation))  # type: ignore[arg-type]
