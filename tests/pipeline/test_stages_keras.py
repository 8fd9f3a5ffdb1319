"""Distillation, quantization-aware training and conversion: what they change, what they leave, what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.stages import BUILDERS, CLASSES, SHAPE, run_stage, stage_named

from edgewright.pipeline.errors import DivergedError, ModelError, RecipeError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.stages.distill import DistillSettings

pytestmark = pytest.mark.slow


def weights_of(model: Any) -> dict[str, Any]:
    """Return the first weight of each layer that has any."""
    return {layer.name: layer.get_weights()[0] for layer in model.layers if layer.weights}


# ---- distillation --------------------------------------------------------------------------------------------------


@pytest.fixture
def distill(small_models: Mapping[str, Path], small_data: Path, tmp_path: Path) -> Callable[..., Any]:
    """A function that distils a small model, and returns the student."""

    def run(name: str, **settings: Any) -> Any:
        output = run_stage(stage_named("distill"), small_models[name], small_data, tmp_path / "distilled", **settings)
        return load_model(output)

    return run


@pytest.mark.parametrize("name", BUILDERS)
def test_a_student_is_the_same_network_but_narrower(
    name: str, small_models: Mapping[str, Path], distill: Callable[..., Any]
) -> None:
    """Layers keep names, classes and order; filters and units halve, except those that give the classes."""
    source, student = load_model(small_models[name]), distill(name, student="width:0.5")
    kinds = [[(layer.name, type(layer).__name__) for layer in model.layers] for model in (source, student)]
    assert kinds[0] == kinds[1]
    assert CLASSES == student.outputs[0].shape[-1]
    widths = [
        {layer.name: layer.get_config().get("filters", layer.get_config().get("units")) for layer in model.layers}
        for model in (source, student)
    ]
    halved = {
        layer: width and (width if layer in ("classes", "logits") else width // 2) for layer, width in widths[0].items()
    }
    assert halved == widths[1]
    assert student.count_params() < source.count_params()


def test_a_student_of_full_width_starts_afresh(small_models: Mapping[str, Path], distill: Callable[..., Any]) -> None:
    """Width 1 keeps every shape, but not the source's weights."""
    source, student = (
        weights_of(model) for model in (load_model(small_models["plain"]), distill("plain", student="width:1"))
    )
    shapes = [{name: array.shape for name, array in weights.items()} for weights in (source, student)]
    assert shapes[0] == shapes[1]
    assert np.abs(source["conv"] - student["conv"]).max() > 0.1


def test_the_current_model_goes_on_from_where_it_was(
    small_models: Mapping[str, Path], distill: Callable[..., Any]
) -> None:
    """By default the model as it stands is trained further: every shape stays, and the weights stay near."""
    source, student = (weights_of(model) for model in (load_model(small_models["plain"]), distill("plain")))
    for name, before in source.items():
        assert before.shape == student[name].shape
        assert 0 < np.abs(before - student[name]).max() < 0.1


def test_at_least_one_filter_stays(distill: Callable[..., Any]) -> None:
    """A width that rounds to nothing leaves one filter in each layer."""
    weights = weights_of(distill("depthwise", student="width:0.01"))
    assert (1, CLASSES) == (weights["point"].shape[-1], weights["logits"].shape[-1])


def test_a_layer_that_fixes_the_width_is_refused(small_data: Path, tmp_path: Path) -> None:
    """A network with a Reshape to a fixed shape cannot be narrowed: the sentence says so before and in the run."""
    layers = load_keras().layers
    model = load_keras().Sequential(
        [layers.Input(SHAPE), layers.Conv2D(8, 3), layers.Reshape((36 * 8,)), layers.Dense(CLASSES)]
    )
    save_model(model, tmp_path / "fixed.keras")
    sentence = r'distill: a student of width 0\.5 .* student = "width:1\.0", student = "current" or a student of your'
    with pytest.raises(ModelError, match=sentence):
        run_stage(
            stage_named("distill"), tmp_path / "fixed.keras", small_data, tmp_path / "out", student="width:0.5"
        )  # fmt: skip
    with pytest.raises(ModelError, match=sentence):
        stage_named("distill").check(DistillSettings(student="width:0.5"), model, tmp_path)


STUDENTS = """\
from tf_keras import Model, Sequential, layers

def small(source):
    shape, count = source.inputs[0].shape[1:], source.outputs[0].shape[-1]
    return Sequential(
        [layers.Input(shape), layers.Flatten(), layers.Dense(3, name="three"), layers.Dense(count, "softmax")]
    )

def other_classes(source): return Sequential([layers.Input((8, 8, 2)), layers.Flatten(), layers.Dense(7)])
def other_input(source): return Sequential([layers.Input((4, 8, 2)), layers.Flatten(), layers.Dense(4)])
def nothing(source): pass
def fails(source): return 1 / 0
"""


@pytest.fixture
def own_students(small_data: Path) -> str:
    """The name of a file with functions that build students, in the recipe's folder."""
    (small_data.parent / "students.py").write_text(STUDENTS)
    return "students.py"


def test_a_student_of_the_users_own(own_students: str, distill: Callable[..., Any]) -> None:
    """A function beside the recipe is given the source model and builds the student."""
    student = distill("plain", student=f"{own_students}:small")
    assert (3, CLASSES) == (student.get_layer("three").units, student.outputs[0].shape[-1])


@pytest.mark.parametrize(
    ("name", "error_class", "fragment"),
    [
        ("other_classes", ModelError, r"outputs have the shapes \[\(7,\)\], the source model's \[\(4,\)\]"),
        ("other_input", ModelError, r"inputs have the shapes \[\(4, 8, 2\)\]"),
        ("nothing", ModelError, "NoneType"),
        ("fails", RecipeError, "ZeroDivisionError"),
        ("nosuch", RecipeError, 'has no function "nosuch"'),
    ],
)
def test_a_student_that_cannot_be_taught(
    name: str, error_class: type[Exception], fragment: str, own_students: str, distill: Callable[..., Any]
) -> None:
    """A function that fails, or builds a model of other inputs or outputs, is refused in one line."""
    with pytest.raises(error_class, match=fragment) as caught:
        distill("plain", student=f"{own_students}:{name}")
    assert 1 == len(str(caught.value).splitlines())


def test_a_student_is_built_before_any_training(
    own_students: str, small_models: Mapping[str, Path], small_data: Path
) -> None:
    """The check of the stage refuses a student that cannot be taught, and takes one that can."""
    source, check = load_model(small_models["plain"]), stage_named("distill").check
    check(DistillSettings(student=f"{own_students}:small"), source, small_data.parent)
    with pytest.raises(ModelError, match=r"outputs have the shapes \[\(7,\)\]"):
        check(DistillSettings(student=f"{own_students}:other_classes"), source, small_data.parent)


@pytest.mark.parametrize("name", ["distill", "prune", "factorize", "qat"])
def test_training_that_diverges_is_named(
    name: str, small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """Losses that become NaN stop the run with the stage and the learning rate, and leave no artefact."""
    with np.load(small_data) as archive:
        arrays = dict(archive)
    arrays["x_train"] = arrays["x_train"] * np.float32(1e20)
    np.savez(tmp_path / "huge.npz", **arrays)
    with pytest.raises(DivergedError, match=rf"^{name}: .*training diverged to NaN with learning_rate = 0\.5"):
        run_stage(
            stage_named(name), small_models["plain"], tmp_path / "huge.npz", tmp_path / "out",
            training={"epochs": 20, "learning_rate": 0.5},
        )  # fmt: skip
    assert [] == list((tmp_path / "out").iterdir())


# ---- quantization-aware training -----------------------------------------------------------------------------------


def test_a_model_that_quantizes_well_is_left_alone(
    small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """With `auto`, a model that loses no more than the threshold comes out byte by byte, and a note says so."""
    notes: list[str] = []
    output = run_stage(
        stage_named("qat"), small_models["plain"], small_data, tmp_path, notes=notes, when="auto", threshold=1.0
    )
    assert small_models["plain"].read_bytes() == output.read_bytes()
    assert 1 == len(notes)
    assert notes[0].startswith("left out: plain quantization costs ")
    assert notes[0].endswith(" of accuracy, and up to 1 is accepted")


def test_what_was_trained_under_quantization_carries_ranges_and_converts(
    small_models: Mapping[str, Path], small_data: Path, artefact: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """With `always`, weights change, norms are folded, and the conversion uses just the ranges that the file holds."""
    from edgewright.pipeline.graph import output_tensors, read
    from edgewright.pipeline.surgery.quantization_archive import is_quantization_aware, load_quantization_aware
    from edgewright.pipeline.surgery.quantization_aware import activation_ranges

    output = artefact("qat", "depthwise")
    assert is_quantization_aware(output)
    before, after = (weights_of(load_model(path)) for path in (small_models["depthwise"], output))
    assert {"norm1", "norm2"} == before.keys() - after.keys()
    assert not np.array_equal(before["logits"], after["logits"])
    tflite = run_stage(stage_named("convert"), output, small_data, tmp_path)
    spans = activation_ranges(load_quantization_aware(output)).values()
    (tensor,) = output_tensors(read(tflite.read_bytes()))
    assert tensor.quantization is not None
    scale = tensor.quantization.scales[0]
    distances = [abs((span.maximum - span.minimum) / 255 - scale) / scale for span in spans]
    assert min(distances) < 1e-3


def test_a_training_that_gains_nothing_is_not_kept(
    small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """With `auto` and a threshold of nothing, plain quantization stays unless training helped the integer model."""
    notes: list[str] = []
    output = run_stage(
        stage_named("qat"), small_models["plain"], small_data, tmp_path, notes=notes, when="auto", threshold=0.0
    )
    is_same = small_models["plain"].read_bytes() == output.read_bytes()
    assert is_same == any("left out" in note or "that is kept" in note for note in notes)
    assert is_same != any("after quantization" in note for note in notes)


# ---- conversion ----------------------------------------------------------------------------------------------------


def test_conversion_keeps_what_the_network_computes(
    small_models: Mapping[str, Path], small_data: Path, artefact: Callable[[str, str], Path]
) -> None:
    """The int8 model's outputs, dequantized, are close to the float model's."""
    from edgewright.pipeline.graph import read
    from edgewright.pipeline.interpreters import Request, run, tflm_engine
    from edgewright.pipeline.quantization import dequantize, quantize

    output = artefact("convert", "plain")
    graph = read(output.read_bytes())
    given, got = (graph.main.tensors[indices[0]].quantization for indices in (graph.main.inputs, graph.main.outputs))
    assert given is not None
    assert got is not None
    with np.load(small_data) as archive:
        x = archive["x_test"]
    result = run(Request(engine=tflm_engine(), tflite=output.read_bytes(), inputs=(quantize(x, given),)))
    expected = load_model(small_models["plain"]).predict(x, verbose=0)
    assert np.abs(expected - dequantize(result.outputs[0], got)).max() < 0.05


def test_dense_layers_are_quantized_as_the_recipe_says(
    small_models: Mapping[str, Path], small_data: Path, artefact: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """Dense weights have one scale by default, and one for each output with per_channel_dense."""
    from edgewright.pipeline.graph import read

    convert = stage_named("convert")
    per_channel = run_stage(convert, small_models["plain"], small_data, tmp_path, per_channel_dense=True)
    for output, count in ((artefact("convert", "plain"), 1), (per_channel, 12)):
        main = read(output.read_bytes()).main
        dense = next(operator for operator in main.operators if operator.op == "FULLY_CONNECTED")
        quantization = main.tensors[dense.inputs[1]].quantization
        assert quantization is not None
        assert count == len(quantization.scales)


def test_a_file_that_is_no_model(small_data: Path, tmp_path: Path) -> None:
    """What cannot be opened is refused with its path."""
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"broken\.keras is neither") as caught:
        run_stage(stage_named("convert"), tmp_path / "broken.keras", small_data, tmp_path / "out")
    assert 1 == len(str(caught.value).splitlines())


def test_the_converter_runs_apart(small_data: Path, tmp_path: Path) -> None:
    """A model that ends the converter's process leaves this one alive, and the sentence names the layer."""
    layers = load_keras().layers
    model = load_keras().Sequential(
        [layers.Input(SHAPE), layers.Reshape((8, 16)), layers.SimpleRNN(4, name="recurrent"), layers.Dense(CLASSES)]
    )
    save_model(model, tmp_path / "recurrent.keras")
    with pytest.raises(ModelError, match=r"convert: .*recurrent.*unroll") as caught:
        run_stage(stage_named("convert"), tmp_path / "recurrent.keras", small_data, tmp_path / "out")
    assert 1 == len(str(caught.value).splitlines())
