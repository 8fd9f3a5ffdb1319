"""From the bytes of a `.tflite` to a `Graph`; nothing in the bytes is trusted."""

from __future__ import annotations

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.flatbuffer import FlatBuffer, Table
from edgewright.pipeline.graph.operator_reader import read_operator, read_operator_codes
from edgewright.pipeline.graph.schema import (
    IDENTIFIER,
    SCHEMA_VERSION,
    BufferSlot,
    MetadataSlot,
    ModelSlot,
    SignatureSlot,
    SubgraphSlot,
    TensorMapSlot,
)
from edgewright.pipeline.graph.tensor_reader import read_tensor
from edgewright.pipeline.graph.types import Graph, Metadata, Signature, Subgraph
from edgewright.pipeline.graph.validation import validate


def read(data: bytes, *, source: str = "model") -> Graph:
    """Read a `.tflite`.

    Bytes after the flatbuffer (the zip of associated files that model metadata may append) are ignored.

    Args:
        data: the whole file.
        source: what error messages call it, a file name for instance.

    Returns:
        The graph, with every index, shape, buffer and quantization checked by `validation.validate`.

    Raises:
        TfliteError: the file is malformed, hostile, or newer than the schema that edgewright knows.
    """
    buffer = FlatBuffer(bytes(data), source=source)
    model = buffer.root(IDENTIFIER)
    model.require_slots(len(ModelSlot), "the model")
    version = model.integer(ModelSlot.VERSION, "u32")
    if version != SCHEMA_VERSION:
        raise buffer.error(f"its schema version is {version}, and only {SCHEMA_VERSION} is accepted")
    if model.tables(ModelSlot.EXTERNAL_BUFFERS) or model.tables(ModelSlot.EXTERNAL_BUFFER_GROUPS):
        raise TfliteError(
            f"{source} keeps its weights in separate files, which edgewright does not read; "
            "convert the model into a single .tflite."
        )
    codes = read_operator_codes(buffer, model.tables(ModelSlot.OPERATOR_CODES))
    graph = Graph(
        version=version,
        description=model.text(ModelSlot.DESCRIPTION) or "",
        subgraphs=tuple(
            _read_subgraph(buffer, table, codes, f"subgraph {index}")
            for index, table in enumerate(model.tables(ModelSlot.SUBGRAPHS))
        ),
        buffers=tuple(
            _read_buffer(buffer, table, index) for index, table in enumerate(model.tables(ModelSlot.BUFFERS))
        ),
        metadata=tuple(_read_metadata(table) for table in model.tables(ModelSlot.METADATA)),
        signatures=tuple(_read_signature(table) for table in model.tables(ModelSlot.SIGNATURE_DEFS)),
        metadata_buffers=model.integers(ModelSlot.METADATA_BUFFER, "i32"),
    )
    validate(graph, source)
    return graph


def buffer_positions(data: bytes, *, source: str = "model") -> tuple[int | None, ...]:
    """Return at which byte of a `.tflite` the content of each buffer begins; None for an empty one.

    Args:
        data: the whole file, which `read` takes.
        source: what error messages call it.

    Raises:
        TfliteError: the file is malformed.
    """
    model = FlatBuffer(bytes(data), source=source).root(IDENTIFIER)
    return tuple(
        offset if (offset := table.integer(BufferSlot.OFFSET, "u64")) > 1 else table.blob_position(BufferSlot.DATA)
        for table in model.tables(ModelSlot.BUFFERS)
    )


def _read_buffer(buffer: FlatBuffer, table: Table, index: int) -> bytes:
    """Read one buffer, which stands in the flatbuffer or, in a very large file, after it."""
    table.require_slots(len(BufferSlot), f"buffer {index}")
    offset = table.integer(BufferSlot.OFFSET, "u64")
    length = table.integer(BufferSlot.SIZE, "u64")
    content = table.blob(BufferSlot.DATA)
    if offset <= 1:
        return content or b""
    if content:
        raise buffer.error(f"buffer {index} has content both inside and at byte {offset}")
    return buffer.appended(offset, length, f"buffer {index}")


def _read_subgraph(
    buffer: FlatBuffer, table: Table, codes: tuple[tuple[str, str | None, int], ...], place: str
) -> Subgraph:
    """Read one subgraph."""
    table.require_slots(len(SubgraphSlot), place)
    tensors = table.tables(SubgraphSlot.TENSORS)
    operators = table.tables(SubgraphSlot.OPERATORS)
    return Subgraph(
        name=table.text(SubgraphSlot.NAME) or "",
        tensors=tuple(read_tensor(buffer, entry, index, place) for index, entry in enumerate(tensors)),
        operators=tuple(read_operator(buffer, entry, index, codes, place) for index, entry in enumerate(operators)),
        inputs=table.integers(SubgraphSlot.INPUTS, "i32"),
        outputs=table.integers(SubgraphSlot.OUTPUTS, "i32"),
        debug_metadata_index=table.integer(SubgraphSlot.DEBUG_METADATA_INDEX, "i32", -1),
    )


def _read_metadata(table: Table) -> Metadata:
    """Read one metadata entry."""
    table.require_slots(len(MetadataSlot), "a metadata entry")
    return Metadata(name=table.text(MetadataSlot.NAME) or "", buffer_index=table.integer(MetadataSlot.BUFFER, "u32"))


def _read_signature(table: Table) -> Signature:
    """Read one signature."""
    table.require_slots(len(SignatureSlot), "a signature")
    return Signature(
        key=table.text(SignatureSlot.SIGNATURE_KEY) or "",
        subgraph_index=table.integer(SignatureSlot.SUBGRAPH_INDEX, "u32"),
        inputs=_read_names(table, SignatureSlot.INPUTS),
        outputs=_read_names(table, SignatureSlot.OUTPUTS),
    )


def _read_names(table: Table, slot: SignatureSlot) -> tuple[tuple[str, int], ...]:
    """Read the named inputs or outputs of a signature."""
    names = []
    for entry in table.tables(slot):
        entry.require_slots(len(TensorMapSlot), "a signature's tensor")
        names.append((entry.text(TensorMapSlot.NAME) or "", entry.integer(TensorMapSlot.TENSOR_INDEX, "u32")))
    return tuple(names)
