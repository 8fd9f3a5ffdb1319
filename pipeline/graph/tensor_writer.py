"""Tensors of a `.tflite` with their quantization, sparsity and variant types, written."""

from __future__ import annotations

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.builder import TableBuilder
from edgewright.pipeline.graph.operator_writer import write_fields
from edgewright.pipeline.graph.options import QUANTIZATION_DETAILS, SPARSE_INDEX_VECTORS, TableFacts, number_of
from edgewright.pipeline.graph.schema import (
    TENSOR_TYPES,
    DimensionSlot,
    QuantizationSlot,
    SparsitySlot,
    TensorSlot,
    VariantSlot,
)
from edgewright.pipeline.graph.types import SparseDimension, Sparsity, Tensor, VariantElement

_TYPE_CODES = {dtype: code for code, dtype in enumerate(TENSOR_TYPES)}


def write_tensor(builder: TableBuilder, tensor: Tensor) -> int:
    """Write one tensor; its position.

    Args:
        builder: the file.
        tensor: the tensor.

    Raises:
        TfliteError: its quantization details or its sparsity are not in the schema.
    """
    name = builder.optional_text(tensor.name)
    shape = builder.numbers("i32", tensor.shape)
    signature = builder.numbers("i32", tensor.shape_signature) if tensor.shape_signature else 0
    quantization = _write_quantization(builder, tensor)
    sparsity = _write_sparsity(builder, tensor.sparsity) if tensor.sparsity else 0
    elements = [_write_variant(builder, element) for element in tensor.variant_elements]
    variants = builder.tables(elements) if elements else 0
    builder.start(len(TensorSlot))
    builder.add_offset(TensorSlot.SHAPE, shape)
    builder.add_scalar(TensorSlot.TYPE, "i8", _TYPE_CODES[tensor.dtype], 0)
    builder.add_scalar(TensorSlot.BUFFER, "u32", tensor.buffer_index, 0)
    builder.add_offset(TensorSlot.NAME, name)
    builder.add_offset(TensorSlot.QUANTIZATION, quantization)
    builder.add_scalar(TensorSlot.IS_VARIABLE, "bool", tensor.is_variable, False)
    builder.add_offset(TensorSlot.SPARSITY, sparsity)
    builder.add_offset(TensorSlot.SHAPE_SIGNATURE, signature)
    builder.add_scalar(TensorSlot.HAS_RANK, "bool", tensor.has_rank, False)
    builder.add_offset(TensorSlot.VARIANT_TENSORS, variants)
    return builder.end()


def _write_quantization(builder: TableBuilder, tensor: Tensor) -> int:
    """Write everything that the schema files under quantization; 0 where there is nothing."""
    affine, details = tensor.quantization, tensor.quantization_details
    if not (affine or details or tensor.minimums or tensor.maximums):
        return 0
    minimums = builder.numbers("f32", tensor.minimums) if tensor.minimums else 0
    maximums = builder.numbers("f32", tensor.maximums) if tensor.maximums else 0
    scales = builder.numbers("f32", affine.scales) if affine else 0
    zero_points = builder.numbers("i64", affine.zero_points) if affine else 0
    details_type = _require_number(details.kind, QUANTIZATION_DETAILS, "quantization") if details else 0
    table = write_fields(builder, QUANTIZATION_DETAILS[details_type - 1], details.fields) if details else 0
    builder.start(len(QuantizationSlot))
    builder.add_offset(QuantizationSlot.MIN, minimums)
    builder.add_offset(QuantizationSlot.MAX, maximums)
    builder.add_offset(QuantizationSlot.SCALE, scales)
    builder.add_offset(QuantizationSlot.ZERO_POINT, zero_points)
    builder.add_scalar(QuantizationSlot.DETAILS_TYPE, "u8", details_type, 0)
    builder.add_offset(QuantizationSlot.DETAILS, table)
    builder.add_scalar(QuantizationSlot.QUANTIZED_DIMENSION, "i32", affine.axis if affine else 0, 0)
    return builder.end()


def _write_sparsity(builder: TableBuilder, sparsity: Sparsity) -> int:
    """Write how a sparse tensor is laid out."""
    order = builder.numbers("i32", sparsity.traversal_order)
    blocks = builder.numbers("i32", sparsity.block_map) if sparsity.block_map else 0
    dimensions = builder.tables([_write_dimension(builder, dimension) for dimension in sparsity.dimensions])
    builder.start(len(SparsitySlot))
    builder.add_offset(SparsitySlot.TRAVERSAL_ORDER, order)
    builder.add_offset(SparsitySlot.BLOCK_MAP, blocks)
    builder.add_offset(SparsitySlot.DIM_METADATA, dimensions)
    return builder.end()


def _write_dimension(builder: TableBuilder, dimension: SparseDimension) -> int:
    """Write one dimension of a sparse tensor."""
    segments_type, segments = _write_indices(builder, dimension.segments_kind, dimension.segments)
    indices_type, indices = _write_indices(builder, dimension.indices_kind, dimension.indices)
    builder.start(len(DimensionSlot))
    builder.add_scalar(DimensionSlot.FORMAT, "i8", int(dimension.is_compressed), 0)
    builder.add_scalar(DimensionSlot.DENSE_SIZE, "i32", dimension.dense_size, 0)
    builder.add_scalar(DimensionSlot.ARRAY_SEGMENTS_TYPE, "u8", segments_type, 0)
    builder.add_offset(DimensionSlot.ARRAY_SEGMENTS, segments)
    builder.add_scalar(DimensionSlot.ARRAY_INDICES_TYPE, "u8", indices_type, 0)
    builder.add_offset(DimensionSlot.ARRAY_INDICES, indices)
    return builder.end()


def _write_indices(builder: TableBuilder, kind: str | None, values: tuple[int, ...]) -> tuple[int, int]:
    """Write one vector of a compressed dimension: its type, and its position."""
    if kind is None:
        return 0, 0
    number = _require_number(kind, SPARSE_INDEX_VECTORS, "sparsity")
    facts = SPARSE_INDEX_VECTORS[number - 1]
    is_bytes = facts.fields[0].form == "bytes"
    return number, write_fields(builder, facts, {"values": bytes(values) if is_bytes else values})


def _write_variant(builder: TableBuilder, element: VariantElement) -> int:
    """Write what a variant tensor holds."""
    shape = builder.numbers("i32", element.shape)
    builder.start(len(VariantSlot))
    builder.add_offset(VariantSlot.SHAPE, shape)
    builder.add_scalar(VariantSlot.TYPE, "i8", _TYPE_CODES[element.dtype], 0)
    builder.add_scalar(VariantSlot.HAS_RANK, "bool", element.has_rank, False)
    return builder.end()


def _require_number(kind: str, union: tuple[TableFacts, ...], what: str) -> int:
    """Find a table in its union, or refuse it."""
    number = number_of(kind, union)
    if number is None:
        raise TfliteError(f'the graph to write has the {what} "{kind}", which the schema does not know.')
    return number
