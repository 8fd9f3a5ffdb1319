"""BatchNormalization folded, separable convolutions split: the same numbers from fewer layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from support.channel_models import ARCHITECTURES, largest_difference, mobilenet, randomize, resnet8

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.surgery.folding import fold_batch_normalization
from edgewright.pipeline.surgery.rebuild import clone
from edgewright.pipeline.surgery.separables import split_separables

pytestmark = pytest.mark.slow
TOLERANCE = 1e-5
Layers = Any


def kinds(model: Any) -> Counter[str]:
    """Count the layers of each class."""
    return Counter(type(layer).__name__ for layer in model.layers)


def model_of(*stack: Any, shape: tuple[int, ...] = (9, 7, 3)) -> Any:
    """A random model of layers one after the other."""
    keras = load_keras()
    x = start = keras.Input(shape)
    for layer in stack:
        x = layer(x)
    return randomize(keras.Model(start, x))


FOLDS: dict[str, Callable[[Layers], Any]] = {
    "convolution": lambda layers: layers.Conv2D(4, 3, use_bias=False),
    "with bias": lambda layers: layers.Conv2D(4, 3, strides=2, padding="same"),
    "groups": lambda layers: layers.Conv2D(6, 3, groups=3),
    "depthwise": lambda layers: layers.DepthwiseConv2D(3, depth_multiplier=2),
    "transposed": lambda layers: layers.Conv2DTranspose(4, 3, strides=2, use_bias=False),
    "dense": lambda layers: layers.Dense(5),
    "separable": lambda layers: layers.SeparableConv2D(4, 3, depth_multiplier=2),
}


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}], ids=str)
def test_folds(name: str, options: dict[str, bool]) -> None:
    """Behind each kind of linear layer it is folded, with or without scale and centre."""
    layers = load_keras().layers
    model = model_of(FOLDS[name](layers), layers.BatchNormalization(**options), layers.ReLU())
    folded = fold_batch_normalization(model)
    assert 0 == kinds(folded)["BatchNormalization"]
    assert largest_difference(model, folded) <= TOLERANCE


FAST = (resnet8, mobilenet, ARCHITECTURES["normalization_anywhere"], ARCHITECTURES["one_dimensional"])
"""Networks of the fast grid."""
STAYS: dict[str, Callable[[Layers], list[Any]]] = {
    "behind an activation": lambda layers: [layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization()],
    "at the start": lambda layers: [layers.BatchNormalization(), layers.Conv2D(4, 3)],
    "behind pooling": lambda layers: [layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.BatchNormalization()],
    "of rows": lambda layers: [layers.Conv2D(4, 3), layers.BatchNormalization(axis=1)],
}


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str) -> None:
    """Where it cannot be folded it stays, and nothing changes."""
    layers = load_keras().layers
    model = model_of(*STAYS[name](layers), layers.Flatten())
    folded = fold_batch_normalization(model)
    assert 1 == kinds(folded)["BatchNormalization"]
    assert largest_difference(model, folded) == 0


def test_result_that_is_read_twice_stays() -> None:
    """A convolution whose result something else reads, or that is an output, keeps its values."""
    keras = load_keras()
    start = keras.Input((6, 6, 2))
    x, y = keras.layers.Conv2D(3, 3)(start), keras.layers.Conv2D(3, 3)(start)
    added = keras.layers.Add()([x, keras.layers.BatchNormalization()(x)])
    model = randomize(keras.Model(start, [added, y, keras.layers.ReLU()(keras.layers.BatchNormalization()(y))]))
    folded = fold_batch_normalization(model)
    assert 2 == kinds(folded)["BatchNormalization"]
    assert largest_difference(model, folded) == 0


@pytest.mark.parametrize(
    "build",
    [
        *(pytest.param(build, marks=pytest.mark.full) for build in ARCHITECTURES.values() if build not in FAST),
        *FAST,
    ],
    ids=lambda build: build.__name__,
)
def test_architectures(build: Callable[[], Any]) -> None:
    """Whole networks compute the same; folding again changes nothing; the source stays as it was."""
    model = build()
    before = model.get_weights()
    folded = fold_batch_normalization(model)
    assert largest_difference(model, folded) <= TOLERANCE
    assert folded.get_config() == fold_batch_normalization(folded).get_config()
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
    if build in (resnet8, mobilenet):
        assert 0 == kinds(folded)["BatchNormalization"]


def test_separable_keeps_its_name() -> None:
    """The pointwise part has the layer's name, bias and activation; the depthwise one is called after it."""
    layers = load_keras().layers
    model = model_of(layers.SeparableConv2D(5, (3, 2), strides=2, padding="same", activation="relu", name="it"))
    split = split_separables(model)
    assert ["it_depthwise", "it"] == [layer.name for layer in split.layers[1:]]
    assert (False, True) == (split.layers[1].use_bias, split.layers[2].use_bias)
    assert largest_difference(model, split) <= TOLERANCE


def test_shared_separable_is_shared() -> None:
    """A separable convolution that is called twice becomes two layers that are called twice."""
    keras = load_keras()
    start, layer = keras.Input((6, 6, 2)), keras.layers.SeparableConv2D(2, 3, padding="same", name="it")
    model = randomize(keras.Model(start, layer(layer(start))))
    split = split_separables(clone(model))
    assert [2, 2] == [len(split.get_layer(name).inbound_nodes) for name in ("it", "it_depthwise")]
    assert largest_difference(model, split) <= TOLERANCE
