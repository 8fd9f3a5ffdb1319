"""The tables that hang off unions of the TensorFlow Lite schema: every operator's options, and a few others.

Written as facts, one table after the other in the order of its union, so that a table's number in the union is its
place, counted from 1. A field is `name:kind`, with `=default` where the default is not zero; `[i32]` is a vector, `_` a
slot that the schema has retired.
Source: schema version 3 as of TensorFlow 2.21 and LiteRT 2.3 (which only adds fields).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from edgewright.pipeline.graph.flatbuffer import Kind
from edgewright.pipeline.graph.types import OptionValue


@dataclass(frozen=True, kw_only=True)
class FieldFacts:
    """One field of a table: a scalar of `kind`, a vector of such scalars, text or bytes."""

    name: str
    slot: int
    kind: Kind
    """Kind of the scalar or of the vector's elements; `u8` for text and bytes."""
    form: Literal["scalar", "vector", "text", "bytes"]
    default: OptionValue
    """What an absent field means; None for everything but a scalar."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """One table of a union."""

    name: str
    fields: tuple[FieldFacts, ...]
    slots: int
    """How many slots the schema has for it, retired ones included."""


_BUILTIN_OPTIONS = """
    Conv2DOptions(padding:i8 stride_w:i32 stride_h:i32 fused_activation_function:i8 dilation_w_factor:i32=1
        dilation_h_factor:i32=1 quantized_bias_type:i8)
    DepthwiseConv2DOptions(padding:i8 stride_w:i32 stride_h:i32 depth_multiplier:i32 fused_activation_function:i8
        dilation_w_factor:i32=1 dilation_h_factor:i32=1)
    ConcatEmbeddingsOptions(num_channels:i32 num_columns_per_channel:[i32] embedding_dim_per_channel:[i32])
    LSHProjectionOptions(type:i8)
    Pool2DOptions(padding:i8 stride_w:i32 stride_h:i32 filter_width:i32 filter_height:i32
        fused_activation_function:i8)
    SVDFOptions(rank:i32 fused_activation_function:i8 asymmetric_quantize_inputs:bool)
    RNNOptions(fused_activation_function:i8 asymmetric_quantize_inputs:bool)
    FullyConnectedOptions(fused_activation_function:i8 weights_format:i8 keep_num_dims:bool
        asymmetric_quantize_inputs:bool quantized_bias_type:i8 quant_spec:bytes)
    SoftmaxOptions(beta:f32)
    ConcatenationOptions(axis:i32 fused_activation_function:i8)
    AddOptions(fused_activation_function:i8 pot_scale_int16:bool=1)
    L2NormOptions(fused_activation_function:i8)
    LocalResponseNormalizationOptions(radius:i32 bias:f32 alpha:f32 beta:f32)
    LSTMOptions(fused_activation_function:i8 cell_clip:f32 proj_clip:f32 kernel_type:i8
        asymmetric_quantize_inputs:bool)
    ResizeBilinearOptions(_ _ align_corners:bool half_pixel_centers:bool)
    CallOptions(subgraph:u32)
    ReshapeOptions(new_shape:[i32])
    SkipGramOptions(ngram_size:i32 max_skip_size:i32 include_all_ngrams:bool)
    SpaceToDepthOptions(block_size:i32)
    EmbeddingLookupSparseOptions(combiner:i8)
    MulOptions(fused_activation_function:i8)
    PadOptions()
    GatherOptions(axis:i32 batch_dims:i32)
    BatchToSpaceNDOptions() SpaceToBatchNDOptions() TransposeOptions()
    ReducerOptions(keep_dims:bool)
    SubOptions(fused_activation_function:i8 pot_scale_int16:bool=1)
    DivOptions(fused_activation_function:i8)
    SqueezeOptions(squeeze_dims:[i32])
    SequenceRNNOptions(time_major:bool fused_activation_function:i8 asymmetric_quantize_inputs:bool)
    StridedSliceOptions(begin_mask:i32 end_mask:i32 ellipsis_mask:i32 new_axis_mask:i32 shrink_axis_mask:i32
        offset:bool)
    ExpOptions() TopKV2Options()
    SplitOptions(num_splits:i32)
    LogSoftmaxOptions()
    CastOptions(in_data_type:i8 out_data_type:i8)
    DequantizeOptions() MaximumMinimumOptions()
    ArgMaxOptions(output_type:i8)
    LessOptions() NegOptions() PadV2Options() GreaterOptions() GreaterEqualOptions() LessEqualOptions()
    SelectOptions() SliceOptions()
    TransposeConvOptions(padding:i8 stride_w:i32 stride_h:i32 fused_activation_function:i8 quantized_bias_type:i8)
    SparseToDenseOptions(validate_indices:bool)
    TileOptions() ExpandDimsOptions() EqualOptions() NotEqualOptions()
    ShapeOptions(out_type:i8)
    PowOptions()
    ArgMinOptions(output_type:i8)
    FakeQuantOptions(min:f32 max:f32 num_bits:i32 narrow_range:bool)
    PackOptions(values_count:i32 axis:i32)
    LogicalOrOptions()
    OneHotOptions(axis:i32)
    LogicalAndOptions() LogicalNotOptions()
    UnpackOptions(num:i32 axis:i32)
    FloorDivOptions() SquareOptions() ZerosLikeOptions() FillOptions()
    BidirectionalSequenceLSTMOptions(fused_activation_function:i8 cell_clip:f32 proj_clip:f32 merge_outputs:bool
        time_major:bool=1 asymmetric_quantize_inputs:bool)
    BidirectionalSequenceRNNOptions(time_major:bool fused_activation_function:i8 merge_outputs:bool
        asymmetric_quantize_inputs:bool)
    UnidirectionalSequenceLSTMOptions(fused_activation_function:i8 cell_clip:f32 proj_clip:f32 time_major:bool
        asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool)
    FloorModOptions() RangeOptions()
    ResizeNearestNeighborOptions(align_corners:bool half_pixel_centers:bool)
    LeakyReluOptions(alpha:f32)
    SquaredDifferenceOptions()
    MirrorPadOptions(mode:i8)
    AbsOptions()
    SplitVOptions(num_splits:i32)
    UniqueOptions(idx_out_type:i8=2)
    ReverseV2Options() AddNOptions() GatherNdOptions() CosOptions() WhereOptions() RankOptions()
    ReverseSequenceOptions(seq_dim:i32 batch_dim:i32)
    MatrixDiagOptions() QuantizeOptions() MatrixSetDiagOptions() HardSwishOptions()
    IfOptions(then_subgraph_index:i32 else_subgraph_index:i32)
    WhileOptions(cond_subgraph_index:i32 body_subgraph_index:i32)
    DepthToSpaceOptions(block_size:i32)
    NonMaxSuppressionV4Options() NonMaxSuppressionV5Options() ScatterNdOptions() SelectV2Options() DensifyOptions()
    SegmentSumOptions()
    BatchMatMulOptions(adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool)
    CumsumOptions(exclusive:bool reverse:bool)
    CallOnceOptions(init_subgraph_index:i32)
    BroadcastToOptions() Rfft2dOptions()
    Conv3DOptions(padding:i8 stride_d:i32 stride_w:i32 stride_h:i32 fused_activation_function:i8
        dilation_d_factor:i32=1 dilation_w_factor:i32=1 dilation_h_factor:i32=1)
    HashtableOptions(table_id:i32 key_dtype:i8 value_dtype:i8)
    HashtableFindOptions() HashtableImportOptions() HashtableSizeOptions()
    VarHandleOptions(container:str shared_name:str)
    ReadVariableOptions() AssignVariableOptions()
    RandomOptions(seed:i64 seed2:i64)
    BucketizeOptions(boundaries:[f32])
    GeluOptions(approximate:bool)
    DynamicUpdateSliceOptions() UnsortedSegmentProdOptions() UnsortedSegmentMaxOptions() UnsortedSegmentMinOptions()
    UnsortedSegmentSumOptions() ATan2Options() SignOptions() BitcastOptions() BitwiseXorOptions()
    RightShiftOptions()
"""

_BUILTIN_OPTIONS_2 = """
    StablehloConcatenateOptions(dimension:i64)
    StablehloBroadcastInDimOptions(broadcast_dimensions:[i64])
    StablehloSliceOptions(start_indices:[i64] limit_indices:[i64] strides:[i64])
    StablehloConvolutionOptions(window_strides:[i64] padding:[i64] lhs_dilation:[i64] rhs_dilation:[i64]
        window_reversal:[bool] input_batch_dimension:i64 input_feature_dimension:i64 input_spatial_dimensions:[i64]
        kernel_input_feature_dimension:i64 kernel_output_feature_dimension:i64 kernel_spatial_dimensions:[i64]
        output_batch_dimension:i64 output_feature_dimension:i64 output_spatial_dimensions:[i64]
        feature_group_count:i64 batch_group_count:i64 precision_config:[u32])
    StablehloCustomCallOptions(call_target_name:str has_side_effect:bool backend_config:str api_version:i32
        called_computations:[i32] custom_attributes:bytes)
    StablehloReduceOptions(dimensions:[i64] body_subgraph_index:i32)
    StablehloScatterOptions(indices_are_sorted:bool update_window_dims:[i64] inserted_window_dims:[i64]
        scatter_dims_to_operand_dims:[i64] index_vector_dim:i64 unique_indices:bool
        update_computation_subgraph_index:i32)
    StablehloCompareOptions(comparison_direction:u32 compare_type:u32)
    StablehloDynamicSliceOptions(slice_sizes:[i64])
    StablehloPadOptions(edge_padding_low:[i64] edge_padding_high:[i64] interior_padding:[i64])
    StablehloIotaOptions(iota_dimension:i64)
    StablehloDotGeneralOptions(lhs_batching_dimensions:[i64] rhs_batching_dimensions:[i64]
        lhs_contracting_dimensions:[i64] rhs_contracting_dimensions:[i64] precision_config:[u32])
    StablehloReduceWindowOptions(window_dimensions:[i64] window_strides:[i64] base_dilations:[i64]
        window_dilations:[i64] padding:[i64] body_subgraph_index:i32)
    StablehloSortOptions(dimension:i64 is_stable:bool comparator_subgraph_index:i32)
    StablehloWhileOptions(cond_subgraph_index:i32 body_subgraph_index:i32)
    StablehloGatherOptions(offset_dims:[i64] collapsed_slice_dims:[i64] start_index_map:[i64] index_vector_dim:i64
        slice_sizes:[i64] indices_are_sorted:bool)
    StablehloTransposeOptions(permutation:[i64])
    DilateOptions()
    StablehloRngBitGeneratorOptions(algorithm:i8)
    ReduceWindowOptions(reduce_function:i32)
    StableHLOCompositeOptions(name:str decomposition_subgraph_index:i32 composite_attributes:bytes
        composite_attributes_format:i8 version:i32)
    StablehloShiftLeftOptions()
    StablehloCaseOptions(branch_subgraph_indices:[i32])
"""

_QUANTIZATION_DETAILS = """
    CustomQuantization(custom:bytes)
    BlockwiseQuantization(scales:i32 zero_points:i32 block_size:i32 block_shape:[i32])
    MultiAxisQuantization(scales:i32 zero_points:i32 block_size:i32 quantized_dimensions:[i32])
"""

_SPARSE_INDEX_VECTORS = """
    Int32Vector(values:[i32])
    Uint16Vector(values:[u16])
    Uint8Vector(values:bytes)
"""


def _field(text: str, slot: int) -> FieldFacts:
    """Read one `name:kind=default`."""
    name, _, rest = text.partition(":")
    kind, _, default_text = rest.partition("=")
    if kind == "str":
        return FieldFacts(name=name, slot=slot, kind="u8", form="text", default=None)
    if kind == "bytes":
        return FieldFacts(name=name, slot=slot, kind="u8", form="bytes", default=None)
    if kind.startswith("["):
        return FieldFacts(name=name, slot=slot, kind=cast("Kind", kind[1:-1]), form="vector", default=None)
    number = int(default_text or 0)
    default: OptionValue = bool(number) if kind == "bool" else float(number) if kind == "f32" else number
    return FieldFacts(name=name, slot=slot, kind=cast("Kind", kind), form="scalar", default=default)


def _tables(text: str) -> tuple[TableFacts, ...]:
    """Read the facts of one union."""
    tables = []
    for name, body in re.findall(r"(\w+)\(([^)]*)\)", text):
        words = body.split()
        fields = tuple(_field(word, slot) for slot, word in enumerate(words) if word != "_")
        tables.append(TableFacts(name=name, fields=fields, slots=len(words)))
    return tuple(tables)


BUILTIN_OPTIONS = _tables(_BUILTIN_OPTIONS)
"""Options of a builtin operator; number i + 1 of the union `BuiltinOptions`."""

BUILTIN_OPTIONS_2 = _tables(_BUILTIN_OPTIONS_2)
"""Options of a newer builtin operator; number i + 1 of the union `BuiltinOptions2`."""

QUANTIZATION_DETAILS = _tables(_QUANTIZATION_DETAILS)
"""Quantization that is not affine; number i + 1 of the union `QuantizationDetails`."""

SPARSE_INDEX_VECTORS = _tables(_SPARSE_INDEX_VECTORS)
"""Vectors of a compressed dimension; number i + 1 of the union `SparseIndexVector`."""

_OPTIONS_OF = """
    Conv2DOptions(CONV_2D) DepthwiseConv2DOptions(DEPTHWISE_CONV_2D) TransposeConvOptions(TRANSPOSE_CONV)
    Conv3DOptions(CONV_3D CONV_3D_TRANSPOSE) Pool2DOptions(AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D)
    FullyConnectedOptions(FULLY_CONNECTED) BatchMatMulOptions(BATCH_MATMUL) SoftmaxOptions(SOFTMAX)
    AddOptions(ADD) SubOptions(SUB) MulOptions(MUL) DivOptions(DIV) LeakyReluOptions(LEAKY_RELU) GeluOptions(GELU)
    ReducerOptions(MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL) CumsumOptions(CUMSUM)
    ConcatenationOptions(CONCATENATION) PackOptions(PACK) UnpackOptions(UNPACK) SplitOptions(SPLIT)
    SplitVOptions(SPLIT_V) ReshapeOptions(RESHAPE) SqueezeOptions(SQUEEZE) StridedSliceOptions(STRIDED_SLICE)
    GatherOptions(GATHER) MirrorPadOptions(MIRROR_PAD) ResizeBilinearOptions(RESIZE_BILINEAR)
    ResizeNearestNeighborOptions(RESIZE_NEAREST_NEIGHBOR) SpaceToDepthOptions(SPACE_TO_DEPTH)
    DepthToSpaceOptions(DEPTH_TO_SPACE) CastOptions(CAST) ArgMaxOptions(ARG_MAX) ArgMinOptions(ARG_MIN)
    LSTMOptions(LSTM) UnidirectionalSequenceLSTMOptions(UNIDIRECTIONAL_SEQUENCE_LSTM) RNNOptions(RNN)
    SequenceRNNOptions(UNIDIRECTIONAL_SEQUENCE_RNN) SVDFOptions(SVDF) CallOptions(CALL) IfOptions(IF)
    WhileOptions(WHILE) CallOnceOptions(CALL_ONCE) VarHandleOptions(VAR_HANDLE)
"""

OPTIONS_OF = {op: table for table, ops in re.findall(r"(\w+)\(([^)]*)\)", _OPTIONS_OF) for op in ops.split()}
"""The only options table that an operator may carry, for the operators whose options decide what they compute."""

NEEDS_OPTIONS = frozenset({
    "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D", "CONV_3D_TRANSPOSE", "AVERAGE_POOL_2D", "MAX_POOL_2D",
    "L2_POOL_2D", "SOFTMAX", "PACK", "UNPACK", "SPLIT", "SPLIT_V", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "IF", "WHILE",
    "CALL_ONCE",
})  # fmt: skip
"""Operators that mean nothing without their options: strides, windows, counts, subgraphs."""


def number_of(name: str, union: tuple[TableFacts, ...]) -> int | None:
    """Find a table's number in its union.

    Args:
        name: the table's name.
        union: one of the tuples above.

    Returns:
        The number that stands in a file, or None where the union has no such table.

    >>> number_of("Pool2DOptions", BUILTIN_OPTIONS)
    5
    """
    return next((number for number, table in enumerate(union, start=1) if table.name == name), None)
