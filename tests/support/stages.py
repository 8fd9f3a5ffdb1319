"""Running one stage on a small Keras 2 network, outside of any chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.stages import STAGES, Stage, StageWork

SHAPE, CLASSES = (8, 8, 2), 4


def stage_named(name: str) -> Stage:
    """Return the registered stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)


def quick_settings(stage: Stage) -> dict[str, object]:
    """Return settings with which any stage takes seconds: two epochs, a few representative samples."""
    quick: dict[str, object] = {"training": {"epochs": 2, "batch_size": 16}, "representative_count": 8}
    return {"stage": stage.name, **{key: value for key, value in quick.items() if key in stage.settings.model_fields}}


def run_stage(
    stage: Stage,
    input_path: Path,
    data_path: Path,
    output_folder: Path,
    *,
    seed: int = 1,
    source_path: Path | None = None,
    **settings: Any,
) -> Path:
    """Run a stage with quick settings, some of them replaced, and return its artefact."""
    output_folder.mkdir(parents=True, exist_ok=True)
    output_path = output_folder / stage.produces.value
    work = StageWork(
        input_path=input_path,
        source_path=source_path or input_path,
        data=DataSource(path=data_path, digest=digest_file(data_path), origin=str(data_path)),
        augmentation=Augmentation(),
        seed=seed,
        output_path=output_path,
        reporter=SilentReporter(),
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
