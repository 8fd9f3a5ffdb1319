"""Zeros among the weights: as many as declared, where they should be, and through the stages that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError
from support.stages import CLASSES, SHAPE, run_stage, stage_named

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.sparsity import Sparsity, check_sparsity, describe_sparsity
from edgewright.pipeline.stages.prune import PruneSettings

pytestmark = pytest.mark.slow
PRUNED = frozenset({"Conv2D", "Dense"})


def kernels_of(model: Any) -> dict[str, npt.NDArray[np.float32]]:
    """Return the kernels that are pruned, by layer."""
    return {layer.name: layer.get_weights()[0] for layer in model.layers if type(layer).__name__ in PRUNED}


def most_in_a_group(kernel: npt.NDArray[np.float32]) -> int:
    """Return the most weights that are not zero among any four that follow each other along the input channels.

    Four input channels of one output (and of one place in a convolution) lie side by side in a `.tflite`, where an
    output's weights are a row; the last group may be a shorter one.
    """
    rows = np.moveaxis(kernel, -2, -1).reshape(-1, kernel.shape[-2])
    groups = [rows[:, first : first + 4] for first in range(0, rows.shape[1], 4)]
    return max(int((group != 0).sum(axis=1).max()) for group in groups)


@pytest.fixture(scope="session")
def two_of_four(small_models: Mapping[str, Path], small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain network with 2:4 sparsity."""
    return run_stage(
        stage_named("prune"), small_models["plain"], small_data, tmp_path_factory.mktemp("sparse"), structure="2:4"
    )


@pytest.fixture(scope="session")
def unstructured(small_models: Mapping[str, Path], small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain network of which eight tenths are zero."""
    return run_stage(
        stage_named("prune"), small_models["plain"], small_data, tmp_path_factory.mktemp("sparse"),
        structure="unstructured", amount=0.8,
    )  # fmt: skip


# ---- unstructured --------------------------------------------------------------------------------------------------


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
def test_each_layer_reaches_the_declared_share(
    case: tuple[str, int, int, float], small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """However short the training, every kernel that is pruned ends with exactly the share of zeros, rounded."""
    name, epochs, batch_size, amount = case
    notes: list[str] = []
    output = run_stage(
        stage_named("prune"), small_models[name], small_data, tmp_path, notes=notes, structure="unstructured",
        initial_amount=0.3, amount=amount, training={"epochs": epochs, "batch_size": batch_size},
    )  # fmt: skip
    source, pruned = load_model(small_models[name]), load_model(output)
    for before, after in zip(source.layers, pruned.layers, strict=True):
        assert (before.name, type(before)) == (after.name, type(after))
        if not after.weights:
            continue
        kernel = after.get_weights()[0]
        if type(after).__name__ in PRUNED:
            assert round(kernel.size * (1 - amount)) == np.count_nonzero(kernel), after.name
            share = np.mean(kernel == 0)
            assert f"{after.name}: {share:.1%} of the kernel is zero" in notes
        else:
            assert np.count_nonzero(before.get_weights()[0]) == np.count_nonzero(kernel), after.name


def test_a_separable_layer_is_pruned_in_its_pointwise_kernel(small_data: Path, tmp_path: Path) -> None:
    """Its note counts the zeros of the kernel that is pruned; the depthwise one keeps all its weights."""
    keras = load_keras()
    seed_everything(1)
    layers = [
        keras.layers.Input(SHAPE),
        keras.layers.SeparableConv2D(10, 3, name="separable"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(CLASSES, activation="softmax"),
    ]
    save_model(keras.Sequential(layers), tmp_path / "source.keras")
    notes: list[str] = []
    output = run_stage(
        stage_named("prune"), tmp_path / "source.keras", small_data, tmp_path / "pruned", notes=notes,
        structure="unstructured", amount=0.6,
    )  # fmt: skip
    depthwise, pointwise, _ = load_model(output).get_layer("separable").get_weights()
    assert depthwise.size == np.count_nonzero(depthwise)
    assert round(0.4 * pointwise.size) == np.count_nonzero(pointwise)
    assert "separable: 60.0% of the pointwise kernel is zero" in notes


def test_pruning_trains_what_stays(small_models: Mapping[str, Path], unstructured: Path) -> None:
    """Weights that stay are trained, and the source's own file does not share them."""
    before, after = (kernels_of(load_model(path))["hidden"] for path in (small_models["plain"], unstructured))
    kept = after != 0
    assert not np.array_equal(before[kept], after[kept])
    assert np.count_nonzero(before) > np.count_nonzero(after)


# ---- 2:4 -----------------------------------------------------------------------------------------------------------


def test_two_of_four_weights_stay(two_of_four: Path) -> None:
    """In each four input channels of an output two weights at most are not zero, and in all of them half."""
    kernels = kernels_of(load_model(two_of_four))
    assert {"conv", "hidden", "classes"} == kernels.keys()
    assert dict.fromkeys(kernels, 2) == {name: most_in_a_group(kernel) for name, kernel in kernels.items()}
    for name in ("hidden", "classes"):  # whose inputs are whole groups
        assert kernels[name].size == 2 * np.count_nonzero(kernels[name])


def test_groups_lie_along_the_input_channels(small_data: Path, tmp_path: Path) -> None:
    """An odd number of channels leaves a short group at the end, and convolutions group no neighbouring pixels."""
    seed_everything(5)
    layers = load_keras().layers
    model = load_keras().Sequential(
        [
            layers.Input(SHAPE),
            layers.Conv2D(7, 3, name="seven"),
            layers.Conv2D(9, 3, name="nine"),
            layers.Flatten(),
            layers.Dense(CLASSES, name="end"),
        ]
    )
    save_model(model, tmp_path / "odd.keras")
    output = run_stage(stage_named("prune"), tmp_path / "odd.keras", small_data, tmp_path / "out", structure="2:4")
    kernels = kernels_of(load_model(output))
    assert {"seven": 2, "nine": 2, "end": 2} == {name: most_in_a_group(kernel) for name, kernel in kernels.items()}
    assert kernels["seven"].all()  # two input channels: no group has more than two
    assert (kernels["nine"].size * 4 // 7) == np.count_nonzero(kernels["nine"])  # of seven channels, two and two


# ---- what follows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sparse", [pytest.param("unstructured", marks=pytest.mark.full), "two_of_four"])
def test_zeros_survive_the_stages_that_follow(
    sparse: str, request: pytest.FixtureRequest, small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """Distillation of the current model and training under quantization train the other weights alone."""
    path: Path = request.getfixturevalue(sparse)
    before = kernels_of(load_model(path))
    for stage in ("distill", "qat"):
        path = run_stage(
            stage_named(stage), path, small_data, tmp_path / stage, source_path=small_models["plain"],
            training={"epochs": 3, "batch_size": 4, "learning_rate": 1e-2},
        )  # fmt: skip
        after = kernels_of(load_model(path))
        for name, kernel in before.items():
            assert not after[name][kernel == 0].any(), (stage, name)
            assert not np.array_equal(kernel, after[name]), (stage, name)


def test_zeros_are_zeros_of_the_integer_model(two_of_four: Path, small_data: Path, tmp_path: Path) -> None:
    """In the `.tflite`, two of four neighbours in each row of weights are the zero point."""
    from support.quantized import constants_of

    tflite = run_stage(stage_named("convert"), two_of_four, small_data, tmp_path).read_bytes()
    for rows in constants_of(tflite, "FULLY_CONNECTED"):
        groups = rows.reshape(-1, 4)
        assert 2 == (groups != 0).sum(axis=1).max()


# ---- refusals ------------------------------------------------------------------------------------------------------


def only(layer: Callable[[Any], Any]) -> Any:
    """Return a model with one kernel."""
    layers = load_keras().layers
    return load_keras().Sequential([layers.Input(SHAPE), layer(layers), layers.GlobalAveragePooling2D()])


@pytest.mark.parametrize("sparsity", Sparsity)
def test_a_model_without_a_kernel_to_prune(sparsity: Sparsity) -> None:
    """A depthwise network is refused before any training, with the layer and the reason."""
    model = only(lambda layers: layers.DepthwiseConv2D(3, name="deep"))
    with pytest.raises(ModelError, match=r"no layer .*deep stays: tensorflow-model-opti.* never prunes depthwise.*out"):
        check_sparsity(model, sparsity)
    with pytest.raises(ModelError, match="deep stays"):
        stage_named("prune").check(PruneSettings(structure=sparsity.value), model, Path())


def test_layers_that_stay_are_described(small_models: Mapping[str, Path]) -> None:
    """A note names each layer with a kernel that is not pruned."""
    (line,) = describe_sparsity(load_model(small_models["depthwise"]), Sparsity.UNSTRUCTURED)
    assert "deep stays: tensorflow-model-optimization never prunes depthwise kernels" == line
    separable = only(lambda layers: layers.SeparableConv2D(4, 3, name="both"))
    assert () == describe_sparsity(separable, Sparsity.UNSTRUCTURED)
    (line,) = describe_sparsity(separable, Sparsity.TWO_OF_FOUR)
    assert "both stays: SeparableConv2D cannot have 2:4 zeros, Conv2D, Dense can" == line


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({"structure": "2:4", "amount": 0.7}, "2:4, which is one half"),
        ({"structure": "2:4", "amount": "auto"}, "2:4, which is one half"),
        ({"structure": "unstructured", "amount": 0.4, "initial_amount": 0.6}, "initial_amount 0.6 is above amount 0.4"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, object], fragment: str) -> None:
    """What cannot be done together is refused when the recipe is read."""
    with pytest.raises(ValidationError, match=fragment):
        PruneSettings.model_validate(settings)
