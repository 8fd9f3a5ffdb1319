"""Constant folding: what follows from constants alone is computed now, and an operation that can hold it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.evaluation import evaluate_step
from edgewright.pipeline.codegen.operations import (
    Addition,
    Concatenation,
    Extreme,
    Int8s,
    Multiplication,
    Operand,
    Operation,
)
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.rewrites.editing import rebuild
from edgewright.pipeline.graph import DType

Known = Mapping[int, Int8s]


def rewrite(program: Program) -> Program:
    """Return a program in which no step computes what is known before it runs."""
    known: dict[int, npt.NDArray[Any]] = {}
    steps = []
    for step in program.steps:
        if all(index in known for index in step.inputs) and _is_int8(program, step):
            found = evaluate_step(step, program, known)
            known.update(found)
            steps += [_constant_step(index, array, step.layers) for index, array in found.items()]
        else:
            steps.append(_absorb(step, known))
    return rebuild(program, steps)


def _is_int8(program: Program, step: Step) -> bool:
    return all(program.values[index].dtype is DType.INT8 for index in step.outputs)


def _constant_step(index: int, array: Int8s, layers: tuple[int, ...]) -> Step:
    content = np.ascontiguousarray(array).reshape(array.shape or (1,))
    operation = Concatenation(axis=0, shapes=(content.shape,), constants=(content,))
    return Step(operation=operation, inputs=(), outputs=(index,), layers=layers)


def _absorb(step: Step, known: Known) -> Step:
    """Put constants into an operation that has places for them."""
    operation: Operation = step.operation
    if not any(index in known for index in step.inputs):
        return step
    if isinstance(operation, Addition | Multiplication | Extreme):
        indices = iter(step.inputs)
        left, right = (_held(side, indices, known) for side in (operation.left, operation.right))
        operation = replace(operation, left=left, right=right)
    elif isinstance(operation, Concatenation):
        indices = iter(step.inputs)
        constants = tuple(
            known.get(next(indices)) if constant is None else constant for constant in operation.constants
        )
        operation = replace(operation, constants=constants)
    else:
        return step
    return replace(step, operation=operation, inputs=tuple(index for index in step.inputs if index not in known))


def _held(side: Operand, indices: Any, known: Known) -> Operand:
    if side.constant is not None:
        return side
    content = known.get(next(indices))
    return side if content is None else replace(side, constant=content.reshape(side.shape))
