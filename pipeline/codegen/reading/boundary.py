"""QUANTIZE and DEQUANTIZE: between floats and integers, and between integers of two scales."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.fixedpoint import requantize
from edgewright.pipeline.codegen.operations import Dequantize, Quantize, Table
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, scale_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import quantize_multiplier
from edgewright.pipeline.codegen.reading.tables import INPUTS
from edgewright.pipeline.graph import DType

_BYTES = (DType.INT8, DType.UINT8)


def read_quantize(node: Node) -> Step:
    """Read QUANTIZE: of float32 to int8, or of one byte to another, of which one is an int8."""
    source = node.input(0, (*_BYTES, DType.FLOAT32))
    output = node.output(0, _BYTES)
    is_unsigned = source.dtype is not DType.INT8 and output.dtype is not DType.INT8
    if is_unsigned or source.shape != output.shape:
        raise node.refuse(f"a conversion of {source.dtype.value} to {output.dtype.value}")
    if source.dtype is DType.FLOAT32:
        operation: Quantize | Table = Quantize(scale=scale_of(output), zero_point=zero_point_of(output))
        return node.step(operation, [source], [output])
    numbers = INPUTS % 256 if source.dtype is DType.UINT8 else INPUTS
    multiplier, shift = quantize_multiplier(scale_of(source) / scale_of(output))
    rescaled = requantize(numbers - zero_point_of(source), multiplier, shift) + zero_point_of(output)
    limits = np.iinfo(output.dtype.value)
    entries = np.clip(rescaled, limits.min, limits.max).astype(output.dtype.value).view(np.int8)
    return node.step(Table(entries=entries), [source], [output])


def read_dequantize(node: Node) -> Step:
    """Read DEQUANTIZE of int8."""
    source, output = node.input(0), node.output(0, (DType.FLOAT32,))
    if source.shape != output.shape:
        raise node.refuse(f"an input of shape {list(source.shape)} for an output of {list(output.shape)}")
    return node.step(Dequantize(scale=scale_of(source), zero_point=zero_point_of(source)), [source], [output])
