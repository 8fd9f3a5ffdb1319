"""The over-sized source model: three convolutions and a hidden Dense layer, 131k parameters, 5.72 M MACs."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.training import TrainingSet, TrainingSettings, fit


def train(data: Data, seed: int, reporter: Reporter) -> Any:
    """Build and train the source model.

    Args:
        data: the digits.
        seed: of the whole run.
        reporter: shows a bar.

    Returns:
        A tf_keras model that ends in logits: the largest is the class, and a microcontroller saves the softmax.
    """
    seed_everything(seed)
    model = build()
    training_set = TrainingSet(
        x=data.x_train, y=data.y_train, class_count=10, seed=seed, augmentation=Augmentation(copies=8, shift_pixels=2)
    )
    fit(model, training_set, TrainingSettings(epochs=30, learning_rate=2e-3), reporter, title="source model")
    return model


def build() -> Any:
    """Return the untrained model."""
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv3"),
            layers.MaxPooling2D(name="pool3"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="hidden"),
            layers.Dense(10, name="digits"),
        ],
        name="mnist",
    )
