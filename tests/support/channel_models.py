"""Small tf_keras models of every shape that channel pruning meets, with weights that leave nothing at its default."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import KerasModel, load_keras
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channel_map import ChannelGroup
from edgewright.pipeline.surgery.channels import prune_channels, zero_channels

Tensor = Any
TOLERANCE = 1e-5
"""Largest difference between a pruned and a zeroed model, relative to the largest output above 1."""


def layers() -> Any:
    """tf_keras's layers."""
    return load_keras().layers


def randomize(model: KerasModel, seed: int = 0) -> KerasModel:
    """Give every weight a random value (statistics and slopes of followers too) of a size that keeps outputs near 1."""
    generator = np.random.default_rng(seed)
    values = []
    for variable in model.weights:
        shape = tuple(variable.shape)
        if "variance" in variable.name:
            value = generator.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:
            value = generator.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape)
        else:
            value = generator.normal(0, 0.4, shape)
        values.append(value.astype(variable.dtype.as_numpy_dtype))
    model.set_weights(values)
    return model


def inputs_of(model: KerasModel, count: int = 2, seed: int = 1) -> Any:
    """Random inputs: an array, or a list of them."""
    generator = np.random.default_rng(seed)
    arrays = [
        generator.integers(0, 5, (count, *tensor.shape[1:])).astype(np.int32)
        if tensor.dtype.is_integer
        else generator.normal(size=(count, *tensor.shape[1:])).astype(np.float32)
        for tensor in model.inputs
    ]
    return arrays if len(arrays) > 1 else arrays[0]


def outputs_of(model: KerasModel, x: Any) -> list[npt.NDArray[np.float32]]:
    """The model's outputs at inference."""
    outputs = model(x, training=False)
    return [output.numpy() for output in (outputs if isinstance(outputs, list | tuple) else [outputs])]


def largest_difference(one: KerasModel, other: KerasModel) -> float:
    """Largest difference of outputs on random inputs, relative to the largest output above 1."""
    x = inputs_of(one)
    pairs = zip(outputs_of(one, x), outputs_of(other, x), strict=True)
    return max(float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) for a, b in pairs)


def some_channels(groups: Sequence[ChannelGroup], share: float = 0.5, seed: int = 2) -> dict[str, tuple[int, ...]]:
    """A random choice of channels to keep in every group, at least one."""
    generator = np.random.default_rng(seed)
    kept = {}
    for group in groups:
        count = max(1, round(share * group.channel_count))
        kept[group.id] = tuple(sorted(generator.choice(group.channel_count, count, replace=False).tolist()))
    return kept


def rest_of(groups: Sequence[ChannelGroup], keep: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """The channels that are not kept."""
    return {
        group.id: tuple(sorted(set(range(group.channel_count)) - set(keep[group.id])))
        for group in groups
        if group.id in keep
    }


def assert_pruned_equals_zeroed(model: KerasModel, *, share: float = 0.5, seed: int = 2) -> KerasModel:
    """Prune a model at random and compare it with the same model zeroed; returns the pruned one."""
    groups = find_groups(model)
    keep = some_channels(groups, share, seed)
    pruned = prune_channels(model, keep)
    assert largest_difference(pruned, zero_channels(model, rest_of(groups, keep))) <= TOLERANCE
    return pruned


def _model(inputs: Any, outputs: Any) -> KerasModel:
    return randomize(load_keras().Model(inputs, outputs))


def resnet8(width: int = 16, side: int = 32) -> KerasModel:
    """The residual network of MLPerf Tiny's image classification, ending in logits."""
    kl = layers()

    def convolution(x: Tensor, filters: int, kernel: int, strides: int = 1) -> Tensor:
        return kl.Conv2D(filters, kernel, strides=strides, padding="same")(x)

    def block(x: Tensor, filters: int, strides: int) -> Tensor:
        y = kl.ReLU()(kl.BatchNormalization()(convolution(x, filters, 3, strides)))
        y = kl.BatchNormalization()(convolution(y, filters, 3))
        shortcut = x if strides == 1 else convolution(x, filters, 1, strides)
        return kl.ReLU()(kl.Add()([shortcut, y]))

    x = start = kl.Input((side, side, 3))
    x = kl.ReLU()(kl.BatchNormalization()(convolution(x, width, 3)))
    for filters, strides in ((width, 1), (2 * width, 2), (4 * width, 2)):
        x = block(x, filters, strides)
    x = kl.Flatten()(kl.AveragePooling2D(side // 4)(x))
    return _model(start, kl.Dense(10)(x))


MOBILENET_BLOCKS = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1))
"""Filters and strides of MobileNetV1 at a quarter of its width."""


def mobilenet(side: int = 32, blocks: Sequence[tuple[int, int]] = MOBILENET_BLOCKS[:4]) -> KerasModel:
    """A MobileNetV1-like network: depthwise and pointwise convolutions, each with a BatchNormalization and a ReLU6."""
    kl = layers()
    x = start = kl.Input((side, side, 3))
    x = kl.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = kl.ReLU(6.0)(kl.BatchNormalization()(x))
    for filters, strides in blocks:
        if strides == 2:
            x = kl.ZeroPadding2D(((0, 1), (0, 1)))(x)
        x = kl.DepthwiseConv2D(3, strides=strides, padding="valid" if strides == 2 else "same", use_bias=False)(x)
        x = kl.ReLU(6.0)(kl.BatchNormalization()(x))
        x = kl.Conv2D(filters, 1, use_bias=False)(x)
        x = kl.ReLU(6.0)(kl.BatchNormalization()(x))
    x = kl.GlobalAveragePooling2D(keepdims=True)(x)
    return _model(start, kl.Flatten()(kl.Conv2D(10, 1)(kl.Dropout(0.1)(x))))


def ds_cnn() -> KerasModel:
    """A keyword-spotting network: a wide first kernel, then depthwise-separable blocks."""
    kl = layers()
    x = start = kl.Input((25, 10, 1))
    x = kl.Conv2D(12, (10, 4), strides=2, padding="same")(x)
    x = kl.Dropout(0.2)(kl.Activation("relu")(kl.BatchNormalization()(x)))
    for _ in range(2):
        x = kl.Activation("relu")(kl.BatchNormalization()(kl.DepthwiseConv2D(3, padding="same")(x)))
        x = kl.Activation("relu")(kl.BatchNormalization()(kl.Conv2D(12, 1, padding="same")(x)))
    x = kl.Flatten()(kl.AveragePooling2D((13, 5))(x))
    return _model(start, kl.Dense(6)(x))


def squeeze_excite() -> KerasModel:
    """A gate of one sigmoid for each channel, as (1, 1, C) and as (C), and a hard-swish of plain operations."""
    import tensorflow as tf

    kl = layers()
    x = start = kl.Input((6, 6, 3))
    x = kl.Conv2D(8, 3, padding="same", activation="swish")(x)
    gate = kl.Reshape((1, 1, 8))(kl.GlobalAveragePooling2D()(x))
    gate = kl.Conv2D(8, 1, activation="sigmoid")(kl.Conv2D(4, 1, activation="relu")(gate))
    x = kl.Multiply()([x, gate])
    x = kl.DepthwiseConv2D(3)(x)
    x = x * (tf.nn.relu6(x + 3.0) / 6.0)
    gate = kl.Dense(8, activation="hard_sigmoid")(kl.Dense(4, activation="elu")(kl.GlobalMaxPooling2D()(x)))
    x = kl.Multiply()([x, gate])
    return _model(start, kl.Dense(4)(kl.GlobalAveragePooling2D()(kl.Conv2D(6, 3, activation="tanh")(x))))


def inception() -> KerasModel:
    """Branches that are concatenated, normalized together, and one of them also read alone."""
    kl = layers()
    x = start = kl.Input((8, 8, 2))
    x = kl.Conv2D(6, 3, padding="same", activation="relu")(x)
    one = kl.Conv2D(4, 1, activation="relu")(x)
    three = kl.Conv2D(5, 3, padding="same", activation="relu")(kl.Conv2D(3, 1)(x))
    pooled = kl.Conv2D(2, 1)(kl.MaxPooling2D(3, strides=1, padding="same")(x))
    x = kl.ReLU()(kl.BatchNormalization()(kl.Concatenate()([one, three, pooled, start])))
    side = kl.Flatten()(kl.Conv2D(2, 8)(three))
    x = kl.Flatten()(kl.Conv2D(4, 3, strides=2)(x))
    return _model(start, kl.Dense(3)(kl.Concatenate()([x, side])))


def unet() -> KerasModel:
    """A U-Net: up-sampling and transposed convolutions, concatenated with what came before, an image as output."""
    kl = layers()
    x = start = kl.Input((8, 8, 1))
    top = x = kl.Conv2D(4, 3, padding="same", activation="relu")(x)
    middle = x = kl.Conv2D(6, 3, padding="same", activation="relu")(kl.MaxPooling2D()(x))
    x = kl.Conv2D(8, 3, padding="same", activation="relu")(kl.MaxPooling2D()(x))
    x = kl.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(x)
    x = kl.Conv2D(6, 3, padding="same")(kl.Concatenate()([x, middle]))
    x = kl.UpSampling2D(interpolation="bilinear")(kl.PReLU(shared_axes=[1, 2])(x))
    x = kl.Conv2D(4, 3, padding="same", activation="relu")(kl.Concatenate()([top, x]))
    x = kl.Cropping2D(1)(kl.ZeroPadding2D(1)(x))
    return _model(start, kl.Conv2D(1, 1, activation="sigmoid")(x))


def one_dimensional() -> KerasModel:
    """Convolutions along time, as (k, 1) kernels."""
    kl = layers()
    x = start = kl.Input((32, 1, 6))
    for filters in (8, 12):
        x = kl.Conv2D(filters, (5, 1), padding="same", activation="relu")(x)
        x = kl.MaxPooling2D((2, 1))(x)
    x = kl.SeparableConv2D(10, (3, 1), depth_multiplier=2, activation="relu")(x)
    x = kl.Dropout(0.1)(kl.GlobalAveragePooling2D()(x))
    return _model(start, kl.Dense(7)(kl.Dense(16, activation="relu")(x)))


def conv1d() -> KerasModel:
    """Keras's own one-dimensional layers."""
    kl = layers()
    x = start = kl.Input((24, 3))
    x = kl.Conv1D(6, 3, padding="causal", activation="relu")(x)
    x = kl.DepthwiseConv1D(3, depth_multiplier=2, padding="same")(kl.SpatialDropout1D(0.1)(x))
    x = kl.PReLU()(kl.BatchNormalization()(kl.ZeroPadding1D(1)(x)))
    x = kl.SeparableConv1D(8, 3)(kl.AveragePooling1D()(x))
    x = kl.Conv1DTranspose(5, 3, strides=2)(kl.UpSampling1D()(kl.Cropping1D(1)(x)))
    return _model(start, kl.Dense(4)(kl.Flatten()(x)))


def autoencoder() -> KerasModel:
    """Dense layers with a narrow middle, each with a BatchNormalization; one of sigmoids."""
    kl = layers()
    x = start = kl.Input((40,))
    for units in (16, 16, 4, 16):
        x = kl.Activation("relu")(kl.BatchNormalization()(kl.Dense(units)(x)))
    return _model(start, kl.Dense(40)(kl.Dense(16, activation="sigmoid")(x)))


def convolutional_autoencoder() -> KerasModel:
    """Dense features that become channels: (H * W * C) to (H, W, C)."""
    kl = layers()
    x = start = kl.Input((8, 8, 1))
    x = kl.Flatten()(kl.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x))
    x = kl.Dense(2 * 2 * 5, activation="relu")(kl.Dense(8, activation="relu")(x))
    x = kl.BatchNormalization()(x)
    x = kl.Conv2DTranspose(4, 3, strides=4, padding="same", activation="relu")(kl.Reshape((2, 2, 5))(x))
    return _model(start, kl.Conv2D(1, 3, padding="same")(x))


def nested() -> KerasModel:
    """Models inside a model, one of them used twice, and one with a layer of the same name as another."""
    kl, keras = layers(), load_keras()
    inner_start = kl.Input((8, 8, 4))
    inner = keras.Model(inner_start, kl.Conv2D(4, 3, padding="same", activation="relu", name="same")(inner_start))
    head = keras.Sequential([kl.Flatten(), kl.Dense(6, activation="relu", name="same"), kl.Dense(3)])
    x = start = kl.Input((8, 8, 2))
    x = kl.Conv2D(4, 1, activation="relu")(x)
    x = kl.BatchNormalization()(inner(inner(x)))
    return _model(start, head(kl.MaxPooling2D()(x)))


def shared() -> KerasModel:
    """Layers that are called several times: a convolution on two inputs, a Dense on two groups, and a follower."""
    kl = layers()
    starts = [kl.Input((6, 6, 2)), kl.Input((6, 6, 2))]
    convolution, normalization, reader = kl.Conv2D(5, 3, activation="relu"), kl.BatchNormalization(), kl.Dense(3)
    one, other = (normalization(convolution(start)) for start in starts)
    one, other = kl.GlobalAveragePooling2D()(one), kl.GlobalMaxPooling2D()(kl.Conv2D(5, 2)(other))
    return _model(starts, kl.Subtract()([reader(one), reader(other)]))


def multi_input() -> KerasModel:
    """An image and a vector in, a class and a number out, and an Embedding."""
    kl = layers()
    image, vector, token = kl.Input((8, 8, 1)), kl.Input((5,)), kl.Input((3,), dtype="int32")
    x = kl.Flatten()(kl.Conv2D(4, 3, activation="relu")(image))
    y = kl.Dense(6, activation="relu")(kl.Dense(8, activation="softplus")(vector))
    z = kl.GlobalAveragePooling1D()(kl.Embedding(5, 6)(token))
    joined = kl.Concatenate()([x, kl.Maximum()([y, z])])
    hidden = kl.Dense(8, activation="relu")(joined)
    return _model([image, vector, token], [kl.Dense(3)(hidden), kl.Dense(1)(joined)])


def recurrent() -> KerasModel:
    """An LSTM and a bidirectional GRU behind convolutions whose channels become features."""
    kl = layers()
    x = start = kl.Input((12, 1, 3))
    x = kl.Conv2D(6, (3, 1), activation="relu")(x)
    x = kl.LSTM(5, return_sequences=True)(kl.Reshape((10, 6))(x))
    x = kl.Conv1D(4, 3, activation="relu")(x)
    x = kl.Bidirectional(kl.GRU(3))(x)
    return _model(start, kl.Dense(2)(kl.Dense(6, activation="relu")(x)))


def transposed_features() -> KerasModel:
    """A Permute that puts channels first, flattened: channels become blocks of features instead of strides."""
    kl = layers()
    x = start = kl.Input((4, 6, 2))
    x = kl.Permute((3, 1, 2))(kl.Conv2D(5, 3, activation="relu")(x))
    x = kl.ReLU()(kl.Reshape((5, 8))(x))
    return _model(start, kl.Dense(3)(kl.Dense(6, activation="relu")(kl.Flatten()(x))))


def normalization_anywhere() -> KerasModel:
    """BatchNormalization before a convolution, after an Add, without scale, without centre, and behind a sigmoid."""
    kl = layers()
    x = start = kl.Input((6, 6, 3))
    x = kl.Conv2D(6, 3, padding="same")(kl.BatchNormalization()(x))
    y = kl.Conv2D(6, 3, padding="same")(kl.ReLU()(kl.BatchNormalization(scale=False)(x)))
    x = kl.BatchNormalization(center=False)(kl.Average()([x, y]))
    x = kl.BatchNormalization()(kl.Conv2D(6, 1, activation="sigmoid")(x))
    x = kl.Conv2D(4, 3, padding="same")(kl.LeakyReLU()(x))
    x = kl.BatchNormalization()(kl.Flatten()(x))
    return _model(start, kl.Dense(3)(x))


ARCHITECTURES: Mapping[str, Callable[[], KerasModel]] = {
    build.__name__: build
    for build in (
        ds_cnn, squeeze_excite, inception, unet, one_dimensional, conv1d, autoencoder, convolutional_autoencoder,
        nested, shared, multi_input, recurrent, transposed_features, normalization_anywhere,
    )
}  # fmt: skip
"""Every model here but the two large ones."""
