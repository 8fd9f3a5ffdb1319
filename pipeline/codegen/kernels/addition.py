"""ADD and SUB: one linear expression where it is exact, else both sides rescaled as TensorFlow Lite Micro does it."""

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
from edgewright.pipeline.codegen.kernels.linear import linear
from edgewright.pipeline.codegen.kernels.reference import REQUANTIZE
from edgewright.pipeline.codegen.operations import Addition, Arithmetic
from edgewright.pipeline.codegen.program import Program, Step

GENERAL_COST = 95.0
LINEAR_COST = 11.0
"""Instructions for one element, roughly."""


def _operation(step: Step) -> Addition:
    return operation_of(step, Addition)


def _is_linear(step: Step, program: Program) -> bool:
    operation = _operation(step)
    is_alike = operation.left.shape == operation.right.shape == operation.shape
    return is_alike and linear(operation) is not None


def _lower_general(kernel: Kernel, step: Step, program: Program) -> Call:
    one = _operation(step)
    rescaling = one.requantization
    fields = facts(
        walk=walk_table(one),
        left_shift=one.left_shift,
        left_zero_point=one.left.zero_point,
        left_multiplier=one.left.multiplier,
        left_rescaling=one.left.shift,
        right_zero_point=one.right.zero_point,
        right_multiplier=one.right.multiplier,
        right_rescaling=one.right.shift,
        sign=1 if one.kind is Arithmetic.ADD else -1,
        multiplier=int(rescaling.multipliers[0]),
        shift=int(rescaling.shifts[0]),
        output_zero_point=rescaling.zero_point,
        minimum=rescaling.minimum,
        maximum=rescaling.maximum,
    )
    return Call(kernel=kernel, fields=fields, inputs=arguments(one), overlap=overlap(one))


def _lower_linear(kernel: Kernel, step: Step, program: Program) -> Call:
    one = _operation(step)
    found = linear(one)
    if found is None:
        raise ValueError("No linear expression equals this sum; the kernel should not have accepted it.")
    fields = facts(
        count=math.prod(one.shape),
        left_factor=found.left_factor,
        right_factor=found.right_factor,
        offset=found.offset,
        shift=found.shift,
        minimum=one.requantization.minimum,
        maximum=one.requantization.maximum,
    )
    return Call(kernel=kernel, fields=fields, inputs=arguments(one), overlap=overlap(one))


def _general_cost(step: Step, program: Program, core: CodegenCore) -> float:
    return GENERAL_COST * math.prod(_operation(step).shape)


def _linear_cost(step: Step, program: Program, core: CodegenCore) -> float:
    return LINEAR_COST * math.prod(_operation(step).shape)


KERNELS = (
    table_kernel(Addition),
    Kernel(
        name="addition_linear", operation=Addition, accepts=_is_linear, lower=_lower_linear, cost=_linear_cost
    ),
    Kernel(
        name="addition",
        operation=Addition,
        accepts=is_walkable,
        lower=_lower_general,
        cost=_general_cost,
        helpers=(REQUANTIZE, WALK),
    ),
)  # fmt: skip
