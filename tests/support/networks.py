"""The networks of the grid of stages: one of each kind that people bring, and small ones that some stage refuses.

Each learns in seconds what its own seeded data asks: four classes, each a pattern under noise, or what is normal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from support.digits import Arrays

from edgewright.pipeline.frameworks import KerasModel, load_keras, seed_everything

CLASSES = 4
COUNTS = {"train": 128, "val": 32, "test": 32}
NOISE = 0.5
SEED = 3
IMAGE, SERIES, FEATURES = (12, 12, 2), (32, 3), (24,)

Tensor = Any
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model to compress. `build` takes tf_keras's layers and an input, and returns the output."""

    description: str
    """Its layers, for people."""
    shape: tuple[int, ...]
    build: Callable[[Any, Tensor], Tensor]
    task: str = "classification"


def _normalized(layers: Any, x: Tensor, name: str, activation: str = "relu") -> Tensor:
    x = layers.BatchNormalization(momentum=0.8, name=f"{name}_norm")(x)
    return layers.Activation(activation, name=f"{name}_{activation}")(x)


def _cnn(layers: Any, x: Tensor) -> Tensor:
    x = layers.MaxPooling2D(name="pool")(layers.Conv2D(12, 3, padding="same", activation="relu", name="conv1")(x))
    x = _normalized(layers, layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv2")(x), "conv2")
    x = layers.Dense(24, activation="relu", name="hidden")(layers.Flatten(name="flatten")(x))
    return layers.Dense(CLASSES, activation="softmax", name="classes")(layers.Dropout(0.1, name="dropout")(x))


def _residual(layers: Any, x: Tensor) -> Tensor:
    x = _normalized(layers, layers.Conv2D(12, 3, padding="same", use_bias=False, name="stem")(x), "stem")
    for name, width, strides in (("block1", 12, 1), ("block2", 16, 2)):
        y = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False, name=f"{name}a")(x)
        y = _normalized(layers, y, f"{name}a")
        y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}b")(y)
        y = layers.BatchNormalization(momentum=0.8, name=f"{name}b_norm")(y)
        short = x if strides == 1 else layers.Conv2D(width, 1, strides=strides, name=f"{name}_short")(x)
        x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([short, y]))
    return layers.Dense(CLASSES, name="logits")(layers.GlobalAveragePooling2D(name="mean")(x))


def _depthwise(layers: Any, x: Tensor) -> Tensor:
    x = layers.Conv2D(12, 3, strides=2, padding="same", use_bias=False, name="first")(x)
    x = _normalized(layers, x, "first", "relu6")
    for name, width, strides in (("block1", 16, 1), ("block2", 24, 2)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False, name=f"{name}_deep")(x)
        x = _normalized(layers, x, f"{name}_deep", "relu6")
        x = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_point")(x)
        x = _normalized(layers, x, f"{name}_point", "relu6")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return layers.Dense(CLASSES, activation="softmax", name="classes")(x)


def _one_dimensional(layers: Any, x: Tensor) -> Tensor:
    for name, width, size in (("conv1", 12, 5), ("conv2", 16, 3)):
        x = layers.Conv1D(width, size, padding="same", use_bias=False, name=name)(x)
        x = layers.MaxPooling1D(2, name=f"{name}_pool")(_normalized(layers, x, name))
    x = layers.SeparableConv1D(16, 3, padding="same", activation="relu", name="separable")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return layers.Dense(CLASSES, activation="softmax", name="classes")(x)


def _autoencoder(layers: Any, x: Tensor) -> Tensor:
    for name, width in (("encoder", 32), ("code", 6), ("decoder", 32)):
        x = _normalized(layers, layers.Dense(width, name=name)(x), name)
    return layers.Dense(FEATURES[0], name="reconstruction")(x)


NETWORKS: Mapping[str, Network] = {
    "CNN": Network(
        description="two convolutions (one with BatchNormalization), pooling, two Dense layers",
        shape=IMAGE, build=_cnn,
    ),
    "residual": Network(
        description="a stem and two residual blocks, one with a projection; ends in logits",
        shape=IMAGE, build=_residual,
    ),
    "depthwise": Network(
        description="two blocks of depthwise and pointwise convolutions with relu6, as in MobileNet",
        shape=IMAGE, build=_depthwise,
    ),
    "1-D": Network(
        description="two Conv1D with BatchNormalization and a SeparableConv1D over a series",
        shape=SERIES, build=_one_dimensional,
    ),
    "autoencoder": Network(
        description="four Dense layers with BatchNormalization, for anomaly detection",
        shape=FEATURES, build=_autoencoder, task="anomaly",
    ),
}  # fmt: skip
"""What every stage and every chain of the grid is run on."""


def _output_alone(layers: Any, x: Tensor) -> Tensor:
    return layers.Dense(CLASSES, activation="softmax", name="classes")(layers.Flatten(name="flatten")(x))


def _depthwise_alone(layers: Any, x: Tensor) -> Tensor:
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", name="deep")(x)
    return layers.GlobalAveragePooling2D(name="mean")(x)


def _reshaped(layers: Any, x: Tensor) -> Tensor:
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")(x)
    return _output_alone(layers, layers.Reshape((6, 24, 8), name="reshape")(x))


def _recurrent(layers: Any, x: Tensor) -> Tensor:
    return layers.LSTM(CLASSES, name="memory")(x)


def _activated(layers: Any, x: Tensor, name: str) -> Tensor:
    x = layers.Activation(name, name=name)(layers.Conv2D(8, 3, padding="same", name="conv")(x))
    return _output_alone(layers, x)


def _volumetric(layers: Any, x: Tensor) -> Tensor:
    return _output_alone(
        layers, layers.Conv3D(2, (3, 3, 1), name="volume")(layers.Reshape((12, 12, 2, 1), name="deep")(x))
    )


PECULIAR: Mapping[str, Network] = {
    "output_alone": Network(
        description="Flatten and the Dense layer of the output",
        shape=IMAGE, build=_output_alone,
    ),
    "depthwise_alone": Network(
        description="DepthwiseConv2D and an average", shape=IMAGE, build=_depthwise_alone
    ),
    "reshaped": Network(
        description="Conv2D, Reshape to a fixed shape, Dense", shape=IMAGE, build=_reshaped
    ),
    "recurrent": Network(description="LSTM alone", shape=SERIES, build=_recurrent),
    "volumetric": Network(description="Reshape, Conv3D, Dense", shape=IMAGE, build=_volumetric),
    "gelu": Network(
        description="Conv2D with gelu, Dense",
        shape=IMAGE, build=lambda layers, x: _activated(layers, x, "gelu"),
    ),
    "softplus": Network(
        description="Conv2D with softplus, Dense",
        shape=IMAGE, build=lambda layers, x: _activated(layers, x, "softplus"),
    ),
}  # fmt: skip
"""What some stage refuses."""


def build_model(network: Network) -> KerasModel:
    """Return the untrained model, always with the same weights."""
    keras = load_keras()
    keras.backend.clear_session()
    seed_everything(SEED)
    x = keras.Input(network.shape, name="samples")
    return keras.Model(x, network.build(keras.layers, x))


def make_data(network: Network) -> Arrays:
    """Draw samples, each a pattern under noise; for anomaly detection one pattern is normal and another is not."""
    generator = np.random.default_rng(SEED)
    patterns = generator.normal(size=(CLASSES, *network.shape))
    arrays: Arrays = {}
    for split, count in COUNTS.items():
        y = np.arange(count) % (2 if network.task == "anomaly" else CLASSES)
        if network.task == "anomaly" and split == "train":
            y = np.zeros(count, np.int64)
        arrays[f"x_{split}"] = (patterns[y] + NOISE * generator.normal(size=(count, *network.shape))).astype(np.float32)
        arrays[f"y_{split}"] = y
    return arrays


def train(model: KerasModel, network: Network, arrays: Arrays, epochs: int = 6) -> None:
    """Train a model until its weights and ranges are those of one that has learned."""
    keras = load_keras()
    x, y = arrays["x_train"], arrays["y_train"]
    is_logits = (
        network.task == "classification"
        and type(model.layers[-1]).__name__ == "Dense"
        and (model.layers[-1].activation is keras.activations.linear)
    )
    loss: Any = "mse" if network.task == "anomaly" else keras.losses.SparseCategoricalCrossentropy(is_logits)
    model.compile(keras.optimizers.Adam(5e-3), loss)
    model.fit(x, x if network.task == "anomaly" else y, epochs=epochs, batch_size=16, verbose=0, shuffle=False)


def write_network(network: Network, folder: Path, *, is_trained: bool) -> None:
    """Leave a user's `model.keras` and `data.npz` in a folder."""
    model, arrays = build_model(network), make_data(network)
    if is_trained:
        train(model, network, arrays)
    model.save(folder / "model.keras")
    np.savez(folder / "data.npz", **arrays)
