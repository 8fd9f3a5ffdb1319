"""The student that the recipe trains, with nothing learned from the source model: what the recipe is compared with."""

from __future__ import annotations

from typing import Any

from edgewright.examples.motion.student import build
from edgewright.examples.motion.teacher import AUGMENTATION
from edgewright.examples.training import fit_plainly, fit_well
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import CLASSIFICATION
from edgewright.pipeline.training import TrainingSettings

TRAINING = TrainingSettings(epochs=250, learning_rate=4e-3)


def train_plainly(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train as most people do: Adam at its own rate all along, 30 epochs, the samples as they are."""
    del reporter
    seed_everything(seed)
    loss = load_keras().losses.SparseCategoricalCrossentropy(from_logits=True)
    return fit_plainly(build(), data.train.x[0], data.train.y[0], loss=loss, epochs=30)


def train_well(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train with the augmentation, the schedule and the epochs of the recipe."""
    seed_everything(seed)
    return fit_well(
        build(),
        data,
        task=CLASSIFICATION,
        augmentation=AUGMENTATION,
        settings=TRAINING,
        seed=seed,
        reporter=reporter,
    )
