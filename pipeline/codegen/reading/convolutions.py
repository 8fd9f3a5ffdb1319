"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED.

Weights and biases are read only where no sum of them leaves 32 bits, in whatever order it is formed, with the input's
zero point in the bias or not: kernels need not look.
"""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.operations import (
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Int8s,
    Int32s,
    Requantization,
)
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, is_scale, scale_of, scales_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import requantization
from edgewright.pipeline.codegen.reading.windows import read_window
from edgewright.pipeline.graph import DType, Tensor

LARGEST_INPUT = 256
"""No element, with or without its zero point, is farther from 0."""
BIAS_TOLERANCE = 0.02
"""How far, in outputs, the scale of a bias may be from that of the products; TFLM refuses more."""


def read_convolution(node: Node) -> Step:
    """Read CONV_2D, grouped where the weights have fewer input channels than the image."""
    image, output = node.input(0), node.output()
    weights = _weights(node, rank=4)
    channels, outputs = node.require_image(image)[2], node.require_image(output)[2]
    inputs = weights.shape[3]
    if weights.shape[0] != outputs or channels % inputs or outputs % (channels // inputs):
        raise node.refuse(f"weights of shape {list(weights.shape)} for {channels} channels")
    operation = Convolution(
        weights=weights,
        biases=_biases(node, outputs),
        window=read_window(node, image, output, weights.shape[1:3]),
        input_zero_point=zero_point_of(image),
        requantization=_requantization(node, image, output, outputs, axis=0),
    )
    _require_32_bits(node, operation, axes=(1, 2, 3))
    return node.step(operation, [image], [output])


def read_depthwise_convolution(node: Node) -> Step:
    """Read DEPTHWISE_CONV_2D."""
    image, output = node.input(0), node.output()
    weights = _weights(node, rank=4)
    channels, outputs = node.require_image(image)[2], node.require_image(output)[2]
    multiplier = node.option("depth_multiplier")
    if weights.shape[0] != 1 or weights.shape[3] != outputs or multiplier * channels != outputs:
        raise node.refuse(f"weights of shape {list(weights.shape)} and a depth multiplier of {multiplier}")
    operation = DepthwiseConvolution(
        weights=weights[0],
        biases=_biases(node, outputs),
        window=read_window(node, image, output, weights.shape[1:3]),
        multiplier=multiplier,
        input_zero_point=zero_point_of(image),
        requantization=_requantization(node, image, output, outputs, axis=3),
    )
    _require_32_bits(node, operation, axes=(0, 1))
    return node.step(operation, [image], [output])


def read_fully_connected(node: Node) -> Step:
    """Read FULLY_CONNECTED; all dimensions but the last are rows."""
    image, output = node.input(0), node.output()
    weights = _weights(node, rank=2)
    outputs, inputs = weights.shape
    rows = output.element_count // outputs
    if not output.shape or output.shape[-1] != outputs or image.element_count != rows * inputs:
        raise node.refuse(f"weights of shape {list(weights.shape)} for an input of {image.element_count} elements")
    if node.option("weights_format"):
        raise node.refuse("weights in another order than rows of inputs")
    factors = _requantization(node, image, output, outputs, axis=0)
    if len(factors.multipliers) == 1 and node.has_input(2):
        _require_bias_scale(node, image, output)
    operation = FullyConnected(
        weights=weights,
        biases=_biases(node, outputs),
        rows=rows,
        input_zero_point=zero_point_of(image),
        weights_zero_point=0,
        requantization=factors,
    )
    _require_32_bits(node, operation, axes=(1,))
    return node.step(operation, [image], [output])


def _weights(node: Node, rank: int) -> Int8s:
    array = node.constant(1, (DType.INT8,))
    if array.ndim != rank or 0 in array.shape:
        raise node.refuse(f"weights of shape {list(array.shape)}")
    return array


def _biases(node: Node, channels: int) -> Int32s:
    if not node.has_input(2):
        return np.zeros(channels, np.int32)
    biases = node.constant(2, (DType.INT32,)).reshape(-1)
    if len(biases) != channels:
        raise node.refuse(f"{len(biases)} biases for {channels} channels")
    return biases


def _requantization(node: Node, image: Tensor, output: Tensor, channels: int, *, axis: int) -> Requantization:
    weights = node.graph.main.tensors[node.operator.inputs[1]]
    quantization = weights.quantization
    if quantization is None or len(quantization.scales) not in (1, channels):
        raise node.refuse("weights without a scale for each channel or one for all")
    if any(quantization.zero_points) or (quantization.is_per_channel and quantization.axis != axis):
        raise node.refuse("weights with a zero point, or with scales along another axis than the outputs")
    if not all(map(is_scale, scales_of(weights))):
        raise node.refuse("weights with a scale of 0")
    factors = [scale_of(image) * scale / scale_of(output) for scale in scales_of(weights)]
    return requantization(factors, zero_point_of(output), node.limits(output))


def _require_bias_scale(node: Node, image: Tensor, output: Tensor) -> None:
    """Refuse a bias of another scale than the products, as TFLM does for a whole tensor of weights."""
    weights = node.graph.main.tensors[node.operator.inputs[1]]
    bias = node.graph.main.tensors[node.operator.inputs[2]]
    difference = abs(scale_of(image) * scale_of(weights) - scales_of(bias)[0])
    if difference / scale_of(output) > BIAS_TOLERANCE:
        raise node.refuse("a bias of another scale than the products")


def _require_32_bits(
    node: Node, operation: Convolution | DepthwiseConvolution | FullyConnected, axes: tuple[int, ...]
) -> None:
    weights = np.abs(operation.weights.astype(np.int64)).sum(axis=axes)
    largest = np.abs(operation.biases.astype(np.int64)) + LARGEST_INPUT * weights
    node.require_32_bits(largest, operation.requantization)
