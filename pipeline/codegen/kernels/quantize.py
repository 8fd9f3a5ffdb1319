"""QUANTIZE of float32 to int8."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import ascending, facts, operation_of
from edgewright.pipeline.codegen.operations import Quantize
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 60.0
"""Instructions for one element, roughly: without an FPU several times as many."""
FLOAT_BYTES = 4


def _accepts(step: Step, program: Program) -> bool:
    return True


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    one = operation_of(step, Quantize)
    count = program.values[step.outputs[0]].element_count
    fields = facts(count=count, scale=float(one.scale), zero_point=one.zero_point)
    return Call(kernel=kernel, fields=fields, overlap=ascending(FLOAT_BYTES * np.arange(count, dtype=np.int64)))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return ELEMENT_COST * program.values[step.outputs[0]].element_count


KERNELS = (Kernel(name="quantize", operation=Quantize, accepts=_accepts, lower=_lower, cost=_cost),)
