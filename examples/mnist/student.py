"""A student of another shape than the source model: strided at once, and no hidden Dense layer."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.frameworks import load_keras


def build(source: Any = None) -> Any:
    """Return the untrained student: 5.0k parameters, 0.19 M MACs.

    Args:
        source: the source model, whose inputs and outputs the student has, too.
    """
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="conv1"),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv3"),
            layers.MaxPooling2D(name="pool3"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, name="digits"),
        ],
        name="mnist_student",
    )
