"""An autoencoder as small as the recipe's that learned nothing from the source model, to compare the recipe with."""

from __future__ import annotations

from typing import Any

from edgewright.examples.anomaly.teacher import build
from edgewright.examples.motion.teacher import AUGMENTATION
from edgewright.examples.training import fit_plainly, fit_well
from edgewright.pipeline.data import Data
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.tasks import ANOMALY
from edgewright.pipeline.training import TrainingSettings

WIDTHS = (64, 32)
"""As many weights as the factors that the recipe leaves, within some per cent."""
TRAINING = TrainingSettings(epochs=400, learning_rate=2e-3, batch_size=32)


def train_plainly(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train as most people do: Adam at its own rate all along, 100 epochs, the windows as they are."""
    del reporter
    seed_everything(seed)
    normal = data.train.x[0][data.train.y[0] == 0]
    return fit_plainly(build(WIDTHS), normal, normal, loss=load_keras().losses.MeanSquaredError(), epochs=100)


def train_well(data: Data, seed: int, reporter: Reporter) -> Any:
    """Train with the augmentation, the schedule and the epochs of the recipe."""
    seed_everything(seed)
    return fit_well(
        build(WIDTHS),
        data,
        task=ANOMALY,
        augmentation=AUGMENTATION,
        settings=TRAINING,
        seed=seed,
        reporter=reporter,
    )
