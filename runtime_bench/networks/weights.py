"""Weights that are drawn with a seed and make a network alive: no output is constant, no layer saturates.

Kernels: He et al., "Delving Deep into Rectifiers", 2015. Statistics of batch normalization come from the samples. The
last layer before a softmax is centred and scaled on them, as Mishkin and Matas, "All you need is a good init", 2015, do
with every layer. All numbers are numpy's, so that they do not depend on TensorFlow's generators.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import KerasModel, load_keras

FloatArray = npt.NDArray[np.float32]
LOGIT_SPREAD = 1.0
"""Standard deviation of the numbers that a softmax takes: its classes are told apart, and it is not saturated."""
SCALES, SHIFT, SHIFT_SPREAD = (0.5, 1.0), 1.0, 0.25
"""Of batch normalization: channels differ, and most of what they carry passes the next ReLU. Centred on zero instead,
layers with random weights magnify what rounding does in the first ones, the more of them the more."""
WAVES = 3
"""In one pattern."""
LONGEST, SHORTEST = 32, 4
"""Of a wave, in steps of an axis."""
OFFSET_SPREAD = 1.5
"""Of what a class has all over, in each channel: waves alone average out over a map."""
NOISE = 0.1


def draw_samples(
    shape: tuple[int, ...], classes: int, count: int, seed: int
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Draw samples: each class has its own offset and waves, which every sample has elsewhere, under noise.

    What is averaged over an image tells the classes apart, as in real data.

    Args:
        shape: of one sample.
        classes: how many.
        count: of samples, the classes in turn.
        seed: of the draw.

    Returns:
        x: (N, *shape) float32; the class of each, (N,) int64.
    """
    generator = np.random.default_rng(seed)
    *axes, channels = shape if len(shape) > 1 else (*shape, 1)
    places = np.stack(np.meshgrid(*map(np.arange, axes), indexing="ij"), axis=-1)
    rates = 2 * np.pi / np.exp(generator.uniform(np.log(SHORTEST), np.log(LONGEST), (classes, WAVES, len(axes))))
    weights = generator.normal(size=(classes, WAVES, channels))
    offsets = generator.normal(0.0, OFFSET_SPREAD, size=(classes, channels))
    chosen = np.arange(count) % classes
    x = np.empty((count, *shape), np.float32)
    for index, pattern in enumerate(chosen):
        phases = places @ rates[pattern].T + generator.uniform(0, 2 * np.pi, WAVES)
        x[index] = (offsets[pattern] + np.cos(phases) @ weights[pattern]).reshape(shape)
    return x + NOISE * generator.standard_normal(x.shape, np.float32), chosen


def draw_weights(model: KerasModel, samples: FloatArray, seed: int) -> None:
    """Give an untrained model its weights.

    Args:
        model: any of tf_keras with convolutions, Dense and batch normalization.
        samples: (N, …) float32, which statistics are taken from.
        seed: of the draw.
    """
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([_draw(weight, generator) for weight in layer.weights])
    _take_statistics(model, samples)
    last = model.layers[-1]
    if last.get_config().get("activation") == "softmax":
        _spread_logits(model, last, samples)


def _draw(weight: Any, generator: np.random.Generator) -> FloatArray:
    """Draw one weight by what its layer calls it."""
    shape, name = tuple(weight.shape), weight.name.rpartition("/")[2].partition(":")[0]
    if name == "gamma":
        drawn = generator.uniform(*SCALES, size=shape)
    elif name == "beta":
        drawn = generator.normal(SHIFT, SHIFT_SPREAD, size=shape)
    elif name == "depthwise_kernel":
        drawn = generator.normal(0.0, math.sqrt(2 / math.prod(shape[:2])), size=shape)
    elif name == "kernel":
        drawn = generator.normal(0.0, math.sqrt(2 / math.prod(shape[:-1])), size=shape)
    else:
        drawn = np.full(shape, float(name == "moving_variance"))
    return drawn.astype(np.float32)


def _take_statistics(model: KerasModel, samples: FloatArray) -> None:
    """Set moving means and variances to those of the samples, in one run through the model."""
    normalizing = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    momenta = [layer.momentum for layer in normalizing]
    for layer in normalizing:
        layer.momentum = 0.0
    model(samples, training=True)
    for layer, momentum in zip(normalizing, momenta, strict=True):
        layer.momentum = momentum


def _spread_logits(model: KerasModel, last: Any, samples: FloatArray) -> None:
    """Centre what the softmax takes on zero, and spread it."""
    features = load_keras().Model(model.input, last.input).predict(samples, verbose=0)
    kernel = last.get_weights()[0]
    logits = features @ kernel
    kernel = kernel * (LOGIT_SPREAD / logits.std(axis=0))
    last.set_weights([kernel, -(features @ kernel).mean(axis=0)])
