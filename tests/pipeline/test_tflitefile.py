"""A `.tflite` on disk with the names of its layers beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.errors import OutputError, TfliteError
from edgewright.pipeline.graph import read, write
from edgewright.pipeline.layers import layers_path, name_layers
from edgewright.pipeline.tflitefile import read_tflite, write_tflite

NAMES = ("first", "second", "third", "fourth")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Bytes and names come back, also over files that were there, and nothing else is left."""
    path = tmp_path / "new" / "model.tflite"
    tflite = write(tiny_graph())
    for names in (tuple(reversed(NAMES)), NAMES):
        write_tflite(path, tflite, read(tflite), names)

    found = read_tflite(path)

    assert (tflite, NAMES, layers_path(path)) == (found.tflite, found.layers, found.layers_path)
    assert [path, layers_path(path)] == sorted(path.parent.iterdir(), reverse=True)


def test_without_names_beside_it_the_tensors_tell(tmp_path: Path) -> None:
    """A file of another tool has its layers' names in its tensors."""
    path = tmp_path / "model.tflite"
    path.write_bytes(write(tiny_graph()))

    found = read_tflite(path)

    assert (name_layers(tiny_graph()), None) == (found.layers, found.layers_path)


def test_names_of_another_model_are_refused(tmp_path: Path) -> None:
    """The file beside a model belongs to it, or stops the run."""
    path = tmp_path / "model.tflite"
    path.write_bytes(write(tiny_graph()))
    layers_path(path).write_text('{"version": 1, "operators": []}')

    with pytest.raises(TfliteError, match="names other operators"):
        read_tflite(path)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    """The sentence names the file; nothing is left."""
    (tmp_path / "file").write_text("no folder")
    graph = read(write(tiny_graph()))

    with pytest.raises(OutputError, match=r"model\.tflite: cannot be written"):
        write_tflite(tmp_path / "file" / "model.tflite", b"", graph, NAMES)
    assert ["file"] == [entry.name for entry in tmp_path.iterdir()]


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """Neither the model nor the names are left where one of them cannot take its place."""
    (tmp_path / "model.tflite").mkdir()
    names = tmp_path / "model.layers.json"
    names.write_text("of another model")
    graph = read(write(tiny_graph()))

    with pytest.raises(OutputError, match=r"model\.tflite: cannot be written \(Is a directory\)"):
        write_tflite(tmp_path / "model.tflite", b"", graph, NAMES)
    assert "of another model" == names.read_text()
    assert {"model.tflite", "model.layers.json"} == {entry.name for entry in tmp_path.iterdir()}
