"""MUL, with broadcasting."""

from __future__ import annotations

import math

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.broadcasting import (
    WALK,
    arguments,
    is_walkable,
    overlap,
    table_kernel,
    walk_table,
)
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.kernels.reference import REQUANTIZE
from edgewright.pipeline.codegen.operations import Multiplication
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 48.0
"""Instructions for one element, roughly."""


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    one = operation_of(step, Multiplication)
    rescaling = one.requantization
    fields = facts(
        walk=walk_table(one),
        left_zero_point=one.left.zero_point,
        right_zero_point=one.right.zero_point,
        multiplier=int(rescaling.multipliers[0]),
        shift=int(rescaling.shifts[0]),
        output_zero_point=rescaling.zero_point,
        minimum=rescaling.minimum,
        maximum=rescaling.maximum,
    )
    return Call(kernel=kernel, fields=fields, inputs=arguments(one), overlap=overlap(one))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return ELEMENT_COST * math.prod(operation_of(step, Multiplication).shape)


KERNELS = (
    table_kernel(Multiplication),
    Kernel(
        name="multiplication",
        operation=Multiplication,
        accepts=is_walkable,
        lower=_lower,
        cost=_cost,
        helpers=(REQUANTIZE, WALK),
    ),
)
