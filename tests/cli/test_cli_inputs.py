"""Models of other kinds through the whole chain: a SavedModel, one with two inputs, and an exported function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.command import assert_refused, edgewright
from support.digits import CONVERT_ALONE, digits, write_npz

from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import input_tensors, read, require_full_integer
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.models import load_model
from edgewright.pipeline.report import Report, load_report

pytestmark = pytest.mark.slow

FloatArray = npt.NDArray[np.float32]
CHAIN = (
    '[[stages]]\nstage = "prune"\namount = 0.5\nstep_epochs = 0\ntraining = { epochs = 3, batch_size = 32 }\n'
    '[[stages]]\nstage = "distill"\ntraining = { epochs = 2, learning_rate = 2e-3, batch_size = 32 }\n'
    f"{CONVERT_ALONE}"
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a user has: a folder with a model, its data, and what the model computes for the test split."""

    folder: Path
    x_test: tuple[FloatArray, ...]
    outputs: FloatArray


def given(folder: Path, model: Any, save: Callable[[Any, Path], object], second: bool) -> Given:
    """Save a model and the digits; the second input, where there is one, is the sum of each row."""
    arrays = dict(digits())
    if second:
        for split in ("train", "test"):
            x = arrays.pop(f"x_{split}")
            arrays |= {f"x_{split}_0": x, f"x_{split}_1": x.sum(axis=2)[..., 0]}
    folder.mkdir()
    write_npz(folder / "data.npz", arrays)
    save(model, folder / "model")
    x_test = tuple(array for name, array in sorted(arrays.items()) if name.startswith("x_test"))
    return Given(folder=folder, x_test=x_test, outputs=model.predict(list(x_test), verbose=0))


def two_inputs() -> Any:
    """Train a network that takes a digit and the sums of its rows."""
    keras, arrays = load_keras(), digits()
    keras.utils.set_random_seed(4)
    layers = keras.layers
    image, rows = layers.Input((8, 8, 1), name="zeta"), layers.Input((8,), name="alpha")
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv")(image)
    y = layers.Dense(8, activation="relu", name="rows")(rows)
    x = layers.Dense(32, activation="relu", name="hidden")(layers.Concatenate()([layers.Flatten()(x), y]))
    model = keras.Model([image, rows], layers.Dense(10, activation="softmax", name="digits")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    x_train = arrays["x_train"]
    model.fit([x_train, x_train.sum(axis=2)[..., 0]], arrays["y_train"], epochs=6, batch_size=32, verbose=0)
    return model


def built(given: Given, recipe: str) -> Report:
    """Build for a computer, which must succeed without a word on standard error."""
    (given.folder / "recipe.toml").write_text(recipe)
    finished = edgewright(
        "build", "--target", "host", "--model", "model", "--data", "data.npz", "--recipe", "recipe.toml",
        cwd=given.folder,
    )  # fmt: skip
    assert (0, "") == (finished.returncode, finished.stderr)
    return load_report(given.folder / "build" / "host" / "report.json")


def assert_report_is_right(given: Given, report: Report, stages: list[str]) -> None:
    """Hold a report to the files beside it, to the source model, and to what the int8 model computes."""
    out = given.folder / "build" / "host"
    tflite = (out / "model.tflite").read_bytes()
    graph = read(tflite)
    require_full_integer(graph, "model.tflite")
    assert stages == [stage.name for stage in report.stages]
    assert [None] * len(stages) == [stage.rolled_back for stage in report.stages]
    assert len(tflite) == report.stages[-1].metrics.file_bytes
    assert [array.shape[1:] for array in given.x_test] == [tensor.shape[1:] for tensor in input_tensors(graph)]
    result = run(Request(engine=tflm_engine(), tflite=tflite, inputs=model_inputs(graph, given.x_test)))
    (outputs,) = real_outputs(graph, result.outputs, [(10,)])
    y_test = digits()["y_test"]
    accuracies = [float((found.argmax(axis=-1) == y_test).mean()) for found in (given.outputs, outputs)]
    assert report.test is not None
    assert accuracies == [pytest.approx(one.get("accuracy")) for one in (report.test.source, report.test.result)]
    assert 0.85 < min(accuracies)
    assert [True] == [row.holds for row in report.agreements if row.resolver == "reference"]
    assert (out / "labels.txt").read_text().split() == [str(index) for index in range(10)]
    assert (out / "firmware").is_dir()


@pytest.fixture(scope="module", params=["SavedModel", "two inputs"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, digits_h5: Path) -> Given:
    """A folder with a SavedModel of Keras 2, or with an `.h5` of two inputs."""
    folder = tmp_path_factory.mktemp("inputs") / "user"
    if request.param == "SavedModel":
        model = load_keras().models.load_model(digits_h5)
        return given(folder, model, lambda model, path: model.save(path, save_format="tf"), second=False)
    return given(folder, two_inputs(), lambda model, path: model.save(path, save_format="h5"), second=True)


def test_the_whole_chain_takes_it(whole: Given) -> None:
    """Half of its channels go, it is taught and converted; every figure of the report is that of the files."""
    report = built(whole, CHAIN)
    assert_report_is_right(whole, report, ["source", "prune", "distill", "convert"])
    source, *_, result = (stage.metrics for stage in report.stages)
    assert result.mac_count < 0.6 * source.mac_count
    assert result.file_bytes < source.file_bytes
    model = load_model(whole.folder / "build" / "host" / "model.keras")
    widths = {layer.name: getattr(layer, "filters", None) or getattr(layer, "units", None) for layer in model.layers}
    assert (16, 10) == (widths["hidden"], widths["digits"])


@pytest.fixture
def exported(tmp_path: Path, digits_h5: Path) -> Given:
    """A folder with an exported function: what it computes and no layers."""
    model = load_keras().models.load_model(digits_h5)
    return given(tmp_path / "user", model, lambda model, path: model.export(path), second=False)


def test_an_export_is_converted(exported: Given) -> None:
    """A recipe that only converts takes an exported function; there is no Keras model to leave."""
    assert_report_is_right(exported, built(exported, CONVERT_ALONE), ["source", "convert"])
    assert not (exported.folder / "build" / "host" / "model.keras").exists()


def test_an_export_can_be_no_more_than_converted(exported: Given) -> None:
    """A recipe with another stage is refused with the stage's name, before anything is converted."""
    (exported.folder / "recipe.toml").write_text(CHAIN)
    finished = edgewright(
        "build", "--target", "host", "--model", "model", "--data", "data.npz", "--recipe", "recipe.toml",
        cwd=exported.folder,
    )  # fmt: skip
    assert_refused(finished, "holds functions and no Keras layers", 'take "prune" out of the recipe')
    assert not (exported.folder / "build" / "host").exists()


def test_an_export_with_samples_of_zeros_is_refused(exported: Given) -> None:
    """Samples that calibrate nothing are refused for a function as for layers."""
    write_npz(exported.folder / "zeros.npz", digits(), x_train=0 * digits()["x_train"])
    finished = edgewright("build", "--target", "host", "--model", "model", "--data", "zeros.npz", cwd=exported.folder)
    assert_refused(finished, "all representative samples of the input", "are zero", "give samples of real data")
