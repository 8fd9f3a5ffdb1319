"""The plain kernels of convolutions and fully-connected layers: the oracles of all others."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Array, Call, Field, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import operation_of
from edgewright.pipeline.codegen.operations import (
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Requantization,
    Window,
)
from edgewright.pipeline.codegen.program import Program, Step

REQUANTIZE = "edgewright_requantize"
PLAIN_COST = 16.0
"""Instructions for one multiplication, roughly."""


def _accepts(step: Step, program: Program) -> bool:
    return True


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    return PLAIN_COST * program.values[step.outputs[0]].element_count


def _window(step: Step, program: Program, window: Window) -> tuple[Field, ...]:
    (_, height, width, channels) = program.values[step.inputs[0]].shape
    (_, rows, columns, outputs) = program.values[step.outputs[0]].shape
    facts = {
        "input_height": height, "input_width": width, "input_channels": channels, "output_height": rows,
        "output_width": columns, "output_channels": outputs, "kernel_height": window.height,
        "kernel_width": window.width, "stride_height": window.stride_height, "stride_width": window.stride_width,
        "dilation_height": window.dilation_height, "dilation_width": window.dilation_width,
        "margin_top": window.margins.top, "margin_left": window.margins.left,
    }  # fmt: skip
    return tuple(Field(name=name, value=value) for name, value in facts.items())


def _arithmetic(
    operation: Convolution | DepthwiseConvolution | FullyConnected, rescaling: Requantization
) -> tuple[Field, ...]:
    multipliers, shifts = rescaling.each(len(operation.biases))
    arrays = {
        "weights": operation.weights.reshape(-1), "biases": operation.biases, "multipliers": multipliers,
        "shifts": shifts,
    }  # fmt: skip
    return (
        Field(name="input_zero_point", value=operation.input_zero_point),
        Field(name="output_zero_point", value=rescaling.zero_point),
        Field(name="minimum", value=rescaling.minimum),
        Field(name="maximum", value=rescaling.maximum),
        *(Field(name=name, value=Array(values=np.ascontiguousarray(array))) for name, array in arrays.items()),
    )


def _lower_convolution(kernel: Kernel, step: Step, program: Program) -> Call:
    operation = operation_of(step, Convolution)
    group = Field(name="group_channels", value=operation.weights.shape[3])
    fields = (*_window(step, program, operation.window), group, *_arithmetic(operation, operation.requantization))
    return Call(kernel=kernel, fields=fields)


def _lower_depthwise(kernel: Kernel, step: Step, program: Program) -> Call:
    operation = operation_of(step, DepthwiseConvolution)
    multiplier = Field(name="multiplier", value=operation.multiplier)
    fields = (*_window(step, program, operation.window), multiplier, *_arithmetic(operation, operation.requantization))
    return Call(kernel=kernel, fields=fields)


def _lower_fully_connected(kernel: Kernel, step: Step, program: Program) -> Call:
    operation = operation_of(step, FullyConnected)
    units, depth = operation.weights.shape
    facts = {
        "rows": operation.rows, "depth": depth, "units": units, "weights_zero_point": operation.weights_zero_point,
    }  # fmt: skip
    fields = tuple(Field(name=name, value=value) for name, value in facts.items())
    return Call(kernel=kernel, fields=(*fields, *_arithmetic(operation, operation.requantization)))


KERNELS = tuple(
    Kernel(
        name=name, operation=operation, accepts=_accepts, lower=lower, cost=_cost, helpers=(REQUANTIZE,)
    )
    for name, operation, lower in (
        ("convolution_ref", Convolution, _lower_convolution),
        ("depthwise_ref", DepthwiseConvolution, _lower_depthwise),
        ("fully_connected_ref", FullyConnected, _lower_fully_connected),
    )
)  # fmt: skip
