"""STRIDED_SLICE and SPLIT: one block for each output."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.blocks import BLOCK, Block, make_block, overlap, strides_of
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of, table
from edgewright.pipeline.codegen.operations import Slices
from edgewright.pipeline.codegen.program import Program, Step


def _blocks(step: Step) -> list[Block]:
    one = operation_of(step, Slices)
    strides = strides_of(one.shape)
    steps = [stride * number for stride, number in zip(strides, one.strides, strict=True)]
    return [
        make_block(extents, steps, strides_of(extents), (sum(map(int.__mul__, strides, begins)), 0))
        for begins, extents in zip(one.begins, one.extents, strict=True)
    ]


def _is_one(step: Step, program: Program) -> bool:
    return len(step.outputs) == 1 and _are_several(step, program)


def _are_several(step: Step, program: Program) -> bool:
    return all(block.is_short for block in _blocks(step))


def _lower_one(kernel: Kernel, step: Step, program: Program) -> Call:
    (block,) = _blocks(step)
    return Call(kernel=kernel, fields=facts(block=block.array()), overlap=overlap(block))


def _lower_several(kernel: Kernel, step: Step, program: Program) -> Call:
    blocks = _blocks(step)
    numbers = [number for output, block in enumerate(blocks) for number in (0, output, *block.numbers)]
    return Call(kernel=kernel, fields=facts(count=len(blocks), blocks=table(numbers)))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return sum(block.cost for block in _blocks(step))


def _cost_of_several(step: Step, program: Program, core: CodegenCore) -> float:
    return _cost(step, program, core) + 1.0


KERNELS = (
    Kernel(name="copy", operation=Slices, accepts=_is_one, lower=_lower_one, cost=_cost, helpers=(BLOCK,)),
    Kernel(
        name="copies",
        operation=Slices,
        accepts=_are_several,
        lower=_lower_several,
        cost=_cost_of_several,
        has_arrays=True,
        helpers=(BLOCK,),
    ),
)
