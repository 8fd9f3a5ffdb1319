"""Ten small models that either Keras builds and saves; run as a program, so that each Keras has a process of its own.

    python zoo.py keras2|keras3|savedmodel FOLDER NAME...

leaves FOLDER/NAME.npz (inputs, and what the model computes for them) and NAME.keras, NAME.h5 and of some models
NAME.exported; or NAME.savedmodel alone, which Keras 2 takes long to write.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Keras = Any
Model = Any
SAMPLE_COUNT = 4
EXPORTED = frozenset({"cnn", "multi_input"})


def _cnn(keras: Keras) -> Model:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((12, 12, 3)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.ZeroPadding2D(1),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ],
        name="cnn",
    )


def _residual(keras: Keras) -> Model:
    layers = keras.layers
    x = inputs = layers.Input((12, 12, 3), name="image")
    for width in (4, 6):
        y = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False, name=f"wide{width}")(x)
        y = layers.BatchNormalization(name=f"norm{width}")(y)
        y = layers.Activation("relu", name=f"act{width}")(y)
        y = layers.Conv2D(width, 3, padding="same", name=f"narrow{width}")(y)
        short = layers.Conv2D(width, 1, strides=2, name=f"short{width}")(x)
        x = layers.LeakyReLU(0.1, name=f"leaky{width}")(layers.Add(name=f"add{width}")([y, short]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(4, name="scores")(x), name="residual")


def _depthwise(keras: Keras) -> Model:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((10, 10, 2)),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu"),
            layers.Conv2D(6, 1, use_bias=False),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D((3, 1), strides=1, use_bias=False),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        name="depthwise",
    )


def _separable(keras: Keras) -> Model:
    layers = keras.layers
    x = inputs = layers.Input((10, 10, 2))
    branches = [layers.SeparableConv2D(4, size, padding="same", activation="relu")(x) for size in (3, 5)]
    x = layers.Concatenate()(branches)
    x = layers.SeparableConv2D(6, 3, strides=2, depth_multiplier=2)(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="sigmoid")(x), name="separable")


def _one_dimensional(keras: Keras) -> Model:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((32, 3)),
            layers.Conv1D(6, 3, dilation_rate=2, padding="causal", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling1D(2),
            layers.SeparableConv1D(8, 3, strides=2, padding="same"),
            layers.ReLU(),
            layers.SpatialDropout1D(0.1),
            layers.Conv1D(8, 3),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, activation="softmax"),
        ],
        name="one_dimensional",
    )


def _lstm(keras: Keras) -> Model:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((16, 3)),
            layers.Conv1D(4, 3, padding="same", activation="relu"),
            layers.LSTM(5, return_sequences=True),
            layers.Bidirectional(layers.LSTM(4)),
            layers.Dense(3),
        ],
        name="lstm",
    )


def _autoencoder(keras: Keras) -> Model:
    layers = keras.layers
    stack = [layers.Input((40,))]
    for width in (16, 4, 16):
        stack += [layers.Dense(width), layers.BatchNormalization(), layers.Activation("relu")]
    return keras.Sequential([*stack, layers.Dense(40)], name="autoencoder")


def _nested(keras: Keras) -> Model:
    layers = keras.layers
    inner_input = layers.Input((8, 8, 4))
    inner = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(inner_input)
    inner = keras.Model(inner_input, layers.Add()([inner, inner_input]), name="block")
    head = keras.Sequential([layers.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3, name="last")], name="head")
    inputs = layers.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = inner(inner(x))
    return keras.Model(inputs, head(x), name="nested")


def _multi_input(keras: Keras) -> Model:
    layers = keras.layers
    image, features = layers.Input((8, 8, 1), name="image"), layers.Input((6,), name="features")
    x = layers.Flatten()(layers.Conv2D(3, 3, activation="relu")(image))
    shared = layers.Dense(5, activation="relu", name="shared")
    x = layers.Concatenate()([shared(layers.Dense(6)(x)), shared(features)])
    classes = layers.Dense(3, activation="softmax", name="classes")(x)
    value = layers.Dense(1, name="value")(x)
    return keras.Model([image, features], [classes, value], name="multi_input")


def _mobilenet(keras: Keras) -> Model:
    return keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=10)


BUILDERS: dict[str, Callable[[Keras], Model]] = {
    "cnn": _cnn,
    "residual": _residual,
    "depthwise": _depthwise,
    "separable": _separable,
    "one_dimensional": _one_dimensional,
    "lstm": _lstm,
    "autoencoder": _autoencoder,
    "nested": _nested,
    "multi_input": _multi_input,
    "mobilenet": _mobilenet,
}


def vary_weights(model: Model, seed: int) -> None:
    """Move every weight a little, so that biases are not zero and no BatchNormalization is the identity."""
    generator = np.random.default_rng(seed)
    model.set_weights([weight + generator.uniform(0.0, 0.1, weight.shape) for weight in model.get_weights()])


def draw_inputs(model: Model, seed: int) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Draw one array (4, *shape) float32 for each input."""
    generator = np.random.default_rng(seed)
    return [generator.standard_normal((SAMPLE_COUNT, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def main(which: str, folder: Path, names: list[str]) -> None:
    """Build and save models."""
    os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")
    os.environ["TF_USE_LEGACY_KERAS"] = str(int(which != "keras3"))
    if which == "keras3":
        import keras
    else:
        import tf_keras as keras
    for name in names:
        keras.utils.set_random_seed(1)
        model = BUILDERS[name](keras)
        vary_weights(model, seed=2)
        inputs = draw_inputs(model, seed=3)
        outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        arrays = {f"input{index}": array for index, array in enumerate(inputs)}
        arrays |= {f"output{index}": np.asarray(array) for index, array in enumerate(outputs)}
        np.savez(folder / f"{name}.npz", **arrays)
        if which == "savedmodel":
            model.save(folder / f"{name}.savedmodel", save_format="tf")
            continue
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
        if name in EXPORTED:
            model.export(folder / f"{name}.exported")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
