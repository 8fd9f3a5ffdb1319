"""Model files made by hand, as Keras would write them or worse, without any Keras."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]


def layer(class_name: str, name: str, module: str | None = "keras.layers", **config: object) -> Config:
    """Return a layer's configuration."""
    return {"module": module, "class_name": class_name, "config": {"name": name, **config}, "registered_name": None}


def sequential(*layers: Config) -> Config:
    """Return the configuration of a Sequential model."""
    return layer("Sequential", "model", module="keras", layers=list(layers))


def weights(*shapes: tuple[int, ...]) -> bytes:
    """Return an HDF5 file with one array of ones for each shape."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for index, shape in enumerate(shapes):
            file[f"layers/dense/vars/{index}"] = np.ones(shape, np.float32)
    return content.getvalue()


def write_archive(
    path: Path, config: object, version: str = "3.15.1", members: dict[str, bytes | str] | None = None
) -> Path:
    """Write a `.keras`; `members` replaces or adds parts."""
    parts: dict[str, bytes | str] = {
        "metadata.json": json.dumps({"keras_version": version, "date_saved": "today"}),
        "config.json": config if isinstance(config, str | bytes) else json.dumps(config),
        "model.weights.h5": weights((2, 2)),
        **(members or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def write_hdf5(path: Path, config: object, version: str | None = "2.15.0") -> Path:
    """Write an `.h5` with a configuration and no weights; None leaves an attribute out."""
    with h5py.File(path, "w") as file:
        if version is not None:
            file.attrs["keras_version"] = version
        if config is not None:
            file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
    return path


def field(number: int, value: int | bytes | str) -> bytes:
    """Return one field of a protocol buffer: a varint, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """Return a whole number as protocol buffers write it."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def write_saved_model(
    path: Path,
    *configs: Config,
    identifier: str = "_tf_keras_sequential",
    operator: str = "MatMul",
    inside: bool = False,
) -> Path:
    """Write a SavedModel folder with a graph of one operator and the configurations of Keras objects.

    Args:
        path: the folder.
        configs: the model's own first; none makes an export.
        identifier: of the model's own.
        operator: stands in a function of the graph.
        inside: keep the configurations in the graph, as TensorFlow did before 2.5.
    """
    path.mkdir()
    identifiers = [identifier, *["_tf_keras_layer"] * (len(configs) - 1)]
    function = field(2, field(1, field(3, field(1, "x") + field(2, operator))))
    graph = field(2, function)
    nodes = [(name, json.dumps(config)) for name, config in zip(identifiers, configs, strict=False)]
    if inside:
        users = [field(4, field(1, name) + field(3, text)) for name, text in nodes]
        graph += field(7, b"".join(field(1, user) for user in users))
    elif configs:
        saved = [
            field(1, field(2, index) + field(3, f"root.{index}" if index else "root") + field(4, name) + field(5, text))
            for index, (name, text) in enumerate(nodes)
        ]
        (path / "keras_metadata.pb").write_bytes(b"".join(reversed(saved)))
    (path / "saved_model.pb").write_bytes(field(1, 1) + field(2, graph))
    return path
