"""Functions of one byte, by a table of 256."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Array, Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import IN_PLACE, facts, operation_of
from edgewright.pipeline.codegen.operations import Int8s, Table
from edgewright.pipeline.codegen.program import Program, Step

ENTRIES = 256
ELEMENT_COST = 4.0
"""Instructions for one element, roughly."""


def table_call(kernel: Kernel, entries: Int8s, count: int) -> Call:
    """Return the call that looks up so many bytes."""
    array = Array(values=entries, is_weights=False)
    return Call(kernel=kernel, fields=facts(count=count, entries=array), overlap=IN_PLACE)


def table_cost(count: int) -> float:
    """Return the instructions for so many bytes, roughly."""
    return ELEMENT_COST * count


def _accepts(step: Step, program: Program) -> bool:
    return True


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    return table_call(kernel, operation_of(step, Table).entries, program.values[step.outputs[0]].element_count)


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return table_cost(program.values[step.outputs[0]].element_count)


KERNELS = (Kernel(name="table", operation=Table, accepts=_accepts, lower=_lower, cost=_cost),)
