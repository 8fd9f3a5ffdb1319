"""Families of networks that people bring to microcontrollers, untrained: each at several sizes.

A memory plan depends on shapes alone; the weights are drawn with a seed, so that outputs can be compared.
Sources: Howard et al., "MobileNets", 2017; Sandler et al., "MobileNetV2", 2018; He et al., "Deep Residual Learning for
Image Recognition", 2015; Zhang et al., "Hello Edge", 2017; Szegedy et al., "Going Deeper with Convolutions", 2014;
Ronneberger et al., "U-Net", 2015; Hu et al., "Squeeze-and-Excitation Networks", 2017.
"""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.frameworks import KerasModel, load_keras

Tensor = Any

MOBILENET_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
"""Filters and stride of each pair of a depthwise and a pointwise convolution."""
MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2))
"""Expansion, filters, repetitions and first stride of each group of inverted residuals."""
CLASSES = 10


def mobilenet_v1(side: int, width: float = 0.25) -> KerasModel:
    """Return depthwise and pointwise convolutions in one line."""
    layers, image = _open((side, side, 3))
    x = _convolution(layers, image, max(round(32 * width), 8), 3, strides=2)
    for filters, strides in MOBILENET_V1:
        x = _depthwise(layers, x, strides)
        x = _convolution(layers, x, max(round(filters * width), 8), 1)
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def mobilenet_v2(side: int, width: float = 0.35) -> KerasModel:
    """Return inverted residuals: a wide inside, a narrow outside, and a sum."""
    layers, image = _open((side, side, 3))
    x = _convolution(layers, image, 16, 3, strides=2)
    for expansion, filters, repetitions, strides in MOBILENET_V2:
        for number in range(repetitions):
            narrow = max(round(filters * width / 8) * 8, 8)
            y = _convolution(layers, x, expansion * x.shape[-1], 1) if expansion > 1 else x
            y = _depthwise(layers, y, 1 if number else strides)
            y = _convolution(layers, y, narrow, 1, activation=None)
            x = layers.Add()([x, y]) if number and x.shape[-1] == narrow else y
    x = _convolution(layers, x, 128, 1)
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def resnet(side: int, blocks: int = 1) -> KerasModel:
    """Return three groups of residual blocks; with one block each it is the ResNet-8 of MLPerf Tiny."""
    layers, image = _open((side, side, 3))
    x = _convolution(layers, image, 16, 3)
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        for number in range(blocks):
            strides = 1 if number else first
            y = _convolution(layers, x, filters, 3, strides=strides)
            y = _convolution(layers, y, filters, 3, activation=None)
            short = x
            if strides > 1 or x.shape[-1] != filters:
                short = layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
            x = layers.ReLU()(layers.Add()([short, y]))
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def ds_cnn(frames: int, coefficients: int, filters: int) -> KerasModel:
    """Return a depthwise separable network over a spectrogram."""
    layers, image = _open((frames, coefficients, 1))
    x = _convolution(layers, image, filters, (10, 4), strides=2)
    for _ in range(4):
        x = _convolution(layers, _depthwise(layers, x, 1), filters, 1)
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def autoencoder(features: int, hidden: int) -> KerasModel:
    """Return a dense autoencoder of ten layers."""
    layers, values = _open((features,))
    x = values
    for units in (*(hidden,) * 4, 8, *(hidden,) * 4):
        x = layers.Dense(units, activation="relu")(x)
    return load_keras().Model(values, layers.Dense(features)(x))


def inception(side: int) -> KerasModel:
    """Return two blocks of four parallel branches, joined by their channels."""
    layers, image = _open((side, side, 3))
    x = layers.MaxPooling2D()(_convolution(layers, image, 16, 3))
    for filters in (8, 12):
        branches = [
            _convolution(layers, x, filters, 1),
            _convolution(layers, _convolution(layers, x, filters, 1), 2 * filters, 3),
            _convolution(layers, _convolution(layers, x, filters // 2, 1), filters, 5),
            _convolution(layers, layers.MaxPooling2D(3, strides=1, padding="same")(x), filters, 1),
        ]
        x = layers.MaxPooling2D()(layers.Concatenate()(branches))
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def unet(side: int) -> KerasModel:
    """Return three levels down and up, each joined with its counterpart: long lifetimes."""
    layers, image = _open((side, side, 3))
    x, kept = image, []
    for filters in (8, 16, 24):
        x = _convolution(layers, _convolution(layers, x, filters, 3), filters, 3)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    x = _convolution(layers, x, 32, 3)
    for short in reversed(kept):
        x = layers.Concatenate()([layers.UpSampling2D()(x), short])
        x = _convolution(layers, x, short.shape[-1], 3)
    return load_keras().Model(image, layers.Conv2D(1, 1)(x))


def squeeze_excite(side: int) -> KerasModel:
    """Return depthwise blocks whose channels are weighed by what all pixels say."""
    layers, image = _open((side, side, 3))
    x = _convolution(layers, image, 16, 3, strides=2)
    for filters, strides in ((16, 1), (24, 2), (24, 1), (40, 2)):
        wide = 2 * filters
        y = _depthwise(layers, _convolution(layers, x, wide, 1), strides)
        weights = layers.GlobalAveragePooling2D(keepdims=True)(y)
        weights = layers.Conv2D(wide // 4, 1, activation="relu")(weights)
        weights = layers.Conv2D(wide, 1, activation="sigmoid")(weights)
        y = _convolution(layers, layers.Multiply()([y, weights]), filters, 1, activation=None)
        x = layers.Add()([x, y]) if strides == 1 and x.shape[-1] == filters else y
    return _close(layers, image, layers.GlobalAveragePooling2D()(x))


def _open(shape: tuple[int, ...]) -> tuple[Any, Tensor]:
    keras = load_keras()
    return keras.layers, keras.Input(shape, name="samples")


def _close(layers: Any, image: Tensor, x: Tensor) -> KerasModel:
    return load_keras().Model(image, layers.Dense(CLASSES, name="classes")(x))


def _convolution(
    layers: Any,
    x: Tensor,
    filters: int,
    kernel: int | tuple[int, int],
    *,
    strides: int = 1,
    activation: str | None = "relu",
) -> Tensor:
    return layers.Conv2D(filters, kernel, strides=strides, padding="same", activation=activation)(x)


def _depthwise(layers: Any, x: Tensor, strides: int) -> Tensor:
    return layers.DepthwiseConv2D(3, strides=strides, padding="same", activation="relu")(x)
