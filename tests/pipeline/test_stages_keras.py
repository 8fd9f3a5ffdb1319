"""Distillation and pruning: what they change, what they leave, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.stages import BUILDERS, CLASSES, SHAPE, run_stage, stage_named

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.models import load_model, save_model

pytestmark = pytest.mark.slow
PRUNED = frozenset({"Conv2D", "Dense"})


def weights_of(model: Any) -> dict[str, Any]:
    """Return the first weight of each layer that has any."""
    return {layer.name: layer.get_weights()[0] for layer in model.layers if layer.weights}


# ---- distillation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILDERS)
def test_a_student_is_the_same_network_but_narrower(
    name: str, small_models: Mapping[str, Path], artefact: Callable[[str, str], Path]
) -> None:
    """Layers keep names, classes and order; filters and units halve, except those that give the classes."""
    source, student = load_model(small_models[name]), load_model(artefact("distill", name))
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


def test_a_student_of_full_width_starts_afresh(
    small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """Width 1 keeps every shape, but not the source's weights."""
    output = run_stage(stage_named("distill"), small_models["plain"], small_data, tmp_path, width=1.0)
    source, student = weights_of(load_model(small_models["plain"])), weights_of(load_model(output))
    assert {name: array.shape for name, array in source.items()} == {
        name: array.shape for name, array in student.items()
    }
    assert not np.array_equal(source["conv"], student["conv"])


def test_at_least_one_filter_stays(small_models: Mapping[str, Path], small_data: Path, tmp_path: Path) -> None:
    """A width that rounds to nothing leaves one filter in each layer."""
    output = run_stage(stage_named("distill"), small_models["depthwise"], small_data, tmp_path, width=0.01)
    assert (1, CLASSES) == (
        weights_of(load_model(output))["point"].shape[-1],
        weights_of(load_model(output))["logits"].shape[-1],
    )


def test_a_layer_that_fixes_the_width_is_refused(small_data: Path, tmp_path: Path) -> None:
    """A network with a Reshape to a fixed shape cannot be narrowed, and the sentence gives two ways out."""
    layers = load_keras().layers
    model = load_keras().Sequential(
        [layers.Input(SHAPE), layers.Conv2D(8, 3), layers.Reshape((36 * 8,)), layers.Dense(CLASSES)]
    )
    save_model(model, tmp_path / "fixed.keras")
    with pytest.raises(ModelError, match=r"distill: a student of width 0\.5 .* width = 1\.0 or leave the stage out"):
        run_stage(stage_named("distill"), tmp_path / "fixed.keras", small_data, tmp_path / "out")


def test_training_that_diverges_is_named(small_models: Mapping[str, Path], small_data: Path, tmp_path: Path) -> None:
    """Losses that become NaN stop the run with the stage and the learning rate."""
    with np.load(small_data) as archive:
        arrays = dict(archive)
    arrays["x_train"] = arrays["x_train"] * 1e38
    np.savez(tmp_path / "huge.npz", **arrays)
    with pytest.raises(ModelError, match=r"distill: training diverged to NaN with learning_rate = 0\.5"):
        run_stage(
            stage_named("distill"), small_models["plain"], tmp_path / "huge.npz", tmp_path / "out",
            training={"epochs": 2, "learning_rate": 0.5},
        )  # fmt: skip
    assert [] == list((tmp_path / "out").iterdir())


# ---- pruning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ("plain", 1, 1000, 0.8),
        ("residual", 1, 8, 0.5),
        ("depthwise", 3, 5, 0.8),
        ("plain", 2, 4, 0.9),
        pytest.param(("residual", 4, 3, 0.75), marks=pytest.mark.full),
        pytest.param(("depthwise", 5, 2, 0.6), marks=pytest.mark.full),
    ],
    ids=lambda case: "-".join(map(str, case)),
)
def test_each_layer_reaches_the_declared_sparsity(
    case: tuple[str, int, int, float], small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """However short the training, every layer that is pruned ends with exactly the share of zeros, rounded."""
    name, epochs, batch_size, sparsity = case
    output = run_stage(
        stage_named("prune"), small_models[name], small_data, tmp_path, initial_sparsity=0.3, final_sparsity=sparsity,
        training={"epochs": epochs, "batch_size": batch_size},
    )  # fmt: skip
    source, pruned = load_model(small_models[name]), load_model(output)
    for before, after in zip(source.layers, pruned.layers, strict=True):
        assert (before.name, type(before)) == (after.name, type(after))
        if not after.weights:
            continue
        kernel = after.get_weights()[0]
        if type(after).__name__ in PRUNED:
            assert round(kernel.size * (1 - sparsity)) == np.count_nonzero(kernel), after.name
        else:
            assert np.count_nonzero(before.get_weights()[0]) == np.count_nonzero(kernel), after.name


def test_pruning_trains_what_stays(small_models: Mapping[str, Path], artefact: Callable[[str, str], Path]) -> None:
    """Weights that stay are trained, and the source's own file does not share them."""
    paths = (small_models["plain"], artefact("prune", "plain"))
    before, after = (weights_of(load_model(path))["hidden"] for path in paths)
    kept = after != 0
    assert not np.array_equal(before[kept], after[kept])
    assert np.count_nonzero(before) > np.count_nonzero(after)


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


def test_the_converter_runs_apart(small_models: Mapping[str, Path], small_data: Path, tmp_path: Path) -> None:
    """A file that is no model fails in the converter's own process, with its reason in the sentence."""
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"convert: .*broken\.keras") as caught:
        run_stage(stage_named("convert"), tmp_path / "broken.keras", small_data, tmp_path / "out")
    assert 1 == len(str(caught.value).splitlines())
