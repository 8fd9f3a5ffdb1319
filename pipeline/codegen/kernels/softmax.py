"""SOFTMAX over rows."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Array, Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import IN_PLACE, facts, operation_of
from edgewright.pipeline.codegen.operations import Softmax
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 45.0
ROW_COST = 200.0
"""Instructions for one element and for one row, roughly."""
MOST_ELEMENTS = 8191
"""Of a row, so that 32 bits hold the sum of its exponentials."""


def _softmax(step: Step) -> Softmax:
    return operation_of(step, Softmax)


def _accepts(step: Step, program: Program) -> bool:
    return _softmax(step).depth <= MOST_ELEMENTS


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    softmax = _softmax(step)
    exponentials = Array(values=softmax.exponentials, is_weights=False)
    fields = facts(rows=softmax.rows, depth=softmax.depth, exponentials=exponentials)
    return Call(kernel=kernel, fields=fields, overlap=IN_PLACE)


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    softmax = _softmax(step)
    return softmax.rows * (ROW_COST + ELEMENT_COST * softmax.depth)


KERNELS = (Kernel(name="softmax", operation=Softmax, accepts=_accepts, lower=_lower, cost=_cost),)
