"""CONCATENATION: one block for each part."""

from __future__ import annotations

import math

from edgewright.pipeline.codegen.call import Array, Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.blocks import BLOCK, Block, make_block, strides_of
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of, table
from edgewright.pipeline.codegen.operations import Concatenation
from edgewright.pipeline.codegen.program import Program, Step


def _concatenation(step: Step) -> Concatenation:
    return operation_of(step, Concatenation)


def _blocks(step: Step) -> list[Block]:
    """Return for each part its block: before the axis elements stay apart, behind it they are runs."""
    one = _concatenation(step)
    extent = sum(shape[one.axis] for shape in one.shapes)
    first = one.shapes[0]
    line = strides_of((*first[: one.axis], extent, *first[one.axis + 1 :]))
    blocks, begin = [], 0
    for shape in one.shapes:
        blocks.append(make_block(shape, strides_of(shape), line, (0, begin * line[one.axis])))
        begin += shape[one.axis]
    return blocks


def _arguments(one: Concatenation) -> tuple[int | Array, ...] | None:
    if all(constant is None for constant in one.constants):
        return None
    positions = iter(range(len(one.constants)))
    return tuple(
        next(positions) if constant is None else Array(values=constant.reshape(-1)) for constant in one.constants
    )


def _accepts(step: Step, program: Program) -> bool:
    return all(block.is_short for block in _blocks(step))


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    # A part without elements has nothing to copy, and may have no address.
    one = _concatenation(step)
    parts = [(part, block) for part, block in enumerate(_blocks(step)) if math.prod(one.shapes[part])]
    numbers = [number for part, block in parts for number in (part, 0, *block.numbers)]
    return Call(
        kernel=kernel, fields=facts(count=len(parts), blocks=table(numbers)), inputs=_arguments(one)
    )  # fmt: skip


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return sum(block.cost for block in _blocks(step))


KERNELS = (
    Kernel(
        name="copies",
        operation=Concatenation,
        accepts=_accepts,
        lower=_lower,
        cost=_cost,
        has_arrays=True,
        helpers=(BLOCK,),
    ),
)
