"""A model of which one layer needs its channels' scales, and data that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.models import load_model, save_model

FEATURES, CLASSES, UNITS = 12, 4, 40
SPOILED = 500.0
"""A weight on a feature that is always 0: it changes no output, but takes all of a scale that others share with it."""


def build_spoiled() -> Any:
    """Return a classifier whose convolutions and last layer do with one scale, and whose layer "spoiled" does not."""
    seed_everything(5)
    layers = load_keras().layers
    model = load_keras().Sequential(
        [
            layers.Input((FEATURES, 1, 1), name="row"),
            layers.Conv2D(4, 1, padding="same", name="conv"),
            layers.DepthwiseConv2D((3, 1), padding="same", activation="relu", name="deep"),
            layers.Flatten(name="flat"),
            layers.Dense(UNITS, activation="relu", name="spoiled"),
            layers.Dense(CLASSES, name="classes"),
        ]
    )
    kernel, bias = model.get_layer("deep").get_weights()
    model.get_layer("deep").set_weights(
        [kernel, bias - np.float32([50.0, 0, 0, 0])]
    )  # the first channel is never alive
    kernel, bias = model.get_layer("spoiled").get_weights()
    kernel[0, 0] = SPOILED
    model.get_layer("spoiled").set_weights([kernel, bias])
    return model


def save_spoiled(folder: Path) -> tuple[Path, Path]:
    """Save the model, and samples whose classes are those that the model itself gives them.

    Returns:
        The `.keras` and the `.npz`.
    """
    path = folder / "spoiled.keras"
    save_model(build_spoiled(), path)
    x = np.random.default_rng(4).normal(size=(900, FEATURES, 1, 1)).astype(np.float32)
    y = load_model(path).predict(x, verbose=0).argmax(axis=1)
    data = folder / "spoiled.npz"
    np.savez(data, x_train=x[:600], y_train=y[:600], x_test=x[600:], y_test=y[600:])
    return path, data
