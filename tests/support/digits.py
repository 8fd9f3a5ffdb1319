"""The small real problem of the tests: scikit-learn's 1,797 digits of 8x8, and networks that learn them in seconds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TRAIN_COUNT = 1400
RECIPE = """\
name = "digits"
seed = 3

[source]
model = "digits.h5"
data = "digits.npz"

[[stages]]
stage = "distill"
student = "width:0.5"
training = { epochs = 6, learning_rate = 5e-3, batch_size = 32 }

[[stages]]
stage = "prune"
structure = "unstructured"
amount = 0.8
training = { epochs = 4, learning_rate = 2e-3, batch_size = 32 }

[[stages]]
stage = "convert"
representative_count = 60
"""
CONVERT_ALONE = '[[stages]]\nstage = "convert"\nrepresentative_count = 20\n'

Arrays = dict[str, npt.NDArray[Any]]


@cache
def digits() -> Arrays:
    """Return the digits as (N, 8, 8, 1) float32 in 0..1 and their classes."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = (bunch.images / 16.0).astype(np.float32)[..., np.newaxis]
    y = bunch.target.astype(np.int64)
    return {
        "x_train": x[:TRAIN_COUNT],
        "y_train": y[:TRAIN_COUNT],
        "x_test": x[TRAIN_COUNT:],
        "y_test": y[TRAIN_COUNT:],
    }


def tiny_arrays(shape: tuple[int, ...] = (8, 8, 1), classes: int = 10) -> Arrays:
    """Return a few random samples, every class among them."""
    generator = np.random.default_rng(5)
    counts = {"train": 4 * classes, "test": 2 * classes}
    arrays: Arrays = {}
    for split, count in counts.items():
        arrays[f"x_{split}"] = generator.random((count, *shape), dtype=np.float32)
        arrays[f"y_{split}"] = np.arange(count) % classes
    return arrays


def write_npz(path: Path, arrays: Arrays, **changed: npt.ArrayLike) -> Path:
    """Save arrays, some of them replaced."""
    np.savez(path, **{**arrays, **{name: np.asarray(array) for name, array in changed.items()}})
    return path


def build_cnn() -> Any:
    """Return an untrained Keras 2 network of two convolutions and a hidden layer for the digits."""
    from edgewright.pipeline.frameworks import load_keras, seed_everything

    seed_everything(3)
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2"),
            layers.Flatten(name="flatten"),
            layers.Dense(32, activation="relu", name="hidden"),
            layers.Dense(10, activation="softmax", name="digits"),
        ]
    )


def train_cnn(path: Path, epochs: int = 8) -> Path:
    """Train the network and save it as Keras 2 does."""
    model, arrays = build_cnn(), digits()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(arrays["x_train"], arrays["y_train"], epochs=epochs, batch_size=32, verbose=0, shuffle=False)
    model.save(path)
    return path
