"""Tensors of a `.tflite` with their quantization, sparsity and variant types."""

from __future__ import annotations

from typing import cast

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.flatbuffer import FlatBuffer, Table
from edgewright.pipeline.graph.operator_reader import read_union
from edgewright.pipeline.graph.options import QUANTIZATION_DETAILS, SPARSE_INDEX_VECTORS
from edgewright.pipeline.graph.schema import (
    TENSOR_TYPES,
    DimensionSlot,
    QuantizationSlot,
    SparsitySlot,
    TensorSlot,
    VariantSlot,
)
from edgewright.pipeline.graph.types import (
    DType,
    Quantization,
    QuantizationDetails,
    SparseDimension,
    Sparsity,
    Tensor,
    VariantElement,
)


def read_tensor(buffer: FlatBuffer, table: Table, index: int, place: str) -> Tensor:
    """Read one tensor.

    Args:
        buffer: the file.
        table: the tensor's table.
        index: its place in the subgraph.
        place: the subgraph, for messages.

    Raises:
        TfliteError: its type is unknown, or its content stands in another file.
    """
    where = f"tensor {index} of {place}"
    table.require_slots(len(TensorSlot), where)
    if table.integer(TensorSlot.EXTERNAL_BUFFER, "u32"):
        raise TfliteError(
            f"{buffer.source}: {where} keeps its content in a separate file, which edgewright does not read; "
            "convert the model into a single .tflite."
        )
    quantization = table.table(TensorSlot.QUANTIZATION)
    affine, details = None, None
    minimums: tuple[float, ...] = ()
    maximums: tuple[float, ...] = ()
    if quantization is not None:
        quantization.require_slots(len(QuantizationSlot), f"the quantization of {where}")
        affine = _read_affine(buffer, quantization, where)
        minimums = quantization.floats(QuantizationSlot.MIN)
        maximums = quantization.floats(QuantizationSlot.MAX)
        union = read_union(buffer, quantization, QuantizationSlot.DETAILS_TYPE, QUANTIZATION_DETAILS, where)
        details = QuantizationDetails(kind=union[0], fields=union[1]) if union else None
    return Tensor(
        index=index,
        name=table.text(TensorSlot.NAME) or "",
        shape=table.integers(TensorSlot.SHAPE, "i32"),
        dtype=_read_dtype(buffer, table, TensorSlot.TYPE, where),
        buffer_index=table.integer(TensorSlot.BUFFER, "u32"),
        shape_signature=table.integers(TensorSlot.SHAPE_SIGNATURE, "i32"),
        quantization=affine,
        is_variable=table.boolean(TensorSlot.IS_VARIABLE),
        has_rank=table.boolean(TensorSlot.HAS_RANK),
        minimums=minimums,
        maximums=maximums,
        quantization_details=details,
        sparsity=_read_sparsity(buffer, table, where),
        variant_elements=tuple(
            _read_variant(buffer, entry, where) for entry in table.tables(TensorSlot.VARIANT_TENSORS)
        ),
    )


def _read_dtype(buffer: FlatBuffer, table: Table, slot: int, where: str) -> DType:
    """Read an element type."""
    code = table.integer(slot, "i8")
    if not 0 <= code < len(TENSOR_TYPES):
        raise buffer.error(f"{where} has the element type {code}, and edgewright knows 0 to {len(TENSOR_TYPES) - 1}")
    return TENSOR_TYPES[code]


def _read_affine(buffer: FlatBuffer, table: Table, where: str) -> Quantization | None:
    """Read scales and zero points; None where there are none, as on the tensors of a float model."""
    scales = table.floats(QuantizationSlot.SCALE)
    zero_points = table.integers(QuantizationSlot.ZERO_POINT, "i64")
    if not scales:
        return None
    if len(zero_points) != len(scales):
        raise buffer.error(f"{where} has {len(scales)} scales but {len(zero_points)} zero points")
    axis = table.integer(QuantizationSlot.QUANTIZED_DIMENSION, "i32")
    return Quantization(scales=scales, zero_points=zero_points, axis=axis)


def _read_sparsity(buffer: FlatBuffer, table: Table, where: str) -> Sparsity | None:
    """Read how a sparse tensor is laid out; None where it is dense."""
    sparsity = table.table(TensorSlot.SPARSITY)
    if sparsity is None:
        return None
    sparsity.require_slots(len(SparsitySlot), f"the sparsity of {where}")
    return Sparsity(
        traversal_order=sparsity.integers(SparsitySlot.TRAVERSAL_ORDER, "i32"),
        block_map=sparsity.integers(SparsitySlot.BLOCK_MAP, "i32"),
        dimensions=tuple(_read_dimension(buffer, entry, where) for entry in sparsity.tables(SparsitySlot.DIM_METADATA)),
    )


def _read_dimension(buffer: FlatBuffer, table: Table, where: str) -> SparseDimension:
    """Read one dimension of a sparse tensor."""
    table.require_slots(len(DimensionSlot), f"a dimension of {where}")
    layout = table.integer(DimensionSlot.FORMAT, "i8")
    if layout not in (0, 1):
        raise buffer.error(f"a dimension of {where} has the layout {layout}, and edgewright knows 0 and 1")
    segments_kind, segments = _read_indices(buffer, table, DimensionSlot.ARRAY_SEGMENTS_TYPE, where)
    indices_kind, indices = _read_indices(buffer, table, DimensionSlot.ARRAY_INDICES_TYPE, where)
    return SparseDimension(
        is_compressed=layout == 1,
        dense_size=table.integer(DimensionSlot.DENSE_SIZE, "i32"),
        segments_kind=segments_kind,
        segments=segments,
        indices_kind=indices_kind,
        indices=indices,
    )


def _read_indices(buffer: FlatBuffer, table: Table, slot: int, where: str) -> tuple[str | None, tuple[int, ...]]:
    """Read one vector of a compressed dimension: its kind, and its values."""
    union = read_union(buffer, table, slot, SPARSE_INDEX_VECTORS, where)
    if union is None:
        return None, ()
    values = union[1]["values"]
    if isinstance(values, bytes):
        return union[0], tuple(values)
    return union[0], cast("tuple[int, ...]", values or ())


def _read_variant(buffer: FlatBuffer, table: Table, where: str) -> VariantElement:
    """Read what a variant tensor holds."""
    table.require_slots(len(VariantSlot), f"a variant of {where}")
    return VariantElement(
        shape=table.integers(VariantSlot.SHAPE, "i32"),
        dtype=_read_dtype(buffer, table, VariantSlot.TYPE, where),
        has_rank=table.boolean(VariantSlot.HAS_RANK),
    )
