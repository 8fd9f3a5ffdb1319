"""Distillation: a narrower student of the source model's own architecture learns from its soft outputs.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.training import (
    KerasModel,
    SoftTargetSettings,
    Teacher,
    TrainingSet,
    TrainingSettings,
    fit,
)


class DistillSettings(StageSettings):
    """How narrow the student is and how it learns."""

    stage: Literal["distill"] = "distill"
    width: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of each layer's filters and units that the student keeps."""
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=60)


def run(settings: DistillSettings, work: StageWork) -> None:
    """Train a narrower student from scratch on the source model's outputs.

    Raises:
        ModelError: the source model cannot be narrowed, or training diverges.
    """
    data = work.data.load()
    teacher = load_model(work.source_path, trust=True)
    template = load_model(work.input_path, trust=True)
    seed_everything(work.seed)
    student = narrow(template, settings.width)
    fit(
        student,
        TrainingSet(
            x=data.x_train,
            y=data.y_train,
            class_count=student.outputs[0].shape[-1],
            augmentation=work.augmentation,
            seed=work.seed,
        ),
        settings.training,
        work.reporter,
        title="distill",
        teacher=Teacher(model=teacher, settings=settings.soft_targets),
    )
    save_model(student, work.output_path)


def narrow(model: KerasModel, width: float) -> KerasModel:
    """Build a freshly initialized model like the given one with a share of its filters and units.

    Layers keep their names. The layers that compute the outputs keep their width, since it is the number of classes.

    Args:
        model: a tf_keras Sequential or functional model.
        width: share to keep, in (0, 1]; at least one filter or unit stays in each layer.

    Raises:
        ModelError: a layer fixes a width that no longer fits (a Reshape to a fixed shape, for instance).
    """
    keras = load_keras()
    heads = _output_layer_names(model)

    def clone_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in heads:
            for key in ("filters", "units"):
                if isinstance(config.get(key), int):
                    config[key] = max(1, round(width * config[key]))
        return layer.__class__.from_config(config)

    try:
        return keras.models.clone_model(model, clone_function=clone_layer)
    except (ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"distill: a student of width {width} cannot be built from this model ({reason}); give width = 1.0 or "
            "leave the stage out."
        ) from error


def _output_layer_names(model: KerasModel) -> frozenset[str]:
    """Return the weighted layers between which and the outputs no other weighted layer stands."""
    names: set[str] = set()
    pending = [tensor.node for tensor in model.outputs]
    while pending:
        node = pending.pop()
        layer = node.layer
        if any(key in layer.get_config() for key in ("filters", "units")):
            names.add(layer.name)
        else:
            pending.extend(node.parent_nodes)
    return frozenset(names)


STAGE = Stage(
    name="distill",
    settings=DistillSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    modules=("stages/distill.py", *TRAINING),
)
