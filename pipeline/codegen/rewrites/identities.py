"""Identities dropped: a step that gives the bytes that it is given becomes a view, and a view of a view one view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgewright.pipeline.codegen.operations import (
    Concatenation,
    Operation,
    Pad,
    Pool,
    Reinterpretation,
    Resize,
    Slices,
    Table,
    Transpose,
)
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.rewrites.editing import rebuild


def rewrite(program: Program) -> Program:
    """Return a program whose steps all do something, views aside."""
    viewed: dict[int, int] = {}
    steps = []
    for step in program.steps:
        if len(step.inputs) == len(step.outputs) == 1 and _is_identity(program, step):
            source = viewed.get(step.inputs[0], step.inputs[0])
            viewed[step.outputs[0]] = source
            steps.append(replace(step, operation=Reinterpretation(), inputs=(source,)))
        else:
            steps.append(step)
    return rebuild(program, steps)


def _is_identity(program: Program, step: Step) -> bool:
    source, output = (program.values[index] for index in (*step.inputs, *step.outputs))
    return source.nbytes == output.nbytes and source.dtype is output.dtype and _keeps(step.operation, source.shape)


def _keeps(operation: Operation, shape: tuple[int, ...]) -> bool:
    """Whether an operation whose output has as many elements as its input keeps them all in place."""
    if isinstance(operation, Table):
        return bool(np.array_equal(operation.entries, np.arange(-128, 128)))
    if isinstance(operation, Pool):
        window = operation.window
        is_single = (window.height, window.width, window.stride_height, window.stride_width) == (1, 1, 1, 1)
        return is_single and (operation.minimum, operation.maximum) == (-128, 127)
    if isinstance(operation, Transpose):
        moved = [axis for axis in operation.permutation if operation.shape[axis] != 1]
        return moved == sorted(moved)
    if isinstance(operation, Resize):
        return operation.rows == (*range(shape[1]),) and operation.columns == (*range(shape[2]),)
    if isinstance(operation, Slices):
        return all(stride > 0 or extent == 1 for stride, extent in zip(operation.strides, operation.shape, strict=True))
    return isinstance(operation, Reinterpretation | Concatenation | Pad)
