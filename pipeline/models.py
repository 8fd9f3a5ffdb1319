"""Keras models: looked at before they are loaded, loaded as tf_keras, and saved the same way every time."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, load_tensorflow
from edgewright.pipeline.training import KerasModel

SAVED_AT = "1980-01-01@00:00:00"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def load_model(path: Path, *, trust: bool = False) -> KerasModel:
    """Load a Keras 2 model after looking at its file.

    Args:
        path: a `.keras`, a `.h5` or a SavedModel folder.
        trust: allow Lambda layers, which run code from the file.

    Returns:
        A tf_keras model.

    Raises:
        ModelError: the file is missing, unreadable, of Keras 3, or holds a layer that is not trusted or not known.
    """
    if not path.exists():
        raise ModelError(f"model: {path} does not exist; give a .keras, a .h5 or a SavedModel folder.")
    inspect_model_file(path, trust=trust)
    keras = load_keras()
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=not trust)
    except Exception as error:  # Keras raises whatever it met
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"model: {path} cannot be loaded by tf_keras ({reason}); save it again with Keras 2.") from error
    if not hasattr(model, "layers"):
        raise ModelError(f"model: {path} holds no Keras layers (an exported SavedModel); give the Keras model itself.")
    return model


def inspect_model_file(path: Path, *, trust: bool) -> None:
    """Check a model's file without running anything from it.

    Raises:
        ModelError: it is unreadable, of Keras 3, or has a Lambda layer and is not trusted.
    """
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelError(f"model: {path} is a folder without saved_model.pb; give a .keras, a .h5 or a SavedModel.")
        return
    version, config = _read_zip(path) if zipfile.is_zipfile(path) else _read_hdf5(path)
    if version.split(".")[0] not in ("1", "2"):
        raise ModelError(
            f"model: {path} was saved by Keras {version}, and only files of Keras 2 are read; save it with tf_keras "
            '(TF_USE_LEGACY_KERAS=1) or as a Keras 2 ".h5".'
        )
    for layer_config in _find_layers(config):
        if layer_config.get("class_name") == "Lambda" and not trust:
            inner = layer_config.get("config")
            name = inner.get("name", "?") if isinstance(inner, dict) else "?"
            raise ModelError(
                f'model: {path} has the Lambda layer "{name}", which runs code from the file; give --trust-model if you '
                "trust where it comes from."
            )


def _read_zip(path: Path) -> tuple[str, object]:
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = json.loads(archive.read("metadata.json"))
            return str(metadata["keras_version"]), json.loads(archive.read("config.json"))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ModelError(f"model: {path} is not a whole .keras file ({error}); save it again.") from None


def _read_hdf5(path: Path) -> tuple[str, object]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            version, config = file.attrs.get("keras_version", ""), file.attrs.get("model_config")
    except OSError:
        raise ModelError(
            f"model: {path} is neither a .keras nor a .h5 file; give a model that Keras has saved."
        ) from None
    if config is None:
        raise ModelError(f"model: {path} has weights only; save the whole model with model.save().")
    try:
        return _text(version) or "2", json.loads(_text(config))
    except ValueError:
        raise ModelError(f"model: {path} has a configuration that is not JSON; save it again.") from None


def layer_names(path: Path) -> tuple[str, ...]:
    """Return the names of all layers in a `.keras` file, without loading it."""
    _, config = _read_zip(path)
    configs = (layer.get("config") for layer in _find_layers(config))
    return tuple(str(config["name"]) for config in configs if isinstance(config, dict) and "name" in config)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _find_layers(config: object) -> Iterator[dict[str, Any]]:
    pending = [config]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "class_name" in item:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def input_shape(model: KerasModel, name: str) -> tuple[int, ...]:
    """Return the model's input shape without the batch.

    Raises:
        ModelError: it has several inputs, or a dimension that is not fixed.
    """
    if len(model.inputs) != 1:
        raise ModelError(f"model: {name} has {len(model.inputs)} inputs; a model with one input is accepted.")
    shape = tuple(model.inputs[0].shape[1:])
    if any(extent is None for extent in shape):
        raise ModelError(
            f"model: the input of {name} has the shape {shape}, with a dimension that is not fixed; rebuild the model "
            "with fixed dimensions, since a microcontroller plans its memory beforehand."
        )
    return tuple(int(extent) for extent in shape)


def class_count(model: KerasModel, name: str) -> int:
    """Return the number of classes that a classifier tells apart.

    Raises:
        ModelError: the output is not one row of at least two numbers.
    """
    shapes = [tuple(output.shape[1:]) for output in model.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 1 or (shapes[0][0] or 0) < 2:
        raise ModelError(
            f"model: {name} has outputs of the shapes {shapes}; a classifier with one output (classes,) of two or more "
            "is accepted."
        )
    return int(shapes[0][0])


def save_model(model: KerasModel, path: Path) -> None:
    """Save a model as `.keras`, byte-identical for equal weights: no dates, no optimizer.

    Args:
        model: a tf_keras model.
        path: ends in `.keras`.
    """
    bare = load_keras().models.clone_model(model)
    bare.set_weights(model.get_weights())
    raw = path.with_name(f".{path.name}.raw.keras")
    try:
        bare.save(raw, save_format="keras")
        path.write_bytes(_without_dates(raw.read_bytes()))
    finally:
        raw.unlink(missing_ok=True)


def _without_dates(content: bytes) -> bytes:
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(rewritten, "w") as target:
        for name in sorted(source.namelist()):
            member = source.read(name)
            if name == "metadata.json":
                member = json.dumps({**json.loads(member), "date_saved": SAVED_AT}).encode()
            target.writestr(zipfile.ZipInfo(name, ZIP_DATE), member)
    return rewritten.getvalue()


def float_tflite(model: KerasModel) -> bytes:
    """Convert a model to a float32 `.tflite` of batch 1: the common measure of its size and its MACs."""
    converter = converter_for(model)
    content: bytes = converter.convert()
    return content


def converter_for(model: KerasModel) -> Any:
    """Return a TFLite converter of a model whose batch is fixed to 1 (a free one emits SHAPE and PACK operators)."""
    tensorflow = load_tensorflow()
    specification = tensorflow.TensorSpec((1, *model.inputs[0].shape[1:]), model.inputs[0].dtype, name="input")
    function = tensorflow.function(lambda x: model(x, training=False)).get_concrete_function(specification)
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([function], model)
