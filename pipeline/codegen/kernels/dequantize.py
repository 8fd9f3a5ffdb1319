"""DEQUANTIZE of int8 to float32."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel, Overlap
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.operations import Dequantize
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 30.0
"""Instructions for one element, roughly: without an FPU several times as many."""
FLOAT_BYTES = 4


def _accepts(step: Step, program: Program) -> bool:
    return True


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    one = operation_of(step, Dequantize)
    count = program.values[step.outputs[0]].element_count
    overlap = Overlap(
        group_bytes=FLOAT_BYTES, first_needed=np.arange(count, 0, -1, dtype=np.int64), is_descending=True
    )  # fmt: skip
    fields = facts(count=count, scale=float(one.scale), zero_point=one.zero_point)
    return Call(kernel=kernel, fields=fields, overlap=overlap)


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return ELEMENT_COST * program.values[step.outputs[0]].element_count


KERNELS = (Kernel(name="dequantize", operation=Dequantize, accepts=_accepts, lower=_lower, cost=_cost),)
