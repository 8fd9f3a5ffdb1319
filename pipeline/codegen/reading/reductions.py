"""MEAN and SOFTMAX."""

from __future__ import annotations

import math

import numpy as np

from edgewright.pipeline.codegen.fixedpoint import Int64s, exponential, requantize
from edgewright.pipeline.codegen.operations import Int32s, Mean, Requantization, Softmax
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, scale_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import (
    INT8_MAXIMUM,
    INT8_MINIMUM,
    input_radius,
    quantize_multiplier,
)

INTEGER_BITS = 5
"""Of the argument of the exponential."""


def read_mean(node: Node) -> Step:
    """Read MEAN; the count of elements becomes part of the multiplier."""
    source, output = node.input(0), node.output()
    rank = len(source.shape)
    axes = node.integers(1)
    if any(not -rank <= axis < rank for axis in axes):
        raise node.refuse(f"the axes {list(axes)} of an input with {rank} dimensions")
    axes = tuple(sorted({axis % rank for axis in axes}))
    count = math.prod(source.shape[axis] for axis in axes)
    if output.element_count * count != source.element_count:
        raise node.refuse(f"an output of shape {list(output.shape)} for axes {list(axes)} of {list(source.shape)}")
    multiplier, shift = quantize_multiplier(scale_of(source) / scale_of(output))
    divided = min(count.bit_length() - 1, 32, 31 + shift)
    operation = Mean(
        axes=axes,
        shape=source.shape,
        input_zero_point=zero_point_of(source),
        requantization=Requantization(
            multipliers=np.array([(multiplier << divided) // count], np.int32),
            shifts=np.array([shift - divided], np.int32),
            zero_point=zero_point_of(output),
            minimum=INT8_MINIMUM,
            maximum=INT8_MAXIMUM,
        ),
    )
    node.require_32_bits(255 * count, operation.requantization)
    return node.step(operation, [source], [output])


def read_softmax(node: Node) -> Step:
    """Read SOFTMAX over the last dimension."""
    source, output = node.input(0), node.output()
    if source.shape != output.shape or not source.shape:
        raise node.refuse(f"an input of shape {list(source.shape)} for an output of {list(output.shape)}")
    if (scale_of(output), zero_point_of(output)) != (1 / 256, INT8_MINIMUM):
        raise node.refuse(f"an output of scale {scale_of(output)} and zero point {zero_point_of(output)}")
    depth = source.shape[-1]
    operation = Softmax(
        rows=source.element_count // depth,
        depth=depth,
        exponentials=_exponentials(node, node.real_option("beta") * scale_of(source)),
    )
    return node.step(operation, [source], [output])


def _exponentials(node: Node, factor: float) -> Int32s:
    """Return exp(-d * factor) for differences d of 0 to 255, 0 where TFLM leaves an element out."""
    scaled = min(factor * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1)
    if scaled <= 1:
        raise node.refuse(f"a scale of the input, times beta, of {factor}")
    multiplier, left_shift = quantize_multiplier(scaled)
    radius = input_radius(INTEGER_BITS, left_shift)
    differences: Int64s = -np.arange(256, dtype=np.int64)
    counted = differences >= -radius
    scaled_differences = requantize(np.where(counted, differences, 0), multiplier, left_shift)
    return np.where(counted, exponential(scaled_differences, INTEGER_BITS), 0).astype(np.int32)
