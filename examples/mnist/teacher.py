"""The over-sized source model: three convolutions and a hidden Dense layer, 131k parameters, 5.72 M MACs."""

from __future__ import annotations

from typing import Any

from edgewright.examples.training import fit_well
from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import CLASSIFICATION
from edgewright.pipeline.training import TrainingSettings

CLASS_COUNT = 10
AUGMENTATION = Augmentation(copies=8, shift_pixels=2)
TRAINING = TrainingSettings(epochs=60, learning_rate=2e-3)


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
    return fit_well(
        build(),
        data,
        task=CLASSIFICATION,
        augmentation=AUGMENTATION,
        settings=TRAINING,
        seed=seed,
        reporter=reporter,
    )


def build(widths: tuple[int, int, int, int] = (32, 64, 64, 128)) -> Any:
    """Return the untrained model.

    Args:
        widths: filters of the convolutions, and units of the hidden layer.
    """
    conv1, conv2, conv3, hidden = widths
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(conv1, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(conv2, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Conv2D(conv3, 3, padding="same", activation="relu", name="conv3"),
            layers.MaxPooling2D(name="pool3"),
            layers.Flatten(name="flatten"),
            layers.Dense(hidden, activation="relu", name="hidden"),
            layers.Dense(CLASS_COUNT, name="digits"),
        ],
        name="mnist",
    )
