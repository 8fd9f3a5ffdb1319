"""What a program costs, whatever kernels it gets: multiply-accumulates of its steps."""

from __future__ import annotations

from edgewright.pipeline.codegen.operations import Convolution, DepthwiseConvolution, FullyConnected
from edgewright.pipeline.codegen.program import Program, Step


def step_macs(step: Step, program: Program) -> int:
    """Count the multiply-accumulates of one step, margins included; those of other operations count as 0."""
    operation = step.operation
    if isinstance(operation, FullyConnected):
        return operation.rows * operation.weights.size
    if isinstance(operation, Convolution | DepthwiseConvolution):
        (output,) = step.outputs
        value = program.values[output]
        return value.element_count // value.shape[-1] * operation.weights.size
    return 0


def program_macs(program: Program) -> int:
    """Count the multiply-accumulates of all steps."""
    return sum(step_macs(step, program) for step in program.steps)
