"""DEPTHWISE_CONV_2D: 3x3 windows with their weights in registers, and a kernel for all others."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Array, Call, Field, Kernel
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.kernels.matrix import window_overlap
from edgewright.pipeline.codegen.kernels.rescaling import folded_biases, rescales, rescaling_fields, scales
from edgewright.pipeline.codegen.operations import DepthwiseConvolution, Int8s, Int32s, Requantization
from edgewright.pipeline.codegen.program import Program, Step


def by_output(operation: DepthwiseConvolution) -> Int8s:
    """Return the weights as (outputs, height * width)."""
    outputs = operation.weights.shape[2]
    return np.ascontiguousarray(operation.weights.reshape(-1, outputs).T)


def accepts_any(step: Step, program: Program) -> bool:
    """Take outputs that are scaled down."""
    operation = operation_of(step, DepthwiseConvolution)
    weights, zero_point = by_output(operation), operation.input_zero_point
    return rescales(weights, operation.biases, zero_point, operation.requantization)


def accepts_3x3(step: Step, program: Program) -> bool:
    """Take windows of 3x3 whose middle always lies inside of the image."""
    operation = operation_of(step, DepthwiseConvolution)
    window = operation.window
    margins = window.margins
    return (
        (window.height, window.width, window.dilation_height, window.dilation_width) == (3, 3, 1, 1)
        and operation.multiplier == 1
        and window.stride_width in (1, 2)
        and max(margins.top, margins.bottom, margins.left, margins.right) <= 1
        and accepts_any(step, program)
    )


def _extents(step: Step, program: Program) -> dict[str, int]:
    """Return what both kernels know of image and window."""
    operation = operation_of(step, DepthwiseConvolution)
    window = operation.window
    (_, height, width, _) = program.values[step.inputs[0]].shape
    (_, rows, columns, _) = program.values[step.outputs[0]].shape
    return {
        "input_height": height, "input_width": width, "output_height": rows, "output_width": columns,
        "stride_height": window.stride_height, "stride_width": window.stride_width,
        "margin_top": window.margins.top, "margin_left": window.margins.left,
    }  # fmt: skip


def lower_3x3(kernel: Kernel, step: Step, program: Program) -> Call:
    """Prepare the constants of a 3x3 window: the weights of a channel one after the other."""
    operation = operation_of(step, DepthwiseConvolution)
    channels = program.values[step.inputs[0]].shape[3]
    extents = _extents(step, program)
    weights = by_output(operation)
    biases = folded_biases(weights, operation.biases, operation.input_zero_point)
    return Call(
        kernel=kernel,
        fields=(
            *facts(**extents, channels=channels, fill=operation.input_zero_point),
            *_arrays(weights, biases, operation.requantization),
        ),
        overlap=window_overlap(step, program, operation.window, extents["output_width"], lags=True),
    )


def lower_any(kernel: Kernel, step: Step, program: Program) -> Call:
    """Prepare the constants of any window: the weights as the graph has them."""
    operation = operation_of(step, DepthwiseConvolution)
    window = operation.window
    numbers = facts(
        **_extents(step, program),
        input_channels=program.values[step.inputs[0]].shape[3],
        kernel_height=window.height,
        kernel_width=window.width,
        dilation_height=window.dilation_height,
        dilation_width=window.dilation_width,
        multiplier=operation.multiplier,
        input_zero_point=operation.input_zero_point,
    )
    return Call(
        kernel=kernel,
        fields=(*numbers, *_arrays(operation.weights, operation.biases, operation.requantization)),
        overlap=window_overlap(step, program, window, 1, lags=True),
    )


def _arrays(weights: Int8s, biases: Int32s, rescaling: Requantization) -> tuple[Field, ...]:
    return (
        *rescaling_fields(rescaling),
        Field(name="weights", value=Array(values=np.ascontiguousarray(weights.reshape(-1)))),
        Field(name="scales", value=scales(biases, rescaling, len(biases))),
    )


def _products(step: Step, program: Program) -> int:
    operation = operation_of(step, DepthwiseConvolution)
    return program.values[step.outputs[0]].element_count * operation.window.height * operation.window.width


def _cost_3x3(step: Step, program: Program, core: CodegenCore) -> float:
    return 5.0 * _products(step, program)


def _cost_any(step: Step, program: Program, core: CodegenCore) -> float:
    return 12.0 * _products(step, program)


KERNELS = (
    Kernel(
        name="depthwise_3x3",
        operation=DepthwiseConvolution,
        accepts=accepts_3x3,
        lower=lower_3x3,
        cost=_cost_3x3,
        helpers=("edgewright_rescale",),
    ),
    Kernel(
        name="depthwise_any",
        operation=DepthwiseConvolution,
        accepts=accepts_any,
        lower=lower_any,
        cost=_cost_any,
        helpers=("edgewright_rescale",),
    ),
)
