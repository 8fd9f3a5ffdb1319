"""A model's file, looked at without running anything from it: which Keras saved it, and which layers it names."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models.archive import read_archive
from edgewright.pipeline.models.configuration import Entry, check_configuration, list_entries
from edgewright.pipeline.models.hdf5 import read_hdf5
from edgewright.pipeline.models.saved_model import GRAPH, read_saved_model

NAMED_OTHERWISE = frozenset({"Functional", "Model", "Sequential", "DTypePolicy"})
"""Classes whose objects have names as well, but are no layers."""


class FileKind(str, Enum):
    """What a model is saved as; the value is how messages call it."""

    ARCHIVE = ".keras"
    HDF5 = ".h5"
    SAVED_MODEL = "SavedModel"
    OPAQUE = "exported SavedModel"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model's file that was looked at."""

    path: Path
    kind: FileKind
    keras_version: str
    """Of the Keras that saved it; empty where the file does not tell."""
    layer_names: tuple[str, ...]
    """The names of all layers, inner ones and inputs too, in the order of the file; empty for an export."""

    @property
    def is_keras3(self) -> bool:
        """Whether Keras 3 saved it, so that only Keras 3 reads it."""
        return self.keras_version.split(".")[0] == "3"

    @property
    def saved_by(self) -> str:
        """Who saved it, for people."""
        return f"Keras {self.keras_version}" if self.keras_version else "TensorFlow"


def inspect_model_file(path: Path, *, trust: bool = False) -> ModelFile:
    """Look at a model's file without running anything from it.

    Args:
        path: a `.keras`, a `.h5` or a SavedModel folder.
        trust: allow Lambda layers and what else runs code from the file.

    Raises:
        ModelError: it is missing, damaged, of an unknown Keras, or holds what is not trusted.
    """
    if not path.exists():
        raise ModelError(f"model: {path} does not exist; give a .keras, a .h5 or a SavedModel folder.")
    if path.is_dir():
        return _inspect_folder(path, trust=trust)
    is_archive = zipfile.is_zipfile(path)
    version, config = read_archive(path) if is_archive else read_hdf5(path)
    if version.split(".")[0] not in ("1", "2", "3"):
        raise ModelError(f"model: {path} was saved by Keras {version}; save it with Keras 2 or 3.")
    check_configuration(config, str(path), trust=trust)
    return ModelFile(
        path=path,
        kind=FileKind.ARCHIVE if is_archive else FileKind.HDF5,
        keras_version=version,
        layer_names=_names((config,), str(path)),
    )


def is_opaque(path: Path) -> bool:
    """Tell whether a path is a SavedModel with functions only (from `export()`), which can be converted and no more.

    Raises:
        ModelError: it is a folder that is no SavedModel, or damaged.
    """
    return path.is_dir() and read_saved_model(path, trust=True).is_opaque


def layer_names(path: Path) -> tuple[str, ...]:
    """Return the names of all layers in a model's file, without loading it."""
    return inspect_model_file(path, trust=True).layer_names


def list_layers(path: Path) -> tuple[Entry, ...]:
    """Return class, name and configuration of everything that a `.keras` or `.h5` is made of; nothing for a folder.

    Raises:
        ModelError: it is damaged.
    """
    if path.is_dir():
        return ()
    _, config = read_archive(path) if zipfile.is_zipfile(path) else read_hdf5(path)
    return tuple(entry for entry in list_entries(config, str(path)) if entry.class_name not in NAMED_OTHERWISE)


def _inspect_folder(path: Path, *, trust: bool) -> ModelFile:
    if not (path / GRAPH).is_file():
        raise ModelError(f"model: {path} is a folder without {GRAPH}; give a .keras, a .h5 or a SavedModel.")
    saved = read_saved_model(path, trust=trust)
    return ModelFile(
        path=path,
        kind=FileKind.OPAQUE if saved.is_opaque else FileKind.SAVED_MODEL,
        keras_version=saved.keras_version,
        layer_names=_names(saved.configs, str(path)),
    )


def _names(configs: tuple[object, ...], origin: str) -> tuple[str, ...]:
    """Return the layers' names, each once; those of models and of number formats are not among them."""
    names: dict[str, None] = {}
    for config in configs:
        for entry in list_entries(config, origin):
            if entry.class_name in NAMED_OTHERWISE:
                continue
            if isinstance(entry.config, dict) and isinstance(entry.config.get("name"), str):
                names[entry.config["name"]] = None
    return tuple(names)
