"""RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.blocks import BYTE_COST, RUN_COST
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of, table
from edgewright.pipeline.codegen.operations import Resize
from edgewright.pipeline.codegen.program import Program, Step

MOST_ROWS = 2**15
"""Rows or columns of the input that an int16 counts."""


def _resize(step: Step) -> Resize:
    return operation_of(step, Resize)


def _accepts(step: Step, program: Program) -> bool:
    return max(program.values[step.inputs[0]].shape[1:3]) <= MOST_ROWS


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    one = _resize(step)
    _, _, width, channels = program.values[step.inputs[0]].shape
    fields = facts(
        input_width=width,
        channels=channels,
        output_height=len(one.rows),
        output_width=len(one.columns),
        rows=table(one.rows, "int16"),
        columns=table(one.columns, "int16"),
    )
    return Call(kernel=kernel, fields=fields)


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    one, channels = _resize(step), program.values[step.inputs[0]].shape[3]
    return len(one.rows) * len(one.columns) * (RUN_COST + BYTE_COST * channels)


KERNELS = (Kernel(name="resize", operation=Resize, accepts=_accepts, lower=_lower, cost=_cost),)
