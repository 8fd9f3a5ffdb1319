"""A `.tflite` on disk, and the names of its layers in a file beside it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.errors import OutputError, TfliteError
from edgewright.pipeline.graph import Graph, read
from edgewright.pipeline.layers import layers_document, layers_path, name_layers, read_layers


@dataclass(frozen=True, kw_only=True)
class TfliteFile:
    """What a user gave."""

    tflite: bytes
    graph: Graph
    layers: tuple[str, ...]
    """One name for each operator: from the file beside the model, or else from its tensors."""
    layers_path: Path | None
    """The file beside it; None where there is none."""


def read_tflite(path: Path) -> TfliteFile:
    """Read a `.tflite` and the names of its layers.

    Raises:
        TfliteError: a file cannot be read, is malformed, or names the layers of another model.
    """
    try:
        tflite = path.read_bytes()
    except OSError as error:
        raise TfliteError(f"{path}: cannot be read ({error.strerror}); give the path of a .tflite.") from None
    graph = read(tflite, source=str(path))
    names = layers_path(path)
    found = names if names.is_file() else None
    layers = read_layers(found, graph) if found else name_layers(graph)
    return TfliteFile(tflite=tflite, graph=graph, layers=layers, layers_path=found)


def write_tflite(path: Path, tflite: bytes, graph: Graph, layers: tuple[str, ...]) -> None:
    """Write a `.tflite` and the names of its layers, each file whole or not at all; existing ones are replaced.

    Raises:
        OutputError: the folder cannot be written to.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for place, content in ((path, tflite), (layers_path(path), layers_document(graph, layers))):
            staged.append((_stage(place, content), place))
        for file, place in staged:
            file.replace(place)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); give another --out.") from None
    finally:
        for file, _ in staged:
            file.unlink(missing_ok=True)


def _stage(place: Path, content: bytes) -> Path:
    """Write a file beside the place that it is to take."""
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    return Path(name)
