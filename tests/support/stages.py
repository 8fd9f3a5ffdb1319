"""Running one stage on a small Keras 2 network, outside of any chain."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import open_data
from edgewright.pipeline.measurement import measure_artefact
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.recipe import Recipe, RecipeSettings, default_stages
from edgewright.pipeline.stages import STAGES, Stage, StageWork
from edgewright.pipeline.tasks import TaskSettings, open_objective
from edgewright.pipeline.workshop import Workshop

SHAPE, CLASSES = (8, 8, 2), 4
QUICK: dict[str, object] = {
    "training": {"epochs": 2, "batch_size": 16},
    "step_epochs": 1,
    "energy": 0.6,
    "when": "always",
    "calibration_count": 8,
    "representative_count": 8,
}
"""Settings with which any stage takes seconds, and changes the model."""


def stage_named(name: str) -> Stage:
    """Return the registered stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)


def quick_settings(stage: Stage) -> dict[str, object]:
    """Return the quick settings that a stage has."""
    return {"stage": stage.name, **{key: value for key, value in QUICK.items() if key in stage.settings.model_fields}}


def run_stage(
    stage: Stage,
    input_path: Path,
    data_path: Path,
    output_folder: Path,
    *,
    seed: int = 1,
    source_path: Path | None = None,
    task: str = "classification",
    augmentation: Augmentation | None = None,
    notes: list[str] | None = None,
    cache: Cache | None = None,
    **settings: Any,
) -> Path:
    """Run a stage with quick settings, some of them replaced, and return its artefact.

    Args:
        stage: what to run.
        input_path: the model that it is given.
        data_path: an `.npz`.
        output_folder: where its artefact goes, and nothing else.
        seed: of the run.
        source_path: the source model, which is also the teacher; the input if not given.
        task: what the model is for.
        augmentation: none if not given.
        notes: are extended by what the stage has to tell.
        cache: an empty one for this run alone if not given.
        settings: replace the quick ones.
    """
    with tempfile.TemporaryDirectory() as folder:
        cache = cache or Cache(root=Path(folder))
        output_folder.mkdir(parents=True, exist_ok=True)
        output_path = output_folder / stage.produces.value
        workshop = Workshop(
            recipe=Recipe(settings=RecipeSettings(), stages=default_stages(), folder=data_path.parent),
            objective=open_objective(TaskSettings.model_validate({"kind": task}), data_path.parent),
            seed=seed,
            source_path=source_path or input_path,
            data=open_data(data_path.name, data_path.parent, cache),
            cache=cache,
            reporter=SilentReporter(),
        )
        work = StageWork(
            input_path=input_path,
            source_path=workshop.source_path,
            recipe_folder=workshop.recipe.folder,
            data=workshop.data,
            objective=workshop.objective,
            augmentation=augmentation or Augmentation(),
            seed=seed,
            output_path=output_path,
            reporter=workshop.reporter,
            cache=cache,
            measure=lambda path: measure_artefact(path, workshop),
            notes=[] if notes is None else notes,
        )
        stage.run(stage.settings.model_validate({**quick_settings(stage), **settings}), work)
    return output_path


def _plain(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input(SHAPE),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(12, activation="relu", name="hidden"),
            layers.Dense(CLASSES, activation="softmax", name="classes"),
        ]
    )


def _residual(keras: Any) -> Any:
    layers = keras.layers
    x = inputs = layers.Input(SHAPE, name="image")
    x = layers.Conv2D(6, 3, padding="same", name="stem")(x)
    y = layers.Conv2D(6, 3, padding="same", use_bias=False, name="branch")(x)
    y = layers.BatchNormalization(name="norm")(y)
    x = layers.ReLU(name="relu")(layers.Add(name="add")([x, y]))
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(inputs, layers.Softmax(name="softmax")(layers.Dense(CLASSES, name="classes")(x)))


def _depthwise(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input(SHAPE),
            layers.Conv2D(6, 3, strides=2, use_bias=False, name="first"),
            layers.BatchNormalization(name="norm1"),
            layers.ReLU(6.0, name="relu1"),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="deep"),
            layers.BatchNormalization(name="norm2"),
            layers.Conv2D(10, 1, activation="relu", name="point"),
            layers.Flatten(name="flatten"),
            layers.Dense(CLASSES, name="logits"),
        ]
    )


BUILDERS: dict[str, Callable[[Any], Any]] = {"plain": _plain, "residual": _residual, "depthwise": _depthwise}
