"""The over-sized source model: three convolutions and a hidden Dense layer, 143k parameters, 5.51 M MACs."""

from __future__ import annotations

from typing import Any

from edgewright.examples.training import fit_well
from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import CLASSIFICATION
from edgewright.pipeline.training import TrainingSettings

CLASS_COUNT = 7
AUGMENTATION = Augmentation(copies=8, rotation_degrees=20, axes=((0, 1, 2), (3, 4, 5)), scale=0.1, noise=0.03)
"""A watch sits a little turned on each wrist, and nobody moves equally fast. Sensors are scaled without an offset and
with one factor each, so that turning scaled channels is turning the device."""
TRAINING = TrainingSettings(epochs=60, learning_rate=2e-3)


def train(data: Data, seed: int, reporter: Reporter) -> Any:
    """Build and train the source model.

    Args:
        data: windows of the exercises.
        seed: of the whole run.
        reporter: shows a bar.

    Returns:
        A tf_keras model that ends in logits: the largest is the class, and a microcontroller saves the softmax.
    """
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


def build() -> Any:
    """Return the untrained model."""
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((128, 6)),
            layers.Conv1D(64, 5, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling1D(name="pool1"),
            layers.Conv1D(128, 5, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling1D(name="pool2"),
            layers.Conv1D(128, 5, padding="same", activation="relu", name="conv3"),
            layers.MaxPooling1D(name="pool3"),
            layers.GlobalAveragePooling1D(name="average"),
            layers.Dense(128, activation="relu", name="hidden"),
            layers.Dense(CLASS_COUNT, name="exercises"),
        ],
        name="motion",
    )
