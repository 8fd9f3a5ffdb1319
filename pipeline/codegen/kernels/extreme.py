"""MINIMUM and MAXIMUM, with broadcasting."""

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
from edgewright.pipeline.codegen.operations import Extreme, Extremum
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 20.0
"""Instructions for one element, roughly."""


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    one = operation_of(step, Extreme)
    fields = facts(walk=walk_table(one), is_maximum=int(one.kind is Extremum.MAXIMUM))
    return Call(kernel=kernel, fields=fields, inputs=arguments(one), overlap=overlap(one))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return ELEMENT_COST * math.prod(operation_of(step, Extreme).shape)


KERNELS = (
    table_kernel(Extreme),
    Kernel(name="extreme", operation=Extreme, accepts=is_walkable, lower=_lower, cost=_cost, helpers=(WALK,)),
)
