"""Loading: what is loaded by whom, what is checked on the way, and what is refused in one sentence."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.keras_files import layer, sequential, write_archive, write_hdf5

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, load_keras3, load_tensorflow
from edgewright.pipeline.models import adopt_model, import_model, is_opaque, load_model, save_model
from edgewright.pipeline.models.comparison import Samples, largest_difference

pytestmark = pytest.mark.slow

Keras = Any
Model = Any


def small(keras: Keras, **options: Any) -> Model:
    """Build a model of two Dense layers with either Keras."""
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((4,)), layers.Dense(3, name="first", **options), layers.Dense(2, name="last")], name="small"
    )


def refusal(path: Path, *, trust: bool = False) -> str:
    """Return why a model is refused; it must be one line."""
    with pytest.raises(ModelError) as caught:
        load_model(path, trust=trust)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def adoption_refusal(model: Model) -> str:
    """Return why a model that was made here is refused."""
    with pytest.raises(ModelError) as caught:
        adopt_model(model, "my model")
    return str(caught.value)


# ---- what is loaded by whom ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "ending"), [("keras", ".h5"), ("h5", ".keras"), ("keras", ".zip"), ("h5", "")])
@pytest.mark.parametrize("load", [load_keras, load_keras3])
def test_ending_of_the_name_does_not_matter(tmp_path: Path, load: Any, content: str, ending: str) -> None:
    """What a file is, its content says: Keras goes by the name, and is given a fitting one."""
    model = small(load())
    model.save(tmp_path / f"saved.{content}")
    path = shutil.move(tmp_path / f"saved.{content}", tmp_path / f"model{ending}")

    loaded = load_model(Path(path))

    x = np.ones((1, 4), np.float32)
    assert np.abs(np.asarray(model(x)) - np.asarray(loaded(x))).max() <= 1e-6


def test_plain_keras2_model_is_taken_as_it_is() -> None:
    """A tf_keras model that needs no change is not copied, and so differs by nothing."""
    model = small(load_keras())
    imported = adopt_model(model, "my model")

    assert imported.model is model
    assert 0.0 == imported.largest_difference


def test_given_model_is_not_changed() -> None:
    """A model that is lifted and inlined shares nothing with the result."""
    layers = load_keras().layers
    inner = load_keras().Sequential([layers.Input((8, 2)), layers.Conv1D(2, 3, name="inner")])
    model = load_keras().Sequential([layers.Input((8, 2)), inner, layers.Dense(2)])
    before = [weight.copy() for weight in model.get_weights()]

    imported = adopt_model(model, "my model").model
    imported.set_weights([0 * weight for weight in imported.get_weights()])

    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))


def test_frozen_layers_stay_frozen(tmp_path: Path) -> None:
    """Whether a layer learns survives the translation, and saving."""
    model = small(load_keras3())
    model.get_layer("first").trainable = False
    imported = adopt_model(model, "my model").model
    save_model(imported, tmp_path / "m.keras")

    for each in (imported, load_model(tmp_path / "m.keras")):
        assert [False, True] == [each.get_layer(name).trainable for name in ("first", "last")]


def test_saved_model_with_another_signature_is_refused(tmp_path: Path) -> None:
    """What a SavedModel's signature takes must be what the Keras model in it takes, or nothing could be compared."""
    keras, tensorflow = load_keras(), load_tensorflow()
    first, second = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([first, second], keras.layers.Add()([first, second]))
    specification = tensorflow.TensorSpec((None, 2), name="both")
    signature = tensorflow.function(lambda x: {"y": model([x, x])}).get_concrete_function(specification)
    model.save(tmp_path / "m", signatures={"serving_default": signature})

    assert "takes ['both'] and returns ['y'], but the Keras model in it takes ['a', 'b']" in refusal(tmp_path / "m")


def test_subclassed_saved_model_is_refused(tmp_path: Path) -> None:
    """A subclassed model of Keras 2 has no graph; it may be exported and converted."""
    keras = load_keras()

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Net()
    model(np.ones((1, 3), np.float32))
    model.save(tmp_path / "saved", save_format="tf")
    model.export(tmp_path / "exported")

    assert "a subclassed model, whose graph cannot be read" in refusal(tmp_path / "saved")
    assert "holds functions and no Keras layers" in refusal(tmp_path / "exported")
    assert (False, True) == (is_opaque(tmp_path / "saved"), is_opaque(tmp_path / "exported"))


# ---- what is checked on the way ------------------------------------------------------------------------------------


def constant(*values: float) -> Any:
    """Return what computes one output of these values, whatever it is given."""
    return lambda _samples: [np.array([values], np.float32)]


NOTHING: Samples = ()


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [((1.0, 2.0), (1.0, 2.0), 0.0), ((0.5,), (0.50005,), 5e-5), ((-1000.0, 1.0), (-1000.0, 1.05), 5e-5)],
)
def test_difference_is_in_units_of_the_outputs(
    before: tuple[float, ...], after: tuple[float, ...], difference: float
) -> None:
    """The largest difference is taken relative to the largest output, and absolutely where that is below 1."""
    found = largest_difference(constant(*before), constant(*after), NOTHING, "m")

    assert difference == pytest.approx(found, rel=1e-2)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ((0.5,), (0.5002,), r"something else once translated .largest difference 0\.0002, accepted 0\.0001."),
        ((0.5,), (float("nan"),), "something else once translated"),
        ((float("inf"),), (float("inf"),), "NaN or infinity on random input"),
        ((0.5,), (0.5, 0.5), "outputs of the shapes"),
    ],
)
def test_difference_above_the_tolerance_is_refused(
    before: tuple[float, ...], after: tuple[float, ...], message: str
) -> None:
    """A model that computes something else, or no numbers, goes no further."""
    with pytest.raises(ModelError, match=message):
        largest_difference(constant(*before), constant(*after), NOTHING, "m")


@pytest.mark.parametrize("load", [load_keras, load_keras3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(load: Any, value: float) -> None:
    """A checkpoint of a diverged training is refused by its weight's name."""
    model = small(load())
    model.get_layer("last").set_weights([np.full((3, 2), value), np.zeros(2)])

    assert 'NaN or infinity in its weight "last/kernel:0"' in adoption_refusal(model)


@pytest.mark.parametrize("load", [load_keras, load_keras3])
def test_free_dimension_is_refused(load: Any) -> None:
    """A dimension other than the batch must be fixed; the input is named."""
    keras = load()
    first, second = keras.layers.Input((4, 2), name="fixed"), keras.layers.Input((None, 2), name="free")
    model = keras.Model([first, second], keras.layers.Concatenate(axis=1)([first, second]))

    assert 'the input "free" of my model has the shape (None, 2)' in adoption_refusal(model)


@pytest.mark.parametrize("load", [load_keras, load_keras3])
def test_model_without_inputs_is_refused(load: Any) -> None:
    """A Sequential that was never built knows no shapes."""
    keras = load()

    assert "input" in adoption_refusal(keras.Sequential([keras.layers.Dense(2)])).lower()


def test_text_input_is_refused() -> None:
    """A microcontroller's model takes numbers."""
    keras = load_keras()
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, keras.layers.Hashing(5)(inputs))

    assert "has an input of string; accepted are bool, float32, int16" in adoption_refusal(model)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda layers: layers.Dense(2, dtype="mixed_float16", name="it"), "computes in mixed_float16"),
        (lambda layers: layers.Dense(2, dtype="float64", name="it"), "computes in float64"),
        (lambda layers: layers.MaxPooling1D(data_format="channels_first", name="it"), "channels_first"),
        (lambda layers: layers.LSTM(2, stateful=True, name="it"), "keeps state"),
    ],
)
def test_keras2_layer_that_no_stage_takes_is_refused(make: Any, reason: str) -> None:
    """Other number formats, orders of dimensions and kept state are refused by the layer's name, inner ones too."""
    layers = load_keras().layers
    inner = load_keras().Sequential([layers.Input((8, 2), batch_size=2), make(layers)])
    model = load_keras().Sequential([layers.Input((8, 2), batch_size=2), inner])

    message = adoption_refusal(model)

    assert 'the layer "it"' in message
    assert reason in message


def test_custom_keras2_layer_is_refused() -> None:
    """A user's own layer is refused by its name, before training."""

    class Twice(load_keras().layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return 2 * x

    model = load_keras().Sequential([load_keras().layers.Input((3,)), Twice(name="mine")])

    assert 'the layer "mine" (Twice) of my model cannot be used: it is a custom layer' in adoption_refusal(model)


def test_anything_else_is_refused() -> None:
    """A function that returns no model is told what it returned."""
    assert "my model gave dict; a Keras model is accepted." in adoption_refusal({})


# ---- what is hostile -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("load", [load_keras, load_keras3])
def test_marshalled_code_does_not_run(tmp_path: Path, load: Any, suffix: str) -> None:
    """A Lambda's code is not even unmarshalled; with trust, Keras 2 runs it and Keras 3's cannot be translated."""
    keras, witness = load(), tmp_path / "witness"
    path = tmp_path / f"m.{suffix}"
    code = f"lambda x: [open({str(witness)!r}, 'w').close(), x][1]"
    function = eval(code)  # noqa: S307 - the very thing that must not happen when loading
    keras.Sequential([keras.layers.Input((3,)), keras.layers.Lambda(function, (3,), name="evil")]).save(path)
    witness.unlink(missing_ok=True)

    assert 'has the Lambda layer "evil", which runs code from the file' in refusal(path)
    assert not witness.exists()
    if load is load_keras:
        load_model(path, trust=True)
        assert witness.exists()
    else:
        assert 'the layer "evil" (Lambda)' in refusal(path, trust=True)


def test_configuration_of_nonsense_is_refused(tmp_path: Path) -> None:
    """Keras raises whatever it meets; the sentence says which Keras, and its reason."""
    cases: list[Any] = [
        [],
        {},
        None,
        3,
        {"class_name": "Sequential"},
        sequential(layer("Nothing", "x")),
        layer("Dense", "x"),
    ]
    for version in ("2.15.0", "3.15.1"):
        for config in cases:
            assert "m.keras" in refusal(write_archive(tmp_path / "m.keras", config, version))
        for config in cases:
            if config is not None:
                assert "m.h5" in refusal(write_hdf5(tmp_path / "m.h5", config, version))


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    """Weights that do not fit the layers are no model, in either Keras."""
    for load in (load_keras, load_keras3):
        small(load()).save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            config = json.loads(archive.read("config.json"))
            version = json.loads(archive.read("metadata.json"))["keras_version"]
        assert "cannot be loaded by Keras" in refusal(write_archive(tmp_path / "other.keras", config, version))


@cache
def parts() -> dict[str, bytes]:
    """Return the members of a small `.keras` of Keras 3."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.keras"
        small(load_keras3(), activation="relu").save(path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_changed_files_load_or_are_refused(tmp_path: Path, data: st.DataObject) -> None:
    """With changed bytes in the configuration or the weights, and right checksums, only ModelError is raised."""
    name = data.draw(st.sampled_from(["config.json", "model.weights.h5"]))
    content = bytearray(parts()[name])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write_archive(tmp_path / "m.keras", {}, members={**parts(), name: bytes(content)})
    try:
        assert import_model(path).largest_difference <= 1e-4
    except ModelError as error:
        assert "\n" not in str(error)
