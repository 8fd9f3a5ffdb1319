"""How the source models of the examples are trained, and the small ones that recipes are compared with."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.data import Array, Data
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import Objective, Task
from edgewright.pipeline.training import TrainingSettings, fit

BATCH_SIZE = 32


def fit_well(
    model: Any,
    data: Data,
    *,
    task: Task,
    augmentation: Augmentation,
    settings: TrainingSettings,
    seed: int,
    reporter: Reporter,
) -> Any:
    """Train a model of one output on augmented samples as stages do, and return it.

    Args:
        model: an untrained tf_keras model.
        data: the samples.
        task: gives targets and loss.
        augmentation: of the samples.
        settings: how long and how fast.
        seed: of the whole run.
        reporter: shows a bar.
    """
    shape = tuple(model.output_shape[1:])
    training_set = TrainingSet(
        split=Objective(task=task).prepare(data, [shape], "the example").train,
        task=task,
        output_shapes=(shape,),
        augmentation=augmentation,
        seed=seed,
    )
    fit(model, training_set, settings, reporter, title="source model")
    return model


def fit_plainly(model: Any, x: Array, y: Array, *, loss: Any, epochs: int) -> Any:
    """Train as most people do, with Adam at its own rate all along and the samples as they are; return the model."""
    model.compile(load_keras().optimizers.Adam(), loss)
    model.fit(x, y, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return model
