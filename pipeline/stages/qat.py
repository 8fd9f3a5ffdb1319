"""Quantization-aware training, where plain quantization costs too much; the better of the two is kept.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018. Ranges start from calibration data and not from ±6: started as the library does it, the result is worse than
plain quantization.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.models import load_model
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.surgery.quantization_archive import save_quantization_aware
from edgewright.pipeline.surgery.quantization_aware import QuantizationAwareModel, annotate, calibrate, transfer
from edgewright.pipeline.training import SPARSE_SHARE, SoftTargetSettings, TrainingSettings, fit

CALIBRATION_BATCH = 100


class QatSettings(StageSettings):
    """When the model is trained under quantization, and how."""

    stage: Literal["qat"] = "qat"
    when: Literal["auto", "always"] = "auto"
    """`auto`: only where plain quantization loses more than `threshold`, and only kept where validation prefers it."""
    threshold: Annotated[float, Field(ge=0)] = 0.005
    """In the units of the metric that decides."""
    calibration_count: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Training samples that set the ranges before training."""
    per_channel_dense: bool = False
    """Whether each unit of a Dense layer has a scale of its own; the conversion does the same."""
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=6, learning_rate=3e-4)


def check(settings: QatSettings, model: KerasModel, folder: Path) -> None:
    """Refuse a model of which no layer can be quantized while it is trained.

    Raises:
        ModelError: there is none.
    """
    annotate(model, per_channel_dense=settings.per_channel_dense)


def run(settings: QatSettings, work: StageWork) -> None:
    """Train under quantization, or leave the model as it is.

    Raises:
        ModelError: no layer can be quantized while it is trained.
        DivergedError: training became NaN.
    """
    metric = work.objective.metric
    plain = work.measure(work.input_path)
    lost = work.objective.loss_by(plain.float_score, plain.int8_score)
    if settings.when == "auto" and lost <= settings.threshold:
        work.notes.append(
            f"left out: plain quantization costs {lost:.4f} of {metric.name}, and up to {settings.threshold:g} is "
            "accepted"
        )
        shutil.copyfile(work.input_path, work.output_path)
        return
    _train(settings, work)
    trained = work.measure(work.output_path)
    gained = work.objective.loss_by(trained.int8_score, plain.int8_score)
    if settings.when == "auto" and gained <= 0:
        work.notes.append(f"trained, but plain quantization is no worse on validation ({metric.name}): that is kept")
        shutil.copyfile(work.input_path, work.output_path)
    else:
        work.notes.append(f"{metric.name} after quantization {plain.int8_score:.4f} -> {trained.int8_score:.4f}")


def _train(settings: QatSettings, work: StageWork) -> None:
    model = load_model(work.input_path, trust=True)
    training_set = work.training_set(model)
    made: list[QuantizationAwareModel] = []

    def wrap(twin: KerasModel) -> KerasModel:
        aware = annotate(twin, keep_zeros=_is_sparse(twin), per_channel_dense=settings.per_channel_dense)
        calibrate(aware, _batches(training_set, settings.calibration_count))
        made.append(aware)
        return aware.model

    fit(
        model, training_set, settings.training, work.reporter, title="qat", wrap=wrap,
        teacher=work.teacher(training_set, settings.soft_targets), log_folder=work.log_folder,
    )  # fmt: skip
    work.notes.extend(f"{left.layer} is not emulated: {left.reason}" for left in made[0].left_out)
    save_quantization_aware(transfer(made[0], model), work.output_path)


def _batches(training_set: TrainingSet, count: int) -> Iterator[Any]:
    chosen = training_set.chosen()
    drawn = np.random.default_rng(training_set.seed).permutation(chosen)[:count]
    for first in range(0, len(drawn), CALIBRATION_BATCH):
        x = training_set.samples(np.sort(drawn[first : first + CALIBRATION_BATCH]), 0)
        yield list(x) if len(x) > 1 else x[0]


def _is_sparse(model: KerasModel) -> bool:
    """Tell whether a model was pruned to zeros, which training must not fill again."""
    kernels = [weight.numpy() for weight in model.trainable_weights if len(weight.shape) > 1]
    return any(np.mean(kernel == 0) > SPARSE_SHARE for kernel in kernels)


def why_not_smaller(settings: QatSettings) -> str:
    """Say why training under quantization does not save anything."""
    return "training under quantization is for accuracy, and changes no shape"


STAGE = Stage(
    name="qat",
    settings=QatSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    check=check,
    why_not_smaller=why_not_smaller,
    modules=("stages/qat.py", *TRAINING),
)
