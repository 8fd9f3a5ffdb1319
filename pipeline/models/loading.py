"""Any model file as one tf_keras model: loaded by the Keras that saved it, brought into one form, and compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_keras3
from edgewright.pipeline.models.archive import read_weights
from edgewright.pipeline.models.comparison import computing, draw_samples, largest_difference
from edgewright.pipeline.models.configuration import first_line
from edgewright.pipeline.models.hdf5 import check_datasets
from edgewright.pipeline.models.inspection import FileKind, ModelFile, inspect_model_file
from edgewright.pipeline.models.interface import input_shapes, output_shapes
from edgewright.pipeline.models.keras3 import translate_model
from edgewright.pipeline.models.signature import compute_signature
from edgewright.pipeline.surgery.one_dimension import has_one_dimension, lift_to_two_dimensions
from edgewright.pipeline.surgery.rebuild import clone

INPUT_DTYPES = frozenset({"float32", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "bool"})


@dataclass(frozen=True, kw_only=True)
class ImportedModel:
    """A model in the form that every stage works on, and how well it agrees with what was given."""

    model: KerasModel
    """A tf_keras model without models inside it and without one-dimensional convolutions."""
    saved_by: str
    """Who saved it, "Keras 3.15.1" for instance."""
    largest_difference: float
    """Between its outputs and the original's, in units of max(1, the largest output); at most 1e-4."""


def load_model(path: Path, *, trust: bool = False) -> KerasModel:
    """Load a model of Keras 2 or 3 as a tf_keras model; `import_model` tells more about it.

    Args:
        path: a `.keras`, a `.h5` or a SavedModel folder.
        trust: allow Lambda layers and what else runs code from the file.

    Raises:
        ModelError: as `import_model`.
    """
    return import_model(path, trust=trust).model


def import_model(path: Path, *, trust: bool = False) -> ImportedModel:
    """Load a model of Keras 2 or 3 as a tf_keras model, and compare the two on random input.

    Args:
        path: a `.keras`, a `.h5` or a SavedModel folder.
        trust: allow Lambda layers and what else runs code from the file.

    Raises:
        ModelError: the file is missing, damaged or not trusted, a layer cannot be translated, an input has a dimension
            that is not fixed, or the result computes something else than the original.
    """
    file = inspect_model_file(path, trust=trust)
    if file.kind is FileKind.OPAQUE:
        raise ModelError(
            f"model: {path} holds functions and no Keras layers (an exported SavedModel), so it can be converted and "
            'no more; give the Keras model itself, or a recipe with the stage "convert" alone.'
        )
    _check_weights_file(file)
    keras = load_keras3() if file.is_keras3 else load_keras()
    loaded = _load(file, keras, trust=trust)
    return _adopt(loaded, str(path), file.saved_by, path if file.kind is FileKind.SAVED_MODEL else None)


def adopt_model(model: KerasModel, origin: str) -> ImportedModel:
    """Bring a model that was made in this process into the form that every stage works on.

    Args:
        model: of tf_keras or of Keras 3; it is not changed.
        origin: what the user gave, for messages.

    Raises:
        ModelError: it is no Keras model, or as `import_model`.
    """
    for keras in (load_keras(), load_keras3()):
        if isinstance(model, keras.Model):
            return _adopt(model, origin, f"Keras {keras.__version__}", None)
    raise ModelError(f"model: {origin} gave {type(model).__name__}; a Keras model is accepted.")


def _adopt(loaded: KerasModel, origin: str, saved_by: str, saved_model: Path | None) -> ImportedModel:
    """Translate, flatten and lift a loaded model, and compare it with the original."""
    is_keras2 = isinstance(loaded, load_keras().Model)
    if is_keras2:
        _check_keras2(loaded, origin)
    model = loaded if is_keras2 else translate_model(loaded, origin)
    _check_interface(model, origin)
    if has_one_dimension(model):
        model = lift_to_two_dimensions(model, origin)
    elif not _is_flat(model):
        model = clone(model)
    _check_weights(model, origin)
    difference = 0.0
    if model is not loaded or saved_model is not None:
        original = compute_signature(saved_model, loaded) if saved_model else computing(loaded)
        difference = largest_difference(original, computing(model), draw_samples(model), origin)
    return ImportedModel(model=model, saved_by=saved_by, largest_difference=difference)


def _load(file: ModelFile, keras: ModuleType, *, trust: bool) -> KerasModel:
    options: dict[str, Any] = {"compile": False}
    if file.is_keras3 or file.kind is FileKind.ARCHIVE:
        options["safe_mode"] = not trust
    try:
        with _named_by_kind(file) as path:
            model = keras.models.load_model(path, **options)
    except Exception as error:  # Keras raises whatever it met
        raise ModelError(
            f"model: {file.path}, saved by {file.saved_by}, cannot be loaded by Keras {keras.__version__} "
            f"({first_line(error)}); save it again, from layers of Keras alone."
        ) from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"model: {file.path} holds {type(model).__name__}; a whole Keras model is accepted.")
    return model


@contextmanager
def _named_by_kind(file: ModelFile) -> Iterator[Path]:
    """Give a path whose ending says what the file is: Keras goes by it."""
    if file.kind is FileKind.SAVED_MODEL or file.path.suffix == file.kind.value:
        yield file.path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"model{file.kind.value}"
        link.symlink_to(file.path.resolve())
        yield link


def _check_weights_file(file: ModelFile) -> None:
    if file.kind is FileKind.ARCHIVE:
        check_datasets(read_weights(file.path), str(file.path))
    elif file.kind is FileKind.HDF5:
        check_datasets(file.path, str(file.path))


def _check_keras2(model: KerasModel, origin: str) -> None:
    """Refuse a tf_keras model whose graph cannot be read, or with layers that no stage can work on."""
    if not isinstance(model, load_keras().Sequential) and not getattr(model, "_is_graph_network", False):
        raise ModelError(
            f"model: {origin} is a {type(model).__name__}, a subclassed model, whose graph cannot be read; build it "
            'from keras.Input on (the functional way), or export() it and give a recipe with the stage "convert" alone.'
        )
    for layer in _flat_layers(model):
        reason = _refusal_reason(layer)
        if reason:
            raise ModelError(
                f'model: the layer "{layer.name}" ({type(layer).__name__}) of {origin} cannot be used: {reason}.'
            )


def _refusal_reason(layer: Any) -> str | None:
    policy = str(getattr(getattr(layer, "_dtype_policy", None), "name", "float32"))
    config = layer.get_config() if hasattr(layer, "get_config") else {}
    if not type(layer).__module__.startswith("tf_keras."):
        return "it is a custom layer, and layers of Keras are accepted"
    if type(layer).__name__.startswith("Revived"):
        return "the SavedModel does not say how it is made, so it is a custom layer; layers of Keras are accepted"
    if policy not in ("float32", "_infer") and type(layer).__name__ != "InputLayer" and not policy.startswith("int"):
        return f"it computes in {policy}, and float32 is accepted; build the model with the policy float32"
    if config.get("data_format") == "channels_first":
        return 'data_format "channels_first" is not supported, "channels_last" is'
    if config.get("stateful"):
        return "stateful = True, and a model that keeps state between inputs is not supported"
    return None


def _flat_layers(model: KerasModel) -> list[Any]:
    found = []
    for layer in model.layers:
        found += _flat_layers(layer) if isinstance(layer, load_keras().Model) else [layer]
    return found


def _is_flat(model: KerasModel) -> bool:
    """Tell whether a tf_keras model has no model inside it, and takes and gives tensors or lists of them."""
    packed = (getattr(model, "_nested_inputs", None), getattr(model, "_nested_outputs", None))
    return not any(isinstance(layer, load_keras().Model) for layer in model.layers) and not any(
        isinstance(tensors, dict) for tensors in packed
    )


def _check_interface(model: KerasModel, origin: str) -> None:
    input_shapes(model, origin)
    output_shapes(model, origin)
    for tensor in model.inputs:
        dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
        if dtype not in INPUT_DTYPES:
            raise ModelError(
                f"model: {origin} has an input of {dtype}; accepted are {', '.join(sorted(INPUT_DTYPES))}."
            )


def _check_weights(model: KerasModel, origin: str) -> None:
    for variable in model.variables:
        if variable.dtype.is_floating and not np.isfinite(variable.numpy()).all():
            raise ModelError(
                f'model: {origin} has NaN or infinity in its weight "{variable.name}"; give another checkpoint.'
            )
