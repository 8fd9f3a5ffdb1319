"""Metadata: written by the published schema, read back field by field, and no interpreter minds it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.graph import Graph, input_tensors, read, write
from edgewright.pipeline.graph.flatbuffer import FlatBuffer, Table
from edgewright.pipeline.graph.metadata import (
    METADATA_IDENTIFIER,
    METADATA_NAME,
    ColorSpace,
    Image,
    ModelDescription,
    ModelMetadataSlot,
    SubGraphMetadataSlot,
    TensorDescription,
    TensorMetadataSlot,
    write_described,
    write_metadata,
)
from edgewright.pipeline.interpreters import Request, Resolver, run, tflite_engine, tflm_engine

TFLITE_SUPPORT = "tflite-support==0.4.4"
INSTALL_SECONDS = 600
DISPLAY = """
import json, sys
from tflite_support import metadata
shown = metadata.MetadataDisplayer.with_model_file(sys.argv[1])
print(json.dumps([json.loads(shown.get_metadata_json()), shown.get_packed_associated_file_list(),
    shown.get_associated_file_buffer("labels.txt").decode()]))
"""
DESCRIPTION = ModelDescription(
    name="größer 模型",
    description="Two words.",
    inputs=(
        TensorDescription(
            name="image",
            image=Image(color_space=ColorSpace.RGB, height=4, width=3),
            mean=(123.5, 116.25, 103.5),
            std=(58.5, 57.0, 57.5),
            minimum=-1.0,
            maximum=0.5,
        ),
    ),
    outputs=(TensorDescription(name="class", labels_name="labels.txt", minimum=0.0, maximum=0.75),),
)
LABELS = {"labels.txt": b"yes\nno\n"}


def metadata_of(graph: Graph) -> bytes:
    """Return the buffer of the one metadata entry."""
    (entry,) = [entry for entry in graph.metadata if entry.name == METADATA_NAME]
    return graph.buffers[entry.buffer_index]


def open_subgraph(content: bytes) -> tuple[Table, Table]:
    """Return the root table and that of the one subgraph."""
    root = FlatBuffer(content, source="metadata").root(METADATA_IDENTIFIER)
    (subgraph,) = root.tables(ModelMetadataSlot.SUBGRAPH_METADATA)
    return root, subgraph


def test_every_field_reads_back() -> None:
    """Names, normalization, ranges, image size and the labels' name stand where the schema wants them."""
    root, subgraph = open_subgraph(write_metadata(DESCRIPTION))
    assert ("größer 模型", "Two words.", "1.0.0") == (
        root.text(ModelMetadataSlot.NAME),
        root.text(ModelMetadataSlot.DESCRIPTION),
        root.text(ModelMetadataSlot.MIN_PARSER_VERSION),
    )
    (tensor,) = subgraph.tables(SubGraphMetadataSlot.INPUT_TENSOR_METADATA)
    (unit,) = tensor.tables(TensorMetadataSlot.PROCESS_UNITS)
    options, stats = unit.table(1), tensor.table(TensorMetadataSlot.STATS)
    content = tensor.table(TensorMetadataSlot.CONTENT)
    assert options and stats and content
    assert (1, (123.5, 116.25, 103.5), (58.5, 57.0, 57.5)) == (
        unit.integer(0, "u8"), options.floats(0), options.floats(1),
    )  # fmt: skip
    assert ((0.5,), (-1.0,)) == (stats.floats(0), stats.floats(1))
    image = content.table(1)
    assert image
    size = image.table(1)
    assert size
    assert (2, 1, 3, 4) == (
        content.integer(0, "u8"), image.integer(0, "i8"), size.integer(0, "u32"), size.integer(1, "u32"),
    )  # fmt: skip
    (output,) = subgraph.tables(SubGraphMetadataSlot.OUTPUT_TENSOR_METADATA)
    (file,) = output.tables(TensorMetadataSlot.ASSOCIATED_FILES)
    assert ("labels.txt", 2) == (file.text(0), file.integer(2, "i8"))
    assert [] == output.tables(TensorMetadataSlot.PROCESS_UNITS)


def test_labels_are_an_archive_behind_the_model() -> None:
    """Python's zipfile finds the labels in the `.tflite` itself, uncompressed, and our reader ignores them."""
    content = write_described(tiny_graph(), DESCRIPTION, LABELS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (entry,) = archive.infolist()
        assert ("labels.txt", zipfile.ZIP_STORED) == (entry.filename, entry.compress_type)
        assert LABELS["labels.txt"] == archive.read(entry)
        assert b"PK\x03\x04" == content[entry.header_offset : entry.header_offset + 4]
    assert write_metadata(DESCRIPTION) == metadata_of(read(content))


def test_metadata_is_replaced_and_deterministic() -> None:
    """Describing a described model again leaves one description, and equal arguments give equal bytes."""
    once = write_described(tiny_graph(), DESCRIPTION, LABELS)
    assert once == write_described(tiny_graph(), DESCRIPTION, LABELS)
    assert write_metadata(DESCRIPTION) == metadata_of(read(write_described(read(once), DESCRIPTION, {})))


def test_interpreters_compute_the_same() -> None:
    """TFLM, the reference kernels and XNNPACK give for a described model what they give for the bare one."""
    graph = tiny_graph()
    (tensor,) = input_tensors(graph)
    samples = np.random.default_rng(3).integers(-128, 128, (20, *tensor.shape[1:]), np.int8)
    for resolver, engine in (
        (Resolver.REFERENCE, tflm_engine()),
        (Resolver.REFERENCE, tflite_engine(Resolver.REFERENCE)),
        (Resolver.XNNPACK, tflite_engine(Resolver.XNNPACK)),
    ):
        bare, described = (
            run(Request(engine=engine, tflite=tflite, inputs=(samples,), resolver=resolver)).outputs
            for tflite in (write(graph), write_described(graph, DESCRIPTION, LABELS))
        )
        assert [array.tobytes() for array in bare] == [array.tobytes() for array in described]


@pytest.mark.slow
def test_tflite_support_reads_it(tmp_path: Path) -> None:
    """tflite-support, in an environment of its own, shows every field and the labels."""
    environment, model = tmp_path / "environment", tmp_path / "model.tflite"
    if sys.version_info >= (3, 12):
        pytest.skip(f"{TFLITE_SUPPORT} has no wheel for Python 3.12 or newer")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", TFLITE_SUPPORT, "numpy<2"]
    try:
        finished = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        if finished.returncode != 0:
            pytest.skip(f"{TFLITE_SUPPORT} cannot be installed here: {finished.stderr[-200:]}")
        model.write_bytes(write_described(tiny_graph(), DESCRIPTION, LABELS))
        shown = subprocess.run([python, "-c", DISPLAY, str(model)], capture_output=True, text=True, check=True).stdout
    finally:
        shutil.rmtree(environment, ignore_errors=True)
    found, files, labels = json.loads(shown)
    assert (["labels.txt"], "yes\nno\n") == (files, labels)
    assert ("größer 模型", "1.0.0") == (found["name"], found["min_parser_version"])
    (subgraph,) = found["subgraph_metadata"]
    (tensor,), (output,) = subgraph["input_tensor_metadata"], subgraph["output_tensor_metadata"]
    assert {"mean": [123.5, 116.25, 103.5], "std": [58.5, 57.0, 57.5]} == tensor["process_units"][0]["options"]
    assert "ImageProperties" == tensor["content"]["content_properties_type"]
    assert {"color_space": "RGB", "default_size": {"width": 3, "height": 4}} == tensor["content"]["content_properties"]
    assert {"max": [0.5], "min": [-1.0]} == tensor["stats"]
    assert "TENSOR_AXIS_LABELS" == output["associated_files"][0]["type"]
