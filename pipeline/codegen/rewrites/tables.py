"""Functions of one element as tables: an operation with a constant of one element, and a table after a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgewright.pipeline.codegen.evaluation import compute
from edgewright.pipeline.codegen.operations import Addition, Extreme, Int8s, Multiplication, Operand, Table
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.rewrites.editing import read_counts, rebuild, sole_writer, writers

INPUTS = np.arange(-128, 128, dtype=np.int8)


def rewrite(program: Program) -> Program:
    """Return a program with tables instead of such operations, and one table instead of two."""
    program = rebuild(program, (_tabulated(step) for step in program.steps))
    written, counts = writers(program), read_counts(program)
    steps: list[Step] = []
    for one in program.steps:
        step = one
        if isinstance(one.operation, Table):
            before = sole_writer(program, one.inputs[0], written, counts)
            if before is not None and isinstance(before.operation, Table):
                entries = apply_table(one.operation, before.operation.entries)
                layers = (*before.layers, *one.layers)
                step = replace(before, operation=Table(entries=entries), outputs=one.outputs, layers=layers)
        written.update(dict.fromkeys(step.outputs, step))
        steps.append(step)
    return rebuild(program, steps)


def apply_table(table: Table, numbers: Int8s) -> Int8s:
    """Return a table's outputs for some inputs."""
    outputs: Int8s = table.entries[numbers.astype(np.int64) + 128]
    return outputs


def _tabulated(step: Step) -> Step:
    entries = _entries(step)
    return step if entries is None else replace(step, operation=Table(entries=entries), inputs=step.inputs[:1])


def _entries(step: Step) -> Int8s | None:
    """Return the table of an operation whose output follows from one element of one input."""
    operation = step.operation
    if not isinstance(operation, Addition | Multiplication | Extreme):
        return None
    variable = [side for side in (operation.left, operation.right) if side.constant is None]
    if any(side.shape != operation.shape for side in variable) or not _is_of_one(step, operation.left, operation.right):
        return None
    tabulated = replace(
        operation,
        left=_over_all(operation.left),
        right=_over_all(operation.right),
        shape=(256,),
    )
    (entries,) = compute(tabulated, [INPUTS] * len(variable))
    return entries.reshape(256)


def _is_of_one(step: Step, left: Operand, right: Operand) -> bool:
    constants = [side.constant for side in (left, right) if side.constant is not None]
    return len(set(step.inputs)) == 1 and all(constant.size == 1 for constant in constants)


def _over_all(side: Operand) -> Operand:
    if side.constant is None:
        return replace(side, shape=(256,))
    return replace(side, shape=(1,), constant=side.constant.reshape(1))
