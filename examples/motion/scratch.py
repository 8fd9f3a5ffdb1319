"""The student that the recipe trains, with nothing learned from the source model: what the recipe is compared with."""

from __future__ import annotations

from typing import Any

from edgewright.examples.motion.student import build
from edgewright.examples.motion.teacher import fit_model
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.training import TrainingSettings

TRAINING = TrainingSettings(epochs=250, learning_rate=4e-3)


def train_plainly(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train as most people do: Adam at its own rate all along, 30 epochs, the samples as they are."""
    del reporter
    seed_everything(seed)
    keras = load_keras()
    model = build()
    model.compile(keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(data.train.x[0], data.train.y[0], epochs=30, batch_size=32, verbose=0)
    return model


def train_well(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train with the augmentation, the schedule and the epochs of the recipe."""
    seed_everything(seed)
    return fit_model(build(), data, seed, TRAINING, reporter)
