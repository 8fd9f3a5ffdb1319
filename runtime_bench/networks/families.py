"""Families of networks that people bring to microcontrollers, untrained: each at several sizes.

A memory plan depends on shapes alone; the weights are drawn with a seed, so that outputs can be compared.
With `classes` a network is built as MLPerf Tiny publishes it: batch normalization behind each convolution, and at the
end an average pooling, a Dense layer and a softmax.
Sources: Howard et al., "MobileNets", 2017; Sandler et al., "MobileNetV2", 2018; He et al., "Deep Residual Learning for
Image Recognition", 2015; Zhang et al., "Hello Edge", 2017; Szegedy et al., "Going Deeper with Convolutions", 2014;
Ronneberger et al., "U-Net", 2015; Hu et al., "Squeeze-and-Excitation Networks", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgewright.pipeline.frameworks import KerasModel, load_keras

Tensor = Any

MOBILENET_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
"""Filters and stride of each pair of a depthwise and a pointwise convolution."""
MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2))
"""Expansion, filters, repetitions and first stride of each group of inverted residuals."""
CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class _Pen:
    """Draws the layers that networks share."""

    layers: Any
    """tf_keras's."""
    classes: int | None = None
    """Of a network as it is published; None draws it plain."""

    def convolution(
        self,
        x: Tensor,
        filters: int,
        kernel: int | tuple[int, int],
        *,
        strides: int = 1,
        activation: str | None = "relu",
    ) -> Tensor:
        """Draw a convolution."""
        own = None if self.classes else activation
        x = self.layers.Conv2D(filters, kernel, strides=strides, padding="same", activation=own)(x)
        return self._normalize(x, activation)

    def depthwise(self, x: Tensor, strides: int) -> Tensor:
        """Draw a depthwise convolution."""
        own = None if self.classes else "relu"
        x = self.layers.DepthwiseConv2D(3, strides=strides, padding="same", activation=own)(x)
        return self._normalize(x, "relu")

    def close(self, image: Tensor, x: Tensor, pool: tuple[int, int] | None = None) -> KerasModel:
        """Return the model that ends in classes: plain ones without a softmax.

        Args:
            image: the input.
            x: the last maps.
            pool: window of the published average pooling; the whole map if not given.
        """
        if self.classes is None:
            x = self.layers.GlobalAveragePooling2D()(x)
            return load_keras().Model(image, self.layers.Dense(CLASSES, name="classes")(x))
        x = self.layers.Flatten()(self.layers.AveragePooling2D(pool or x.shape[1:3])(x))
        return load_keras().Model(image, self.layers.Dense(self.classes, activation="softmax", name="classes")(x))

    def _normalize(self, x: Tensor, activation: str | None) -> Tensor:
        if self.classes is None:
            return x
        x = self.layers.BatchNormalization()(x)
        return self.layers.Activation(activation)(x) if activation else x


def mobilenet_v1(side: int, width: float = 0.25, *, classes: int | None = None) -> KerasModel:
    """Return depthwise and pointwise convolutions in one line."""
    pen, image = _open((side, side, 3), classes)
    x = pen.convolution(image, max(round(32 * width), 8), 3, strides=2)
    for filters, strides in MOBILENET_V1:
        x = pen.depthwise(x, strides)
        x = pen.convolution(x, max(round(filters * width), 8), 1)
    return pen.close(image, x)


def mobilenet_v2(side: int, width: float = 0.35) -> KerasModel:
    """Return inverted residuals: a wide inside, a narrow outside, and a sum."""
    pen, image = _open((side, side, 3))
    x = pen.convolution(image, 16, 3, strides=2)
    for expansion, filters, repetitions, strides in MOBILENET_V2:
        for number in range(repetitions):
            narrow = max(round(filters * width / 8) * 8, 8)
            y = pen.convolution(x, expansion * x.shape[-1], 1) if expansion > 1 else x
            y = pen.depthwise(y, 1 if number else strides)
            y = pen.convolution(y, narrow, 1, activation=None)
            x = pen.layers.Add()([x, y]) if number and x.shape[-1] == narrow else y
    x = pen.convolution(x, 128, 1)
    return pen.close(image, x)


def resnet(side: int, blocks: int = 1, *, classes: int | None = None) -> KerasModel:
    """Return three groups of residual blocks; with one block each it is the ResNet-8 of MLPerf Tiny."""
    pen, image = _open((side, side, 3), classes)
    x = pen.convolution(image, 16, 3)
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        for number in range(blocks):
            strides = 1 if number else first
            y = pen.convolution(x, filters, 3, strides=strides)
            y = pen.convolution(y, filters, 3, activation=None)
            short = x
            if strides > 1 or x.shape[-1] != filters:
                short = pen.layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
            x = pen.layers.ReLU()(pen.layers.Add()([short, y]))
    return pen.close(image, x)


def ds_cnn(frames: int, coefficients: int, filters: int, *, classes: int | None = None) -> KerasModel:
    """Return a depthwise separable network over a spectrogram."""
    pen, image = _open((frames, coefficients, 1), classes)
    x = pen.convolution(image, filters, (10, 4), strides=2)
    for _ in range(4):
        x = pen.convolution(pen.depthwise(x, 1), filters, 1)
    return pen.close(image, x, (frames // 2, coefficients // 2))


def autoencoder(features: int, hidden: int, *, is_normalized: bool = False) -> KerasModel:
    """Return a dense autoencoder of ten layers, with batch normalization as MLPerf Tiny publishes it."""
    pen, values = _open((features,))
    x = values
    for units in (*(hidden,) * 4, 8, *(hidden,) * 4):
        x = pen.layers.Dense(units, activation=None if is_normalized else "relu")(x)
        if is_normalized:
            x = pen.layers.Activation("relu")(pen.layers.BatchNormalization()(x))
    return load_keras().Model(values, pen.layers.Dense(features)(x))


def inception(side: int) -> KerasModel:
    """Return two blocks of four parallel branches, joined by their channels."""
    pen, image = _open((side, side, 3))
    x = pen.layers.MaxPooling2D()(pen.convolution(image, 16, 3))
    for filters in (8, 12):
        branches = [
            pen.convolution(x, filters, 1),
            pen.convolution(pen.convolution(x, filters, 1), 2 * filters, 3),
            pen.convolution(pen.convolution(x, filters // 2, 1), filters, 5),
            pen.convolution(pen.layers.MaxPooling2D(3, strides=1, padding="same")(x), filters, 1),
        ]
        x = pen.layers.MaxPooling2D()(pen.layers.Concatenate()(branches))
    return pen.close(image, x)


def unet(side: int) -> KerasModel:
    """Return three levels down and up, each joined with its counterpart: long lifetimes."""
    pen, image = _open((side, side, 3))
    x, kept = image, []
    for filters in (8, 16, 24):
        x = pen.convolution(pen.convolution(x, filters, 3), filters, 3)
        kept.append(x)
        x = pen.layers.MaxPooling2D()(x)
    x = pen.convolution(x, 32, 3)
    for short in reversed(kept):
        x = pen.layers.Concatenate()([pen.layers.UpSampling2D()(x), short])
        x = pen.convolution(x, short.shape[-1], 3)
    return load_keras().Model(image, pen.layers.Conv2D(1, 1)(x))


def squeeze_excite(side: int) -> KerasModel:
    """Return depthwise blocks whose channels are weighed by what all pixels say."""
    pen, image = _open((side, side, 3))
    x = pen.convolution(image, 16, 3, strides=2)
    for filters, strides in ((16, 1), (24, 2), (24, 1), (40, 2)):
        wide = 2 * filters
        y = pen.depthwise(pen.convolution(x, wide, 1), strides)
        weights = pen.layers.GlobalAveragePooling2D(keepdims=True)(y)
        weights = pen.layers.Conv2D(wide // 4, 1, activation="relu")(weights)
        weights = pen.layers.Conv2D(wide, 1, activation="sigmoid")(weights)
        y = pen.convolution(pen.layers.Multiply()([y, weights]), filters, 1, activation=None)
        x = pen.layers.Add()([x, y]) if strides == 1 and x.shape[-1] == filters else y
    return pen.close(image, x)


def _open(shape: tuple[int, ...], classes: int | None = None) -> tuple[_Pen, Tensor]:
    keras = load_keras()
    return _Pen(layers=keras.layers, classes=classes), keras.Input(shape, name="samples")
