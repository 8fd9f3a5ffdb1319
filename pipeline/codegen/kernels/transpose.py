"""TRANSPOSE: one block, in the order of the output."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.blocks import BLOCK, Block, make_block, overlap, strides_of
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.operations import Transpose
from edgewright.pipeline.codegen.program import Program, Step


def _block(step: Step) -> Block:
    one = operation_of(step, Transpose)
    strides = strides_of(one.shape)
    extents = [one.shape[axis] for axis in one.permutation]
    return make_block(extents, [strides[axis] for axis in one.permutation], strides_of(extents))


def _accepts(step: Step, program: Program) -> bool:
    return _block(step).is_short


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    block = _block(step)
    return Call(kernel=kernel, fields=facts(block=block.array()), overlap=overlap(block))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return _block(step).cost


KERNELS = (
    Kernel(name="copy", operation=Transpose, accepts=_accepts, lower=_lower, cost=_cost, helpers=(BLOCK,)),
)  # fmt: skip
