"""The metadata that TensorFlow Lite's tools read: names, normalization, ranges, and labels as an associated file.

A flatbuffer of its own lies in the buffer that the entry `TFLITE_METADATA` names; the files that it names are in a zip
that follows the model, which interpreters ignore.
Source: the metadata schema, identifier M001 (tensorflow_lite_support/metadata/metadata_schema.fbs).
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from edgewright.pipeline.archive import EARLIEST
from edgewright.pipeline.graph.builder import TableBuilder
from edgewright.pipeline.graph.types import Graph, Metadata
from edgewright.pipeline.graph.writer import write

METADATA_NAME = "TFLITE_METADATA"
METADATA_IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.0"
"""The oldest parser that knows every field which is written here."""


class ModelMetadataSlot(IntEnum):
    """Fields of the root table."""

    NAME = 0
    DESCRIPTION = 1
    VERSION = 2
    SUBGRAPH_METADATA = 3
    AUTHOR = 4
    LICENSE = 5
    ASSOCIATED_FILES = 6
    MIN_PARSER_VERSION = 7


class SubGraphMetadataSlot(IntEnum):
    """Fields of a subgraph's table, as far as they are written."""

    NAME = 0
    DESCRIPTION = 1
    INPUT_TENSOR_METADATA = 2
    OUTPUT_TENSOR_METADATA = 3


class TensorMetadataSlot(IntEnum):
    """Fields of a tensor's table."""

    NAME = 0
    DESCRIPTION = 1
    DIMENSION_NAMES = 2
    CONTENT = 3
    PROCESS_UNITS = 4
    STATS = 5
    ASSOCIATED_FILES = 6


class ContentProperties(IntEnum):
    """What a tensor holds: tags of a union."""

    FEATURE = 1
    IMAGE = 2


class ColorSpace(IntEnum):
    """Of an image."""

    RGB = 1
    GRAYSCALE = 2


NORMALIZATION_OPTIONS = 1
"""Tag of the union of process units."""
TENSOR_AXIS_LABELS = 2
"""Kind of an associated file that has one label for each element of the last axis, one a line."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an image tensor holds."""

    color_space: ColorSpace
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class TensorDescription:
    """What is known of one input or output."""

    name: str
    description: str = ""
    image: Image | None = None
    """None where the tensor holds other features."""
    mean: tuple[float, ...] = ()
    """Subtracted from a raw value, one figure or one for each channel; empty where nothing normalizes."""
    std: tuple[float, ...] = ()
    """What is divided by afterwards."""
    minimum: float | None = None
    """The lowest real value that the tensor can hold; None where that is not known."""
    maximum: float | None = None
    labels_name: str = ""
    """Name of the associated file with the labels of the last axis; empty where there are none."""


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """What is known of a model."""

    name: str
    description: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]


def write_metadata(description: ModelDescription) -> bytes:
    """Write the metadata's flatbuffer; equal descriptions give equal bytes."""
    builder = TableBuilder()
    inputs = builder.tables([_write_tensor(builder, tensor) for tensor in description.inputs])
    outputs = builder.tables([_write_tensor(builder, tensor) for tensor in description.outputs])
    builder.start(len(SubGraphMetadataSlot))
    builder.add_offset(SubGraphMetadataSlot.INPUT_TENSOR_METADATA, inputs)
    builder.add_offset(SubGraphMetadataSlot.OUTPUT_TENSOR_METADATA, outputs)
    subgraphs = builder.tables([builder.end()])
    name, text = builder.optional_text(description.name), builder.optional_text(description.description)
    version = builder.text(PARSER_VERSION)
    builder.start(len(ModelMetadataSlot))
    builder.add_offset(ModelMetadataSlot.NAME, name)
    builder.add_offset(ModelMetadataSlot.DESCRIPTION, text)
    builder.add_offset(ModelMetadataSlot.SUBGRAPH_METADATA, subgraphs)
    builder.add_offset(ModelMetadataSlot.MIN_PARSER_VERSION, version)
    return builder.finish(builder.end(), METADATA_IDENTIFIER)


def write_described(graph: Graph, description: ModelDescription, files: Mapping[str, bytes]) -> bytes:
    """Write a graph as a `.tflite` with metadata; metadata that it had before is replaced.

    Args:
        graph: the model.
        description: its inputs and outputs in the order of the main subgraph's.
        files: associated files by name.

    Returns:
        The file's bytes: every interpreter runs it as it runs the graph without metadata.
    """
    others = tuple(entry for entry in graph.metadata if entry.name != METADATA_NAME)
    entry = Metadata(name=METADATA_NAME, buffer_index=len(graph.buffers))
    buffers = (*graph.buffers, write_metadata(description))
    return _append(write(dataclasses.replace(graph, buffers=buffers, metadata=(*others, entry))), files)


def _append(tflite: bytes, files: Mapping[str, bytes]) -> bytes:
    """Append an archive of the files, dates fixed and nothing compressed; its offsets count from the model's start."""
    if not files:
        return tflite
    stream = io.BytesIO(tflite)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), content)
    return stream.getvalue()


def _write_tensor(builder: TableBuilder, tensor: TensorDescription) -> int:
    name, text = builder.optional_text(tensor.name), builder.optional_text(tensor.description)
    content = _write_content(builder, tensor.image)
    units = builder.tables([_write_normalization(builder, tensor)]) if tensor.mean else 0
    stats = _write_stats(builder, tensor)
    files = builder.tables([_write_labels(builder, tensor.labels_name)]) if tensor.labels_name else 0
    builder.start(len(TensorMetadataSlot))
    for slot, position in (
        (TensorMetadataSlot.NAME, name),
        (TensorMetadataSlot.DESCRIPTION, text),
        (TensorMetadataSlot.CONTENT, content),
        (TensorMetadataSlot.PROCESS_UNITS, units),
        (TensorMetadataSlot.STATS, stats),
        (TensorMetadataSlot.ASSOCIATED_FILES, files),
    ):
        builder.add_offset(slot, position)
    return builder.end()


def _write_content(builder: TableBuilder, image: Image | None) -> int:
    """Write what the tensor holds: `Content` with a union of properties."""
    size = 0
    if image is not None:
        builder.start(2)
        builder.add_scalar(0, "u32", image.width, 0)
        builder.add_scalar(1, "u32", image.height, 0)
        size = builder.end()
    builder.start(2 if image else 0)
    if image is not None:
        builder.add_scalar(0, "i8", image.color_space, 0)
        builder.add_offset(1, size)
    properties = builder.end()
    builder.start(3)
    builder.add_scalar(0, "u8", ContentProperties.IMAGE if image else ContentProperties.FEATURE, 0)
    builder.add_offset(1, properties)
    return builder.end()


def _write_normalization(builder: TableBuilder, tensor: TensorDescription) -> int:
    """Write a `ProcessUnit` with `NormalizationOptions`."""
    mean, std = _floats(builder, tensor.mean), _floats(builder, tensor.std)
    builder.start(2)
    builder.add_offset(0, mean)
    builder.add_offset(1, std)
    options = builder.end()
    builder.start(2)
    builder.add_scalar(0, "u8", NORMALIZATION_OPTIONS, 0)
    builder.add_offset(1, options)
    return builder.end()


def _write_stats(builder: TableBuilder, tensor: TensorDescription) -> int:
    """Write `Stats`: the highest value, then the lowest."""
    if tensor.minimum is None or tensor.maximum is None:
        return 0
    maximum, minimum = _floats(builder, (tensor.maximum,)), _floats(builder, (tensor.minimum,))
    builder.start(2)
    builder.add_offset(0, maximum)
    builder.add_offset(1, minimum)
    return builder.end()


def _write_labels(builder: TableBuilder, name: str) -> int:
    """Write an `AssociatedFile`."""
    text, about = builder.text(name), builder.text("one label a line, in the order of the elements")
    builder.start(5)
    builder.add_offset(0, text)
    builder.add_offset(1, about)
    builder.add_scalar(2, "i8", TENSOR_AXIS_LABELS, 0)
    return builder.end()


def _floats(builder: TableBuilder, values: Sequence[float]) -> int:
    return builder.numbers("f32", values)
