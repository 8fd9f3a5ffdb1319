"""Hypothesis strategies for whole graphs: anything that the schema allows and the reader accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from edgewright.pipeline.graph import (
    ABSENT,
    DType,
    Graph,
    Metadata,
    Operator,
    OptionValue,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)
from edgewright.pipeline.graph.options import (
    BUILTIN_OPTIONS,
    BUILTIN_OPTIONS_2,
    NEEDS_OPTIONS,
    OPTIONS_OF,
    QUANTIZATION_DETAILS,
    FieldFacts,
    TableFacts,
)
from edgewright.pipeline.graph.schema import BUILTIN_OPERATORS, CUSTOM
from edgewright.pipeline.graph.types import QuantizationDetails, SparseDimension, Sparsity, VariantElement

NAMES = st.text(max_size=8)
FLOATS = st.floats(width=32, allow_nan=False)
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
TABLES = {table.name: table for table in BUILTIN_OPTIONS + BUILTIN_OPTIONS_2}
_RANGES = {
    "i8": st.integers(-(2**7), 2**7 - 1),
    "u8": st.integers(0, 2**8 - 1),
    "u16": st.integers(0, 2**16 - 1),
    "i32": st.integers(-(2**31), 2**31 - 1),
    "u32": st.integers(0, 2**32 - 1),
    "i64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "f32": FLOATS,
}


def option_values(facts: FieldFacts, subgraph_count: int) -> st.SearchStrategy[OptionValue]:
    """Draw what a field may hold; absent vectors and texts are None."""
    numbers = _RANGES[facts.kind]
    if facts.name.endswith(("subgraph", "subgraph_index", "subgraph_indices")):
        numbers = st.integers(0, subgraph_count - 1)
    if facts.form == "scalar":
        return st.floats(width=32, allow_nan=False, allow_infinity=False) if facts.kind == "f32" else numbers
    if facts.form == "vector":
        return st.none() | st.lists(numbers, max_size=3).map(tuple)
    return st.none() | (st.text(max_size=6) if facts.form == "text" else st.binary(max_size=6))


def table_values(facts: TableFacts, subgraph_count: int = 1) -> st.SearchStrategy[Mapping[str, OptionValue]]:
    """Draw all fields of a table."""
    return st.fixed_dictionaries({entry.name: option_values(entry, subgraph_count) for entry in facts.fields})


@dataclass
class _Growing:
    """A subgraph while it is drawn; buffers belong to the whole graph."""

    buffers: list[bytes]
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph of one or two subgraphs."""
    buffers = [b"", *draw(st.lists(st.binary(max_size=5), max_size=2))]
    extra = len(buffers)
    count = draw(st.integers(1, 2))
    subgraphs = tuple(draw(_subgraphs(buffers, count)) for _ in range(count))
    indices = st.integers(0, extra - 1)
    return Graph(
        subgraphs=subgraphs,
        buffers=tuple(buffers),
        description=draw(NAMES),
        metadata=tuple(draw(st.lists(st.builds(Metadata, name=NAMES, buffer_index=indices), max_size=2))),
        signatures=tuple(draw(st.lists(_signatures(subgraphs), max_size=2))),
        metadata_buffers=tuple(draw(st.lists(indices, max_size=2))),
    )


@st.composite
def _subgraphs(draw: st.DrawFn, buffers: list[bytes], count: int) -> Subgraph:
    """Draw a subgraph whose operators stand in an order in which they can run."""
    growing = _Growing(buffers)
    inputs = [draw(_tensors(growing)) for _ in range(draw(st.integers(1, 2)))]
    growing.ready.extend(draw(_tensors(growing, constant=True)) for _ in range(draw(st.integers(0, 2))))
    growing.ready.extend(inputs)
    for _ in range(draw(st.integers(0, 3))):
        draw(_operators(growing, count))
    return Subgraph(
        name=draw(NAMES),
        tensors=tuple(growing.tensors),
        operators=tuple(growing.operators),
        inputs=tuple(inputs),
        outputs=tuple(draw(st.lists(st.sampled_from(growing.ready), max_size=2))),
        debug_metadata_index=draw(st.integers(-1, 3)),
    )


@st.composite
def _tensors(draw: st.DrawFn, growing: _Growing, constant: bool = False) -> int:
    """Draw a tensor, a constant where it has elements of a fixed width; its index."""
    dtype = draw(st.sampled_from(DType))
    shape = draw(SHAPES)
    tensor = Tensor(
        index=len(growing.tensors),
        name=draw(NAMES),
        shape=shape,
        dtype=dtype,
        shape_signature=draw(
            st.just(()) | st.tuples(*(st.sampled_from([-1, extent]) for extent in shape)) if shape else st.just(())
        ),
        quantization=draw(st.none() | _quantizations(shape)),
        is_variable=False if constant else draw(st.booleans()),
        has_rank=draw(st.booleans()),
        minimums=tuple(draw(st.lists(FLOATS, max_size=2))),
        maximums=tuple(draw(st.lists(FLOATS, max_size=2))),
        quantization_details=draw(st.none() | st.sampled_from(QUANTIZATION_DETAILS).flatmap(_details)),
        variant_elements=tuple(draw(st.lists(_VARIANTS, max_size=1))),
    )
    fields = dict(vars(tensor))
    if constant:
        sparse = draw(st.none() | _SPARSITIES)
        length = draw(st.integers(1, 9)) if sparse or not dtype.bits else tensor.nbytes
        growing.buffers.append(draw(st.binary(min_size=length, max_size=length)))
        fields.update(sparsity=sparse, buffer_index=len(growing.buffers) - 1, is_variable=length == 0)
        if length == 0:
            fields["is_variable"] = 0 not in shape
    growing.tensors.append(Tensor(**fields))
    return tensor.index


@st.composite
def _quantizations(draw: st.DrawFn, shape: tuple[int, ...]) -> Quantization:
    """Draw an affine quantization, per channel where an axis has more than one slice."""
    axes = [axis for axis, extent in enumerate(shape) if extent > 1]
    axis = draw(st.sampled_from(axes)) if axes and draw(st.booleans()) else None
    count = 1 if axis is None else shape[axis]
    scales = st.floats(min_value=0, width=32, allow_nan=False, allow_infinity=False)
    return Quantization(
        scales=tuple(draw(st.lists(scales, min_size=count, max_size=count))),
        zero_points=tuple(draw(st.lists(_RANGES["i32"], min_size=count, max_size=count))),
        axis=draw(st.integers(-1, 5)) if axis is None else axis,
    )


def _details(facts: TableFacts) -> st.SearchStrategy[QuantizationDetails]:
    """Draw quantization of one of the kinds that are not affine."""
    return table_values(facts).map(lambda values: QuantizationDetails(kind=facts.name, fields=values))


@st.composite
def _operators(draw: st.DrawFn, growing: _Growing, count: int) -> None:
    """Draw an operator that reads what is ready and writes new tensors."""
    op = draw(st.sampled_from(BUILTIN_OPERATORS))
    accepted = OPTIONS_OF.get(op)
    choices = [accepted] if accepted else sorted(TABLES)
    options_type = draw(st.sampled_from(choices) if op in NEEDS_OPTIONS else st.none() | st.sampled_from(choices))
    operator = Operator(
        index=len(growing.operators),
        op=op,
        version=draw(st.integers(0, 2**31 - 1)),
        inputs=tuple(draw(st.lists(st.sampled_from([ABSENT, *growing.ready]), max_size=4))),
        outputs=tuple(draw(_outputs(growing)) for _ in range(draw(st.integers(0, 2)))),
        intermediates=tuple(draw(st.lists(st.integers(ABSENT, len(growing.tensors) - 1), max_size=2))),
        custom_name=draw(st.text(min_size=1, max_size=8)) if op == CUSTOM else None,
        options_type=options_type,
        options=draw(table_values(TABLES[options_type], count)) if options_type else {},
        custom_options=draw(st.binary(max_size=5)),
        mutating_variable_inputs=tuple(draw(st.lists(st.booleans(), max_size=3))),
        debug_metadata_index=draw(st.integers(-1, 3)),
    )
    growing.operators.append(operator)
    growing.ready.extend(operator.outputs)


def _outputs(growing: _Growing) -> st.SearchStrategy[int]:
    """Draw a tensor that an operator computes."""
    return _tensors(growing)


@st.composite
def _signatures(draw: st.DrawFn, subgraphs: tuple[Subgraph, ...]) -> Signature:
    """Draw a signature of one of the subgraphs."""
    index = draw(st.integers(0, len(subgraphs) - 1))
    names = st.lists(st.tuples(NAMES, st.integers(0, len(subgraphs[index].tensors) - 1)), max_size=2).map(tuple)
    return Signature(key=draw(NAMES), subgraph_index=index, inputs=draw(names), outputs=draw(names))


_VARIANTS = st.builds(VariantElement, shape=SHAPES, dtype=st.sampled_from(DType), has_rank=st.booleans())


@st.composite
def _dimensions(draw: st.DrawFn) -> SparseDimension:
    """Draw one dimension of a sparse tensor."""
    vectors = st.sampled_from(
        [(None, 0), ("Int32Vector", 2**31 - 1), ("Uint16Vector", 2**16 - 1), ("Uint8Vector", 255)]
    )
    segments, most_segment = draw(vectors)
    indices, most_index = draw(vectors)
    return SparseDimension(
        is_compressed=draw(st.booleans()),
        dense_size=draw(_RANGES["i32"]),
        segments_kind=segments,
        segments=tuple(draw(st.lists(st.integers(0, most_segment), max_size=3))) if segments else (),
        indices_kind=indices,
        indices=tuple(draw(st.lists(st.integers(0, most_index), max_size=3))) if indices else (),
    )


_INTEGERS = st.lists(_RANGES["i32"], max_size=3).map(tuple)
_SPARSITIES = st.builds(
    Sparsity,
    traversal_order=_INTEGERS,
    block_map=_INTEGERS,
    dimensions=st.lists(_dimensions(), max_size=2).map(tuple),
)
