"""The model's inputs and outputs, and the golden vectors for them, as templates see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.emission.literals import float_literal, number_rows, plain_numbers
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Quantization, Tensor, integers_behind
from edgewright.pipeline.quantization import QUANTIZABLE, limits_of
from edgewright.pipeline.vocabulary import GoldenVectors

Direction = Literal["input", "output"]

BOUNDARY_TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32)
"""Element types that inputs and outputs of a firmware may have."""


@dataclass(frozen=True, kw_only=True)
class TensorContext:
    """One input or output of the model."""

    index: int
    direction: Direction
    symbol: str
    """`input_0`: part of C names."""
    macro: str
    """`INPUT_0`: part of names of C macros."""
    name: str
    type_name: str
    """`INT8`: part of names of constants."""
    c_type: str
    shape: tuple[int, ...]
    rank: int
    length: int
    """Number of elements."""
    size_bytes: int
    quantized: bool
    """Whether a caller has to quantize; a float has a scale as well, that of the integers behind it."""
    scale: str
    """A C literal, `0.0f` where the tensor is not quantized."""
    zero_point: int
    minimum: int
    maximum: int

    @property
    def is_real(self) -> bool:
        """Whether it stands for real values: a float, or quantized."""
        return self.quantized or self.c_type == "float"


@dataclass(frozen=True, kw_only=True)
class ArrayContext:
    """One constant array of a golden vector."""

    symbol: str
    """`vector_0_input_0`."""
    tensor: TensorContext
    rows: tuple[str, ...]
    plain: str
    """The numbers on one line, for a text file."""


@dataclass(frozen=True, kw_only=True)
class VectorContext:
    """One golden vector."""

    inputs: tuple[ArrayContext, ...]
    outputs: tuple[ArrayContext, ...]

    @property
    def arrays(self) -> tuple[ArrayContext, ...]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs


def boundary(graph: Graph, direction: Direction) -> tuple[TensorContext, ...]:
    """Return the model's inputs or outputs.

    Raises:
        TfliteError: there is none, or one has an element type, a shape or a quantization that the generated C cannot
            serve.
    """
    indices = graph.main.inputs if direction == "input" else graph.main.outputs
    if not indices:
        raise TfliteError(f"The model has no {direction}; give a .tflite that has one.")
    return tuple(_tensor(graph, graph.main.tensors[index], number, direction) for number, index in enumerate(indices))


def vectors(
    golden: GoldenVectors, inputs: tuple[TensorContext, ...], outputs: tuple[TensorContext, ...]
) -> tuple[VectorContext, ...]:
    """Return the golden vectors.

    Raises:
        ValueError: there is none, or one does not have the tensors' number, types and lengths (a defect of the caller).
    """
    if not golden.inputs or len(golden.inputs) != len(golden.outputs):
        raise ValueError(f"Got {len(golden.inputs)} golden inputs and {len(golden.outputs)} golden outputs.")
    return tuple(
        VectorContext(inputs=_arrays(number, given, inputs), outputs=_arrays(number, expected, outputs))
        for number, (given, expected) in enumerate(zip(golden.inputs, golden.outputs, strict=True))
    )


def _tensor(graph: Graph, tensor: Tensor, number: int, direction: Direction) -> TensorContext:
    place = f'The model\'s {direction} {number} ("{tensor.name}")'
    if tensor.dtype not in BOUNDARY_TYPES:
        accepted = ", ".join(dtype.value for dtype in BOUNDARY_TYPES)
        raise TfliteError(
            f"{place} is {tensor.dtype.value}; firmware accepts {accepted}: convert the model with full-integer "
            f"quantization, its inputs and outputs included."
        )
    # A batch that the converter left open is 1 in `shape`, and that is what TFLM runs.
    if min(tensor.shape, default=1) < 1 or min(tensor.shape_signature[1:], default=1) < 0:
        shape = list(tensor.shape_signature or tensor.shape)
        raise TfliteError(
            f"{place} has the shape {shape}; every dimension but the batch must be known and positive: convert the "
            f"model again with a fixed shape."
        )
    integers = integers_behind(graph, tensor)
    if integers is None or (integers is not tensor and integers.quantization is None):
        raise TfliteError(
            f"{place} is {tensor.dtype.value} without integers behind it; convert the model with full-integer "
            f"quantization."
        )
    scale, zero_point = _quantization(integers, place)
    limits = limits_of(integers.dtype) if integers.dtype in QUANTIZABLE else np.iinfo(np.int32)
    return TensorContext(
        index=number,
        direction=direction,
        symbol=f"{direction}_{number}",
        macro=f"{direction}_{number}".upper(),
        name=tensor.name,
        type_name=tensor.dtype.value.upper(),
        c_type=_c_type(tensor.dtype.value),
        shape=tensor.shape,
        rank=len(tensor.shape),
        length=tensor.element_count,
        size_bytes=tensor.nbytes,
        quantized=scale is not None and tensor.dtype is not DType.FLOAT32,
        scale="0.0f" if scale is None else float_literal(scale),
        zero_point=zero_point,
        minimum=int(limits.min),
        maximum=int(limits.max),
    )


def _c_type(name: str) -> str:
    return "float" if name == DType.FLOAT32.value else f"{name}_t"


def _quantization(tensor: Tensor, place: str) -> tuple[float | None, int]:
    quantization: Quantization | None = tensor.quantization
    if quantization is None or not quantization.scales or not quantization.zero_points:
        return None, 0
    if tensor.dtype not in QUANTIZABLE:
        return None, 0
    if quantization.is_per_channel:
        raise TfliteError(
            f"{place} is quantized per channel ({len(quantization.scales)} scales); inputs and outputs need one scale: "
            f"convert the model again."
        )
    scale = np.float32(quantization.scale)
    limits = limits_of(tensor.dtype)
    if not (np.isfinite(scale) and scale > 0 and limits.min <= quantization.zero_point <= limits.max):
        raise TfliteError(
            f"{place} has scale {quantization.scale} and zero point {quantization.zero_point}; a scale must be "
            f"positive and finite, a zero point within {limits.min}..{limits.max}: convert the model again."
        )
    return float(scale), quantization.zero_point


def _arrays(
    number: int, arrays: tuple[npt.NDArray[np.generic], ...], tensors: tuple[TensorContext, ...]
) -> tuple[ArrayContext, ...]:
    if len(arrays) != len(tensors):
        raise ValueError(f"Golden vector {number} has {len(arrays)} arrays for {len(tensors)} tensors.")
    for array, tensor in zip(arrays, tensors, strict=True):
        if _c_type(array.dtype.name) != tensor.c_type or array.size != tensor.length:
            raise ValueError(
                f"Golden vector {number}, {tensor.symbol}: got {array.dtype.name} {array.shape}, "
                f"expected {tensor.c_type} {tensor.shape}."
            )
    return tuple(
        ArrayContext(
            symbol=f"vector_{number}_{tensor.symbol}",
            tensor=tensor,
            rows=number_rows(array),
            plain=plain_numbers(array),
        )
        for array, tensor in zip(arrays, tensors, strict=True)
    )
