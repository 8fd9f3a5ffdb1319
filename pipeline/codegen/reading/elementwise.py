"""ADD, SUB, MUL, MINIMUM and MAXIMUM, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.codegen.operations import (
    Addition,
    Arithmetic,
    Extreme,
    Extremum,
    Multiplication,
    Operand,
)
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, scale_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import quantize_multiplier, requantization
from edgewright.pipeline.graph import Tensor

LARGEST_PRODUCT = 255**2
LEFT_SHIFT = 20
"""How far the sides of a sum are shifted to the left, for int8."""


def read_addition(node: Node) -> Step:
    """Read ADD or SUB: both sides are brought to twice the larger scale."""
    tensors, output = _sides(node)
    twice = 2 * max(scale_of(tensor) for tensor in tensors)
    factors = [scale_of(tensor) / twice for tensor in tensors]
    factors.append(twice / ((1 << LEFT_SHIFT) * scale_of(output)))
    if any(not 0 < factor < 1 for factor in factors):
        raise node.refuse("scales that differ so much that TensorFlow Lite Micro stops at them")
    left, right = (
        _operand(node, tensor, output, *quantize_multiplier(factor))
        for tensor, factor in zip(tensors, factors[:2], strict=True)
    )
    operation = Addition(
        kind=Arithmetic(node.operator.op.lower()),
        left=left,
        right=right,
        left_shift=LEFT_SHIFT,
        requantization=requantization(factors[2:], zero_point_of(output), node.limits(output)),
        shape=output.shape,
    )
    return node.step(operation, _values(node, tensors), [output])


def read_multiplication(node: Node) -> Step:
    """Read MUL."""
    tensors, output = _sides(node)
    factor = scale_of(tensors[0]) * scale_of(tensors[1]) / scale_of(output)
    left, right = (_operand(node, tensor, output) for tensor in tensors)
    operation = Multiplication(
        left=left,
        right=right,
        requantization=requantization([factor], zero_point_of(output), node.limits(output)),
        shape=output.shape,
    )
    node.require_32_bits(LARGEST_PRODUCT, operation.requantization)
    return node.step(operation, _values(node, tensors), [output])


def read_extreme(node: Node) -> Step:
    """Read MINIMUM or MAXIMUM, which compare integers whatever their scales."""
    tensors, output = _sides(node)
    left, right = (_operand(node, tensor, output) for tensor in tensors)
    operation = Extreme(kind=Extremum(node.operator.op.lower()), left=left, right=right, shape=output.shape)
    return node.step(operation, _values(node, tensors), [output])


def _sides(node: Node) -> tuple[list[Tensor], Tensor]:
    tensors, output = [node.input(0), node.input(1)], node.output()
    try:
        shape = np.broadcast_shapes(tensors[0].shape, tensors[1].shape)
    except ValueError:
        shape = ()
    if shape != output.shape:
        shapes = " and ".join(str(list(tensor.shape)) for tensor in tensors)
        raise node.refuse(f"inputs of shapes {shapes} for an output of {list(output.shape)}")
    return tensors, output


def _values(node: Node, tensors: Sequence[Tensor]) -> list[Tensor]:
    return [tensor for tensor in tensors if not node.is_constant(tensor)]


def _operand(node: Node, tensor: Tensor, output: Tensor, multiplier: int = 0, shift: int = 0) -> Operand:
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    content = node.graph.array(tensor)
    return Operand(
        shape=shape,
        zero_point=zero_point_of(tensor),
        multiplier=multiplier,
        shift=shift,
        constant=None if content is None else content.reshape(shape),  # type: ignore[arg-type]
    )
