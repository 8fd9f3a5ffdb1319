"""Pruning of channels: exact numbers, layers that are kept, and the reasons that a user is told."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.digits import tiny_arrays
from support.stages import CLASSES, SHAPE, run_stage, stage_named

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.data import Split
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.models import load_model
from edgewright.pipeline.narrowing import channel_counts, check_channels, describe_channels, remove_channels
from edgewright.pipeline.stages.prune import PruneSettings, steps_to
from edgewright.pipeline.surgery.importance import ImportanceKind
from edgewright.pipeline.tasks.classification import CLASSIFICATION

pytestmark = pytest.mark.slow
WIDTHS = {
    "plain": {"conv": 8, "hidden": 12},
    "residual": {"stem": 6, "branch": 6},
    "depthwise": {"first": 6, "point": 10},
}
"""Filters and units of the small models that may go."""


def widths_of(model: Any) -> dict[str, int]:
    """Return the filters and units of each layer that has some, except those that give the classes."""
    configs = {layer.name: layer.get_config() for layer in model.layers}
    widths = {name: config.get("filters", config.get("units")) for name, config in configs.items()}
    return {name: width for name, width in widths.items() if width and name not in ("classes", "logits")}


def training_set() -> TrainingSet:
    """Return a few random samples."""
    arrays = tiny_arrays(SHAPE, CLASSES)
    return TrainingSet(
        split=Split(x=(arrays["x_train"],), y=(arrays["y_train"],)),
        task=CLASSIFICATION,
        output_shapes=((CLASSES,),),
        augmentation=Augmentation(),
        seed=1,
    )


@pytest.mark.parametrize("importance", ImportanceKind)
@pytest.mark.parametrize("name", WIDTHS)
@pytest.mark.parametrize("count", [1, 3, 5])
def test_each_group_keeps_as_many_channels_as_asked_for(
    name: str, count: int, importance: ImportanceKind, small_models: Mapping[str, Path]
) -> None:
    """The number is exact in every group, and what the outputs are does not change in shape."""
    model = load_model(small_models[name])
    counts = dict.fromkeys(channel_counts(model), count)
    narrower = remove_channels(model, counts, training_set(), importance=importance, multiple_of=1, keep=())
    assert dict.fromkeys(WIDTHS[name], count) == widths_of(narrower)
    assert [tensor.shape[1:] for tensor in model.outputs] == [tensor.shape[1:] for tensor in narrower.outputs]


def test_the_strongest_channels_stay_as_they_are(small_models: Mapping[str, Path]) -> None:
    """By L1, the filters with the largest magnitudes stay, with their weights and in their order."""
    model = load_model(small_models["plain"])
    kernel = model.get_layer("conv").get_weights()[0]
    strongest = np.sort(np.argsort(np.abs(kernel).mean(axis=(0, 1, 2)))[-3:])
    counts = {group: 3 for group in channel_counts(model) if "conv" in group}
    narrower = remove_channels(model, counts, training_set(), importance=ImportanceKind.L1, multiple_of=1, keep=())
    assert np.array_equal(kernel[..., strongest], narrower.get_layer("conv").get_weights()[0])
    assert {"conv": 3, "hidden": 12} == widths_of(narrower)


def test_a_dead_channel_goes_first_by_taylor(small_models: Mapping[str, Path]) -> None:
    """A unit with large weights that never becomes active matters nothing for the loss."""
    model = load_model(small_models["plain"])
    kernel, bias = model.get_layer("hidden").get_weights()
    bias[:] = 10 + np.arange(12)  # all others are always active
    kernel[:, 4] = -np.abs(kernel[:, 4]) * 10
    bias[4] = -5.0
    model.get_layer("hidden").set_weights([kernel, bias])
    counts = {group: 11 for group in channel_counts(model) if "hidden" in group}
    narrower = remove_channels(model, counts, training_set(), importance=ImportanceKind.TAYLOR, multiple_of=1, keep=())
    assert np.array_equal(np.delete(bias, 4), narrower.get_layer("hidden").get_weights()[1])


def test_numbers_are_rounded_up_to_multiples(small_models: Mapping[str, Path]) -> None:
    """What stays is a multiple where there were as many."""
    model = load_model(small_models["plain"])
    counts = dict.fromkeys(channel_counts(model), 5)
    narrower = remove_channels(model, counts, training_set(), importance=ImportanceKind.L1, multiple_of=4, keep=())
    assert {"conv": 8, "hidden": 8} == widths_of(narrower)


def test_layers_are_kept_by_name(small_models: Mapping[str, Path]) -> None:
    """A named layer keeps its channels, those that are added to them keep theirs, and the description says so."""
    model = load_model(small_models["plain"])
    counts = dict.fromkeys(channel_counts(model), 2)
    narrower = remove_channels(
        model, counts, training_set(), importance=ImportanceKind.L1, multiple_of=1, keep=("hidden",)
    )
    assert {"conv": 2, "hidden": 12} == widths_of(narrower)
    assert "hidden keeps its channels: by name" in describe_channels(model, ("hidden",))
    residual = load_model(small_models["residual"])
    counts = dict.fromkeys(channel_counts(residual), 2)
    kept = remove_channels(
        residual, counts, training_set(), importance=ImportanceKind.L1, multiple_of=1, keep=("branch",)
    )
    assert WIDTHS["residual"] == widths_of(kept)


def test_a_layer_to_keep_that_is_not_there(small_models: Mapping[str, Path]) -> None:
    """A misspelt name is refused with the nearest one."""
    with pytest.raises(ModelError, match=r'prune: the model has no layer "hiden" to keep; .*hidden'):
        check_channels(load_model(small_models["plain"]), ("hiden",))


def test_a_model_of_which_no_channel_can_go(small_models: Mapping[str, Path]) -> None:
    """The refusal names layers and their reasons, and what else can be done."""
    with pytest.raises(ModelError, match=r'no channel .*"conv": it is kept by name; "hidden": it is kept by name.*uns'):
        check_channels(load_model(small_models["plain"]), ("conv", "hidden"))
    layers = load_keras().layers
    only_end = load_keras().Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(CLASSES, name="end")])
    with pytest.raises(ModelError, match=r'no channel of this model can be removed \("end": .+\); leave "prune" out'):
        stage_named("prune").check(PruneSettings(), only_end, Path())


def test_what_stays_is_described(small_models: Mapping[str, Path]) -> None:
    """The layer that gives the classes is named with its width and the reason."""
    (line,) = describe_channels(load_model(small_models["plain"]), ())
    assert line.startswith("classes keeps 4 channels: ")


@pytest.mark.parametrize(("amount", "step_epochs"), [(0.5, 1), (0.25, 0), (0.8, 0), (0.8, 1)])
def test_the_stage_removes_the_declared_share(
    amount: float, step_epochs: int, small_models: Mapping[str, Path], small_data: Path, tmp_path: Path
) -> None:
    """However many steps it takes, each group loses exactly the share, rounded; the notes give the numbers."""
    notes: list[str] = []
    output = run_stage(
        stage_named("prune"), small_models["plain"], small_data, tmp_path, notes=notes,
        amount=amount, step_epochs=step_epochs,
    )  # fmt: skip
    expected = {name: max(1, int((1 - amount) * width + 0.5)) for name, width in WIDTHS["plain"].items()}
    assert expected == widths_of(load_model(output))
    for name, width in WIDTHS["plain"].items():
        assert 1 == sum(note.endswith(f": {width} -> {expected[name]} channels") and name in note for note in notes)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.75, 0.9, 0.99])
def test_steps_end_at_the_share(share: float) -> None:
    """Steps ascend to the share and each takes about three tenths of what is left at most; one step takes all."""
    steps = steps_to(share)
    assert share == pytest.approx(steps[-1])
    left = [1.0, *(1 - step for step in steps)]
    taken = [1 - after / before for before, after in pairwise(left)]
    assert 0 < min(taken)
    assert max(taken) <= 0.31
    assert [pytest.approx(share)] == list(steps_to(share, one_step=True))
