"""The typed graph of a `.tflite`: what the reader returns, the writer takes, and everything else looks at.

All classes are frozen: a rewrite makes a new graph (`dataclasses.replace`).
Indices are those of the flatbuffer: an operator names its tensors by their index in the subgraph, and -1 is an
optional input that is absent.
Source: the TensorFlow Lite schema, version 3 (tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

ABSENT = -1
"""Tensor index of an optional input that an operator does not use."""


class DType(str, Enum):
    """Element type of a tensor; the value is the schema's name in lower case."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT32 = "int32"
    UINT8 = "uint8"
    INT64 = "int64"
    STRING = "string"
    BOOL = "bool"
    INT16 = "int16"
    COMPLEX64 = "complex64"
    INT8 = "int8"
    FLOAT64 = "float64"
    COMPLEX128 = "complex128"
    UINT64 = "uint64"
    RESOURCE = "resource"
    VARIANT = "variant"
    UINT32 = "uint32"
    UINT16 = "uint16"
    INT4 = "int4"
    BFLOAT16 = "bfloat16"
    INT2 = "int2"
    UINT4 = "uint4"
    FLOAT8_E4M3FN = "float8_e4m3fn"
    FLOAT8_E5M2 = "float8_e5m2"

    @property
    def bits(self) -> int:
        """Bits of one element; 0 for types that have no fixed width (string, resource, variant)."""
        return _BITS[self]

    @property
    def is_float(self) -> bool:
        """Whether the type is a floating-point or complex one."""
        return self in _FLOATS


# Listed and not asked of numpy: TensorFlow adds types to numpy when it is imported, int4 of a byte each among them.
_NUMPY = frozenset(
    {
        DType.BOOL, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.UINT8, DType.UINT16, DType.UINT32,
        DType.UINT64, DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.COMPLEX64, DType.COMPLEX128,
    }
)  # fmt: skip
_BITS = {
    DType.FLOAT32: 32, DType.FLOAT16: 16, DType.INT32: 32, DType.UINT8: 8, DType.INT64: 64, DType.STRING: 0,
    DType.BOOL: 8, DType.INT16: 16, DType.COMPLEX64: 64, DType.INT8: 8, DType.FLOAT64: 64, DType.COMPLEX128: 128,
    DType.UINT64: 64, DType.RESOURCE: 0, DType.VARIANT: 0, DType.UINT32: 32, DType.UINT16: 16, DType.INT4: 4,
    DType.BFLOAT16: 16, DType.INT2: 2, DType.UINT4: 4, DType.FLOAT8_E4M3FN: 8, DType.FLOAT8_E5M2: 8,
}  # fmt: skip
_FLOATS = frozenset({
    DType.FLOAT32, DType.FLOAT16, DType.FLOAT64, DType.BFLOAT16, DType.COMPLEX64, DType.COMPLEX128,
    DType.FLOAT8_E4M3FN, DType.FLOAT8_E5M2,
})  # fmt: skip

OptionValue = bool | int | float | str | tuple[int, ...] | tuple[float, ...] | bytes | None


@dataclass(frozen=True, kw_only=True)
class Quantization:
    """Affine quantization of a tensor: real = scale * (quantized - zero_point).

    One scale means per tensor; more than one means per channel along `axis`.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def is_per_channel(self) -> bool:
        """Whether each slice along `axis` has a scale of its own."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a tensor that is quantized per tensor."""
        (scale,) = self.scales
        return scale

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that is quantized per tensor."""
        (zero_point,) = self.zero_points
        return zero_point


@dataclass(frozen=True, kw_only=True)
class QuantizationDetails:
    """Quantization that is not affine: `kind` is the schema's table, `BlockwiseQuantization` for instance."""

    kind: str
    fields: Mapping[str, OptionValue]


@dataclass(frozen=True, kw_only=True)
class SparseDimension:
    """One dimension of a sparse tensor: dense with `dense_size`, or compressed with segments and indices.

    `segments_kind` and `indices_kind` are the schema's vector tables (`Uint8Vector`, ...), None where absent.
    """

    is_compressed: bool
    dense_size: int = 0
    segments_kind: str | None = None
    segments: tuple[int, ...] = ()
    indices_kind: str | None = None
    indices: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sparsity:
    """How the elements of a sparse constant tensor are laid out in its buffer."""

    traversal_order: tuple[int, ...]
    block_map: tuple[int, ...]
    dimensions: tuple[SparseDimension, ...]


@dataclass(frozen=True, kw_only=True)
class VariantElement:
    """Shape and type of what a variant tensor holds."""

    shape: tuple[int, ...]
    dtype: DType
    has_rank: bool = False


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor of a subgraph; constant where `buffer_index` points at a buffer that is not empty.

    `quantization` is None or has at least one scale. `minimums` and `maximums` are what calibration recorded.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    buffer_index: int = 0
    shape_signature: tuple[int, ...] = ()
    quantization: Quantization | None = None
    is_variable: bool = False
    has_rank: bool = True
    minimums: tuple[float, ...] = ()
    maximums: tuple[float, ...] = ()
    quantization_details: QuantizationDetails | None = None
    sparsity: Sparsity | None = None
    variant_elements: tuple[VariantElement, ...] = ()

    @property
    def element_count(self) -> int:
        """Number of elements (1 for a scalar)."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def nbytes(self) -> int:
        """Bytes that the elements take, sub-byte types packed."""
        return (self.element_count * self.dtype.bits + 7) // 8

    @property
    def is_dynamic(self) -> bool:
        """Whether a dimension is unknown before run time."""
        return any(extent < 0 for extent in self.shape_signature or self.shape)


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator: `op` is the builtin's name (`CONV_2D`) or `CUSTOM`, then `custom_name` tells which one."""

    index: int
    op: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...] = ()
    custom_name: str | None = None
    options_type: str | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    custom_options: bytes = b""
    mutating_variable_inputs: tuple[bool, ...] = ()
    debug_metadata_index: int = -1

    @property
    def label(self) -> str:
        """What a person calls this operator: its builtin name, or the custom one."""
        return self.custom_name or self.op


@dataclass(frozen=True, kw_only=True)
class Subgraph:
    """One subgraph; the first one of a model is its main function. Operators stand in the order of execution."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    debug_metadata_index: int = -1


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """One named metadata entry (`OfflineMemoryAllocation`, `TFLITE_METADATA`, ...) and its buffer."""

    name: str
    buffer_index: int


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature: names of inputs and outputs, each with its tensor's index."""

    key: str
    subgraph_index: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A whole `.tflite`. Buffer 0 is empty by the schema's convention."""

    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[bytes, ...]
    version: int = 3
    description: str = ""
    metadata: tuple[Metadata, ...] = ()
    signatures: tuple[Signature, ...] = ()
    metadata_buffers: tuple[int, ...] = ()
    """Buffers that the schema's deprecated `metadata_buffer` field lists."""

    @property
    def main(self) -> Subgraph:
        """The subgraph that an interpreter runs."""
        return self.subgraphs[0]

    def data(self, tensor: Tensor) -> bytes | None:
        """The constant content of a tensor, little-endian, or None where the tensor is computed."""
        return self.buffers[tensor.buffer_index] or None

    def array(self, tensor: Tensor) -> npt.NDArray[np.generic] | None:
        """The constant content of a tensor as a read-only array of its shape, or None where it is computed.

        Raises:
            ValueError: the element type has no numpy counterpart (int4 is stored packed; read `data`).
        """
        content = self.data(tensor)
        if content is None:
            return None
        if tensor.dtype not in _NUMPY:
            raise ValueError(f"a tensor of {tensor.dtype.value} has no numpy array; read its bytes instead")
        return np.frombuffer(content, dtype=np.dtype(tensor.dtype.value)).reshape(tensor.shape)
