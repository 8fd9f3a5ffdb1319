"""Unstructured magnitude pruning: the smallest weights become zero, more of them as training goes on.

Source: Zhu, Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression", 2017; done by
tensorflow-model-optimization. It makes the file smaller after gzip, not the file itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_model_optimization
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

PRUNED_SHARE_OF_TRAINING = 0.6
"""The final sparsity is reached after this share of the steps; the rest lets the remaining weights settle."""
SHORTEST_FREQUENCY = 10
"""Steps between two prunings; fewer where training is short."""


class PruneSettings(StageSettings):
    """How many weights become zero and how the rest is trained meanwhile."""

    stage: Literal["prune"] = "prune"
    initial_sparsity: Annotated[float, Field(ge=0, lt=1)] = 0.5
    final_sparsity: Annotated[float, Field(gt=0, lt=1)] = 0.8
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=30, learning_rate=1e-3)

    @model_validator(mode="after")
    def _rises(self) -> PruneSettings:
        if self.initial_sparsity > self.final_sparsity:
            raise ValueError(
                f"initial_sparsity {self.initial_sparsity} is above final_sparsity {self.final_sparsity}; "
                "it must not be"
            )
        return self


def run(settings: PruneSettings, work: StageWork) -> None:
    """Prune a model while it trains on labels and on the source model's outputs.

    Raises:
        ModelError: a layer cannot be pruned, or training diverges.
    """
    data = work.data.load()
    model = load_model(work.input_path, trust=True)
    training_set = TrainingSet(
        x=data.x_train,
        y=data.y_train,
        class_count=model.outputs[0].shape[-1],
        augmentation=work.augmentation,
        seed=work.seed,
    )
    step_count = settings.training.epochs * max(1, len(data.x_train) // settings.training.batch_size)
    optimization = load_model_optimization()
    pruned = fit(
        model,
        training_set,
        settings.training,
        work.reporter,
        title="prune",
        teacher=Teacher(model=load_model(work.source_path, trust=True), settings=settings.soft_targets),
        wrap=lambda twin: wrap_for_pruning(twin, settings, step_count),
        callbacks=[optimization.sparsity.keras.UpdatePruningStep()],
    )
    stripped = optimization.sparsity.keras.strip_pruning(pruned)
    model.set_weights(stripped.get_weights())
    save_model(model, work.output_path)


def wrap_for_pruning(model: KerasModel, settings: PruneSettings, step_count: int) -> KerasModel:
    """Wrap every layer that tfmot can prune.

    Args:
        model: a tf_keras model that nobody else holds: the wrappers take its layers.
        settings: initial and final sparsity.
        step_count: steps of the whole training.

    Raises:
        ModelError: tfmot refuses the model.
    """
    sparsity = load_model_optimization().sparsity.keras
    end_step = max(1, int(PRUNED_SHARE_OF_TRAINING * step_count))
    frequency = max(1, min(SHORTEST_FREQUENCY, end_step // 2))
    schedule = sparsity.PolynomialDecay(
        initial_sparsity=settings.initial_sparsity if step_count > 1 else settings.final_sparsity,
        final_sparsity=settings.final_sparsity,
        begin_step=0,
        end_step=end_step - end_step % frequency,  # a step that prunes, or the final sparsity is never quite reached
        frequency=frequency,
    )
    try:
        return sparsity.prune_low_magnitude(model, pruning_schedule=schedule)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f'prune: tensorflow-model-optimization cannot prune this model ({reason}); leave the stage "prune" out.'
        ) from error


STAGE = Stage(
    name="prune",
    settings=PruneSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    modules=("stages/prune.py", *TRAINING),
)
