"""Kernels: one module for each kind of operation, one explicit tuple of all."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels import (
    addition,
    concatenation,
    convolution,
    depthwise,
    dequantize,
    extreme,
    fully_connected,
    mean,
    multiplication,
    pad,
    pool,
    quantize,
    reference,
    resize,
    slices,
    softmax,
    table,
    transpose,
)
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.options import DEFAULTS, KernelChoice, Options
from edgewright.pipeline.codegen.program import Program, Step

KERNELS: tuple[Kernel, ...] = (
    *reference.KERNELS,
    *convolution.KERNELS,
    *depthwise.KERNELS,
    *fully_connected.KERNELS,
    *addition.KERNELS,
    *concatenation.KERNELS,
    *dequantize.KERNELS,
    *extreme.KERNELS,
    *mean.KERNELS,
    *multiplication.KERNELS,
    *pad.KERNELS,
    *pool.KERNELS,
    *quantize.KERNELS,
    *resize.KERNELS,
    *slices.KERNELS,
    *softmax.KERNELS,
    *table.KERNELS,
    *transpose.KERNELS,
)
"""All kernels; of those that accept a step on a core the cheapest gets it."""


def choose(step: Step, program: Program, core: CodegenCore, options: Options = DEFAULTS) -> Call | None:
    """Choose the kernel of a step and prepare its constants.

    Args:
        step: of the program.
        program: tells shapes.
        core: what instructions there are.
        options: whether only the plain kernels may be taken.

    Returns:
        The call; None for a step that only gives bytes another shape.

    Raises:
        LookupError: no kernel accepts the step, for its shape or its number of axes.
    """
    if isinstance(step.operation, Reinterpretation):
        return None
    kernel, _ = candidates(step, program, core, options)[0]
    return kernel.lower(kernel, step, program)


def candidates(
    step: Step, program: Program, core: CodegenCore, options: Options = DEFAULTS
) -> tuple[tuple[Kernel, float], ...]:
    """Return the kernels that may be taken for a step, the cheapest first, each with its estimate of instructions.

    Raises:
        ValueError: no kernel accepts the step (a defect: what is read can be computed).
    """
    accepting = [
        kernel
        for kernel in KERNELS
        if isinstance(step.operation, kernel.operation)
        and kernel.needs <= core.features
        and kernel.accepts(step, program)
    ]
    if not accepting:
        raise LookupError(f"No kernel computes step {step.layers}, {type(step.operation).__name__}.")
    plain = [kernel for kernel in accepting if kernel.name.endswith("_ref")]
    tuned = [kernel for kernel in accepting if kernel not in plain]
    among = (plain or tuned) if options.kernels is KernelChoice.REFERENCE else (tuned or plain)
    costs = ((kernel, kernel.cost(step, program, core)) for kernel in among)
    return tuple(sorted(costs, key=lambda pair: pair[1]))
