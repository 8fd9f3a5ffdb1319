"""What the modules of kernels write again and again: the operation of a step, members of facts, facts of overlap."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import Array, Field, Overlap
from edgewright.pipeline.codegen.program import Step

OperationT = TypeVar("OperationT")

IN_PLACE = Overlap(is_in_place=True)
"""Of a kernel of one input that works element by element."""


def operation_of(step: Step, kind: type[OperationT]) -> OperationT:
    """Return the operation of a step whose kernel is for that kind.

    Raises:
        TypeError: it is of another kind (a defect: kernels are asked for their own kind only).
    """
    if not isinstance(step.operation, kind):
        raise TypeError(f"A kernel for {kind.__name__} was given a step of {type(step.operation).__name__}.")
    return step.operation


def facts(**members: float | Array) -> tuple[Field, ...]:
    """Return members in the order of the header; a float is a float32."""
    return tuple(Field(name=name, value=value) for name, value in members.items())


def table(values: npt.ArrayLike, dtype: str = "int32") -> Array:
    """Return numbers that steer a kernel and are no part of the model."""
    return Array(values=np.ascontiguousarray(values, dtype).reshape(-1), is_weights=False)


def ascending(needed: npt.NDArray[np.int64], group_bytes: int = 1) -> Overlap:
    """Return the overlap of a kernel that writes group after group, each after everything that it needs is read.

    Args:
        needed: for each group the first byte of the input that it reads.
        group_bytes: of the output.
    """
    first_needed = np.minimum.accumulate(needed[::-1])[::-1]
    return Overlap(group_bytes=group_bytes, first_needed=np.ascontiguousarray(first_needed))
