"""PAD and PADV2."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.blocks import BLOCK, BYTE_COST, Block, make_block, strides_of
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.operations import Pad
from edgewright.pipeline.codegen.program import Program, Step


def _pad(step: Step) -> Pad:
    return operation_of(step, Pad)


def _block(step: Step) -> Block:
    pad = _pad(step)
    padded = [sum(extents) for extents in zip(pad.before, pad.shape, pad.after, strict=True)]
    strides = strides_of(padded)
    begin = sum(before * stride for before, stride in zip(pad.before, strides, strict=True))
    return make_block(pad.shape, strides_of(pad.shape), strides, (0, begin))


def _accepts(step: Step, program: Program) -> bool:
    return _block(step).is_short


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    output_bytes = program.values[step.outputs[0]].nbytes
    return Call(
        kernel=kernel, fields=facts(fill=_pad(step).fill, output_bytes=output_bytes, block=_block(step).array())
    )  # fmt: skip


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return _block(step).cost + BYTE_COST * program.values[step.outputs[0]].nbytes


KERNELS = (Kernel(name="pad", operation=Pad, accepts=_accepts, lower=_lower, cost=_cost, helpers=(BLOCK,)),)
