"""A student of another shape than the source model: strided at once, and no hidden Dense layer."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.frameworks import load_keras


def build(source: Any = None) -> Any:
    """Return the untrained student: 6.5k parameters, 0.28 M MACs.

    Args:
        source: the source model, whose inputs and outputs the student has, too.
    """
    layers = load_keras().layers
    return load_keras().Sequential(
        [
            layers.Input((128, 6)),
            layers.Conv1D(16, 5, strides=2, padding="same", activation="relu", name="conv1"),
            layers.Conv1D(24, 5, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling1D(name="pool2"),
            layers.Conv1D(32, 5, padding="same", activation="relu", name="conv3"),
            layers.GlobalAveragePooling1D(name="average"),
            layers.Dense(7, name="exercises"),
        ],
        name="motion_student",
    )
