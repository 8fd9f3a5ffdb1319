"""The over-sized source model: a dense autoencoder 768-256-64-256-768, 427k parameters and as many MACs."""

from __future__ import annotations

from typing import Any

from edgewright.examples.motion.teacher import AUGMENTATION
from edgewright.examples.training import fit_well
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import ANOMALY
from edgewright.pipeline.training import TrainingSettings

WINDOW = (128, 6)
TRAINING = TrainingSettings(epochs=150, learning_rate=1e-3, batch_size=32)


def train(data: Data, seed: int, reporter: Reporter) -> Any:
    """Build the source model and train it to reproduce normal windows; it never sees an anomaly.

    Args:
        data: windows; those with the label 0 are normal.
        seed: of the whole run.
        reporter: shows a bar.

    Returns:
        A tf_keras model from windows to windows: the mean squared difference says how abnormal one is.
    """
    seed_everything(seed)
    return fit_well(
        build(),
        data,
        task=ANOMALY,
        augmentation=AUGMENTATION,
        settings=TRAINING,
        seed=seed,
        reporter=reporter,
    )


def build(widths: tuple[int, int] = (256, 64)) -> Any:
    """Return the untrained model.

    Args:
        widths: units of the layers beside the code, and of the code.
    """
    beside, code = widths
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input(WINDOW),
            layers.Flatten(name="flatten"),
            layers.Dense(beside, activation="relu", name="encoder"),
            layers.Dense(code, activation="relu", name="code"),
            layers.Dense(beside, activation="relu", name="decoder"),
            layers.Dense(128 * 6, name="values"),
            layers.Reshape(WINDOW, name="window"),
        ],
        name="anomaly",
    )
