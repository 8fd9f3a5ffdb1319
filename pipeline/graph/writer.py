"""From a `Graph` to the bytes of a `.tflite`: the same graph always gives the same bytes."""

from __future__ import annotations

import struct

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.builder import TableBuilder
from edgewright.pipeline.graph.operator_writer import OperatorCodes, write_operator
from edgewright.pipeline.graph.schema import (
    IDENTIFIER,
    BufferSlot,
    MetadataSlot,
    ModelSlot,
    SignatureSlot,
    SubgraphSlot,
    TensorMapSlot,
)
from edgewright.pipeline.graph.tensor_writer import write_tensor
from edgewright.pipeline.graph.types import Graph, Metadata, Signature, Subgraph
from edgewright.pipeline.graph.validation import validate


def write(graph: Graph, *, buffer_alignment: int = 16) -> bytes:
    """Write a graph as a `.tflite`.

    `read(write(graph)) == graph` for every graph that `read` returned. In a graph made by hand, options that are left
    out come back with the schema's defaults, and floats rounded to 32 bits.

    Args:
        graph: what to write; operator codes are made from its operators, each once.
        buffer_alignment: buffers start at multiples of this many bytes from the file's start: a power of two, 4 to 256.

    Returns:
        The file's bytes.

    Raises:
        TfliteError: the graph does not hold together, or a value does not fit its field.
    """
    if buffer_alignment not in (4, 8, 16, 32, 64, 128, 256):
        raise TfliteError(f"a buffer alignment of {buffer_alignment} bytes is not a power of two from 4 to 256.")
    validate(graph, "the graph to write")
    builder = TableBuilder()
    try:
        root = _write_model(builder, graph, buffer_alignment)
    except (struct.error, OverflowError, TypeError, ValueError) as error:
        raise TfliteError(f"the graph to write has a value that its field cannot hold: {error}.") from error
    return builder.finish(root, IDENTIFIER)


def _write_model(builder: TableBuilder, graph: Graph, buffer_alignment: int) -> int:
    """Write the root table; its position."""
    codes = OperatorCodes(graph)
    buffers = builder.tables([_write_buffer(builder, content, buffer_alignment) for content in graph.buffers])
    metadata = builder.tables([_write_metadata(builder, entry) for entry in graph.metadata]) if graph.metadata else 0
    signatures = (
        builder.tables([_write_signature(builder, entry) for entry in graph.signatures]) if graph.signatures else 0
    )
    subgraphs = builder.tables([_write_subgraph(builder, subgraph, codes) for subgraph in graph.subgraphs])
    operator_codes = codes.write(builder)
    description = builder.optional_text(graph.description)
    metadata_buffers = builder.numbers("i32", graph.metadata_buffers) if graph.metadata_buffers else 0
    builder.start(len(ModelSlot))
    builder.add_scalar(ModelSlot.VERSION, "u32", graph.version, 0)
    builder.add_offset(ModelSlot.OPERATOR_CODES, operator_codes)
    builder.add_offset(ModelSlot.SUBGRAPHS, subgraphs)
    builder.add_offset(ModelSlot.DESCRIPTION, description)
    builder.add_offset(ModelSlot.BUFFERS, buffers)
    builder.add_offset(ModelSlot.METADATA_BUFFER, metadata_buffers)
    builder.add_offset(ModelSlot.METADATA, metadata)
    builder.add_offset(ModelSlot.SIGNATURE_DEFS, signatures)
    return builder.end()


def _write_buffer(builder: TableBuilder, content: bytes, alignment: int) -> int:
    """Write one buffer; an empty one has no vector at all."""
    data = builder.blob(content, alignment) if content else 0
    builder.start(len(BufferSlot))
    builder.add_offset(BufferSlot.DATA, data)
    return builder.end()


def _write_subgraph(builder: TableBuilder, subgraph: Subgraph, codes: OperatorCodes) -> int:
    """Write one subgraph."""
    tensors = builder.tables([write_tensor(builder, tensor) for tensor in subgraph.tensors])
    operators = builder.tables([write_operator(builder, operator, codes) for operator in subgraph.operators])
    inputs = builder.numbers("i32", subgraph.inputs)
    outputs = builder.numbers("i32", subgraph.outputs)
    name = builder.optional_text(subgraph.name)
    builder.start(len(SubgraphSlot))
    builder.add_offset(SubgraphSlot.TENSORS, tensors)
    builder.add_offset(SubgraphSlot.INPUTS, inputs)
    builder.add_offset(SubgraphSlot.OUTPUTS, outputs)
    builder.add_offset(SubgraphSlot.OPERATORS, operators)
    builder.add_offset(SubgraphSlot.NAME, name)
    builder.add_scalar(SubgraphSlot.DEBUG_METADATA_INDEX, "i32", subgraph.debug_metadata_index, -1)
    return builder.end()


def _write_metadata(builder: TableBuilder, metadata: Metadata) -> int:
    """Write one metadata entry."""
    name = builder.text(metadata.name)
    builder.start(len(MetadataSlot))
    builder.add_offset(MetadataSlot.NAME, name)
    builder.add_scalar(MetadataSlot.BUFFER, "u32", metadata.buffer_index, 0)
    return builder.end()


def _write_signature(builder: TableBuilder, signature: Signature) -> int:
    """Write one signature."""
    inputs = builder.tables([_write_name(builder, *entry) for entry in signature.inputs])
    outputs = builder.tables([_write_name(builder, *entry) for entry in signature.outputs])
    key = builder.text(signature.key)
    builder.start(len(SignatureSlot))
    builder.add_offset(SignatureSlot.INPUTS, inputs)
    builder.add_offset(SignatureSlot.OUTPUTS, outputs)
    builder.add_offset(SignatureSlot.SIGNATURE_KEY, key)
    builder.add_scalar(SignatureSlot.SUBGRAPH_INDEX, "u32", signature.subgraph_index, 0)
    return builder.end()


def _write_name(builder: TableBuilder, name: str, tensor_index: int) -> int:
    """Write one named input or output of a signature."""
    text = builder.text(name)
    builder.start(len(TensorMapSlot))
    builder.add_offset(TensorMapSlot.NAME, text)
    builder.add_scalar(TensorMapSlot.TENSOR_INDEX, "u32", tensor_index, 0)
    return builder.end()
