"""Ten models of Keras 2 and of Keras 3, in every format, and two published ones: they load and compute the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import zoo
from support.models import reference_models

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.interpreters import Request, run, tflite_engine
from edgewright.pipeline.models import (
    ImportedModel,
    import_model,
    input_shapes,
    load_model,
    open_opaque,
    output_shapes,
    prepare_conversion,
    prepare_opaque_conversion,
    save_model,
)
from edgewright.pipeline.models.comparison import Samples, computing

pytestmark = pytest.mark.slow

ZooFolder = Callable[[str, str], Path]
SAVED = [("keras2", "keras"), ("keras2", "h5"), ("savedmodel", "savedmodel"), ("keras3", "keras"), ("keras3", "h5")]
"""How the zoo was made, and the ending of its files."""
LONG = {("savedmodel", "lstm"), ("savedmodel", "mobilenet")}
"""Saving and loading these takes half a minute."""
GRID = [
    pytest.param(kind, suffix, name, marks=[pytest.mark.full] if (kind, name) in LONG else [])
    for kind, suffix in SAVED
    for name in zoo.BUILDERS
]
EXACT = 2e-6
"""What float32 costs where the order of a sum changes."""


def arrays(path: Path, kind: str) -> Samples:
    """Return a zoo model's inputs, or the outputs that it had when it was saved."""
    with np.load(path.with_suffix(".npz")) as archive:
        return tuple(archive[name] for name in sorted(archive.files) if name.startswith(kind))


def difference(path: Path, imported: ImportedModel) -> float:
    """Return how far a loaded model is from what the saved one computed."""
    outputs = computing(imported.model)(arrays(path, "input"))
    return max(
        float(np.abs(actual - expected).max()) for actual, expected in zip(outputs, arrays(path, "output"), strict=True)
    )


@pytest.mark.parametrize(("kind", "suffix", "name"), GRID)
def test_model_loads_and_matches(zoo_folder: ZooFolder, kind: str, suffix: str, name: str) -> None:
    """Each becomes a flat tf_keras model without Conv1D that computes what the original did when it was saved."""
    path = zoo_folder(kind, name) / f"{name}.{suffix}"

    imported = import_model(path)

    assert difference(path, imported) <= EXACT
    assert imported.largest_difference <= EXACT
    assert imported.saved_by.startswith("Keras 3." if kind == "keras3" else "Keras 2.")
    assert not {"Conv1D", "Functional", "Sequential"} & {type(layer).__name__ for layer in imported.model.layers}


@pytest.mark.parametrize("name", ["nested", "multi_input", "one_dimensional", "lstm"])
def test_model_is_saved_repeatably(zoo_folder: ZooFolder, tmp_path: Path, name: str) -> None:
    """Saving what was loaded, and saving that once more, gives the same bytes and the same model."""
    path = zoo_folder("keras3", name) / f"{name}.keras"
    save_model(load_model(path), tmp_path / "first.keras")
    imported = import_model(tmp_path / "first.keras")
    save_model(imported.model, tmp_path / "second.keras")

    assert difference(path, imported) <= EXACT
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()


def test_saving_the_original_works(zoo_folder: ZooFolder, tmp_path: Path) -> None:
    """A model with models inside, one of them called twice, is saved as it comes from tf_keras."""
    path = zoo_folder("keras2", "nested") / "nested.keras"
    save_model(load_keras().models.load_model(path), tmp_path / "saved.keras")

    assert difference(path, import_model(tmp_path / "saved.keras")) <= EXACT


def run_tflite(tflite: bytes, inputs: Samples) -> list[Any]:
    """Run a float `.tflite` of batch 1 on each sample."""
    return list(run(Request(engine=tflite_engine(), tflite=tflite, inputs=inputs)).outputs)


@pytest.mark.parametrize("keras", ["keras2", "keras3"])
@pytest.mark.parametrize("name", sorted(zoo.EXPORTED))
def test_export_is_converted(zoo_folder: ZooFolder, keras: str, name: str) -> None:
    """An exported SavedModel becomes a `.tflite` of batch 1, inputs and outputs in the order of their names."""
    path = zoo_folder(keras, name) / f"{name}.exported"
    opaque = open_opaque(path)
    inputs = arrays(path, "input")
    if name == "multi_input":
        assert ("features", "image") == tuple(tensor.name for tensor in opaque.inputs)
        inputs = inputs[::-1]

    outputs = run_tflite(prepare_opaque_conversion(path).run(), inputs)

    assert [tuple(array.shape[1:]) for array in inputs] == [tensor.shape for tensor in opaque.inputs]
    assert [tuple(array.shape[1:]) for array in outputs] == [tensor.shape for tensor in opaque.outputs]
    for actual, expected in zip(outputs, arrays(path, "output"), strict=True):
        assert np.abs(actual.reshape(expected.shape) - expected).max() <= 1e-5


@pytest.mark.parametrize("name", ["multi_input", "one_dimensional", "nested"])
def test_converted_model_keeps_its_order(zoo_folder: ZooFolder, name: str) -> None:
    """The `.tflite` of a loaded model takes and gives what the model does, in its order and shapes."""
    path = zoo_folder("keras3", name) / f"{name}.keras"
    model = load_model(path)

    outputs = run_tflite(prepare_conversion(model).run(), arrays(path, "input"))

    assert tuple(array.shape[1:] for array in arrays(path, "input")) == input_shapes(model)
    assert tuple(array.shape[1:] for array in arrays(path, "output")) == output_shapes(model)
    for actual, expected in zip(outputs, arrays(path, "output"), strict=True):
        assert np.abs(actual.reshape(expected.shape) - expected).max() <= 1e-5


@pytest.mark.parametrize(
    ("name", "shapes"),
    [("kws_ref_model_savedmodel", ((49, 10, 1), (12,))), ("pretrainedResnet.h5", ((32, 32, 3), (10,)))],
)
def test_published_model_loads(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    """Models that others trained with an early Keras 2 load as they are; the SavedModel agrees with its signature."""
    imported = import_model(reference_models() / name)

    assert shapes == (*input_shapes(imported.model), *output_shapes(imported.model))
    assert "Keras 2.4.0" == imported.saved_by
    assert imported.largest_difference <= 1e-5
