"""One-dimensional layers computed in two dimensions: the same numbers, the same shapes outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import read
from edgewright.pipeline.models import float_tflite
from edgewright.pipeline.models.comparison import computing, draw_samples
from edgewright.pipeline.surgery.lifts import LIFTS, move_axes
from edgewright.pipeline.surgery.one_dimension import has_one_dimension, lift_to_two_dimensions

pytestmark = pytest.mark.slow

Layers = Any
Model = Any

ALONE: dict[str, Callable[[Layers], Any]] = {
    "same": lambda layers: layers.Conv1D(4, 5, padding="same", activation="relu", kernel_regularizer="l2"),
    "strides": lambda layers: layers.Conv1D(4, 5, strides=3, use_bias=False),
    "causal": lambda layers: layers.Conv1D(4, 3, padding="causal"),
    "causal dilated": lambda layers: layers.Conv1D(4, 3, dilation_rate=4, padding="causal"),
    "causal strides": lambda layers: layers.Conv1D(4, 4, strides=2, padding="causal"),
    "groups": lambda layers: layers.Conv1D(6, 3, groups=3),
    "dilated": lambda layers: layers.Conv1D(4, 3, dilation_rate=2, padding="same"),
    "one": lambda layers: layers.Conv1D(4, 1),
    "transposed": lambda layers: layers.Conv1DTranspose(4, 3, strides=2, padding="same"),
    "transposed padded": lambda layers: layers.Conv1DTranspose(4, 3, strides=2, output_padding=1),
    "depthwise": lambda layers: layers.DepthwiseConv1D(5, depth_multiplier=2),
    "depthwise strides": lambda layers: layers.DepthwiseConv1D(5, strides=2, padding="same"),
    "depthwise dilated": lambda layers: layers.DepthwiseConv1D(3, dilation_rate=3, padding="same"),
    "separable": lambda layers: layers.SeparableConv1D(5, 4, strides=3, padding="same", depth_multiplier=2),
    "separable causal": lambda layers: layers.SeparableConv1D(5, 3, dilation_rate=3, padding="causal"),
    "maximum": lambda layers: layers.MaxPooling1D(3, 2, padding="same"),
    "average": lambda layers: layers.AveragePooling1D(3, 2, padding="same"),
    "average valid": lambda layers: layers.AveragePooling1D(4),
    "global maximum": lambda layers: layers.GlobalMaxPooling1D(),
    "global average": lambda layers: layers.GlobalAveragePooling1D(keepdims=True),
    "upsampling": lambda layers: layers.UpSampling1D(3),
    "padding": lambda layers: layers.ZeroPadding1D((1, 2)),
    "cropping": lambda layers: layers.Cropping1D(2),
    "dropout": lambda layers: layers.SpatialDropout1D(0.2),
}


def series(*stack: Any, shape: tuple[int, ...] = (24, 3)) -> Model:
    """Build a tf_keras model of some layers on (24, 3), every weight moved away from its start."""
    keras = load_keras()
    return varied(keras.Sequential([keras.layers.Input(shape), *stack]))


def varied(model: Model) -> Model:
    """Move every weight, so that no bias is zero and no normalization the identity."""
    generator = np.random.default_rng(1)
    model.set_weights([weight + generator.uniform(0, 0.3, weight.shape) for weight in model.get_weights()])
    return model


def assert_lifted(model: Model) -> Model:
    """Lift a model; it must compute the same to 1e-6 and keep its shapes, and nothing one-dimensional is left."""
    lifted = lift_to_two_dimensions(model)
    samples = draw_samples(model)
    for expected, actual in zip(computing(model)(samples), computing(lifted)(samples), strict=True):
        assert expected.shape == actual.shape
        assert np.abs(expected - actual).max() <= 1e-6 * max(1.0, np.abs(expected).max())
    assert [tensor.shape for tensor in model.inputs] == [tensor.shape for tensor in lifted.inputs]
    assert not has_one_dimension(lifted)
    return lifted


def kinds(model: Model) -> list[str]:
    """Return the classes of a model's layers but for the inputs."""
    return [type(layer).__name__ for layer in model.layers if type(layer).__name__ != "InputLayer"]


@pytest.mark.parametrize("case", ALONE)
def test_layer_alone_computes_the_same(case: str) -> None:
    """Each one-dimensional layer gives way to its counterpart between two reshapes."""
    layer = ALONE[case](load_keras().layers)

    lifted = assert_lifted(series(layer))

    assert LIFTS[type(layer).__name__].counterpart in kinds(lifted)
    assert "Reshape" == kinds(lifted)[0]


def test_every_lift_is_tried() -> None:
    """No class of the table lacks a test."""
    assert set(LIFTS) == {type(make(load_keras().layers)).__name__ for make in ALONE.values()}


def test_layers_between_convolutions_stay_lifted() -> None:
    """What does not care about the shape goes along: there is one reshape in front and none behind a global pooling."""
    layers = load_keras().layers
    lifted = assert_lifted(
        series(
            layers.Conv1D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.1),
            layers.MaxPooling1D(2),
            layers.LayerNormalization(),
            layers.Conv1D(4, 3),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3),
        )
    )

    assert 1 == kinds(lifted).count("Reshape")


def test_reshapes_stand_where_one_dimension_is_wanted() -> None:
    """LSTM, Dense on (length, channels) and PReLU get (length, channels); Flatten and Reshape need nothing."""
    layers = load_keras().layers
    lifted = assert_lifted(
        series(
            layers.Conv1D(4, 3),
            layers.LSTM(4, return_sequences=True),
            layers.Conv1D(4, 3),
            layers.Dense(5),
            layers.Conv1D(4, 3),
            layers.PReLU(),
            layers.Conv1D(2, 3),
            layers.Reshape((8, 4)),
            layers.Conv1D(2, 3),
            layers.Flatten(),
            layers.Dense(3),
        )
    )

    expected = (
        "Reshape Conv2D Reshape LSTM Reshape Conv2D Reshape Dense Reshape Conv2D Reshape PReLU Reshape Conv2D Reshape "
        "Reshape Conv2D Flatten Dense"
    )
    assert expected.split() == kinds(lifted)


def test_axes_move_with_the_channels() -> None:
    """A BatchNormalization over the length, a softmax and a concatenation along it mean the same afterwards."""
    keras = load_keras()
    layers = keras.layers
    inputs = layers.Input((24, 3))
    x = layers.Conv1D(4, 3, padding="same")(inputs)
    x = layers.Concatenate(axis=-2)([layers.BatchNormalization(axis=1)(x), layers.Softmax(axis=1)(x)])
    x = layers.Concatenate(axis=2)([x, layers.LayerNormalization(axis=[1, 2])(x)])

    assert_lifted(varied(keras.Model(inputs, layers.Conv1D(2, 3)(x))))


@pytest.mark.parametrize(("axis", "moved"), [(1, 1), (2, 3), (-1, -1), (-2, -3), ([2], [3]), ((1, 2), [1, 3])])
def test_axis_moves(axis: object, moved: object) -> None:
    """The channels' axis is the fourth of (batch, length, 1, channels), and the length stays the second."""
    assert {"axis": moved, "name": "x"} == move_axes({"axis": axis, "name": "x"})


def test_residual_connection_from_the_input() -> None:
    """An Add of a convolution and of the plain input lifts the input once."""
    keras = load_keras()
    layers = keras.layers
    inputs = layers.Input((24, 3))
    x = layers.Add()([layers.Conv1D(3, 3, padding="same")(inputs), inputs])
    gate = layers.Dense(3)(layers.GlobalAveragePooling1D(keepdims=True)(x))
    outputs = [layers.Multiply()([x, gate]), layers.Conv1D(2, 3)(x)]

    lifted = assert_lifted(varied(keras.Model(inputs, outputs)))

    assert 1 == sum(layer.name.endswith("_to_2d") and layer.input is lifted.inputs[0] for layer in lifted.layers)


def test_shared_layers_stay_shared() -> None:
    """A convolution, a normalization and an activation that are called twice keep one set of weights."""
    keras = load_keras()
    layers = keras.layers
    first, second = layers.Input((24, 3)), layers.Input((24, 3))
    convolution, norm, activation = layers.Conv1D(3, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()
    x = convolution(convolution(norm(first)))
    y = activation(layers.Dense(4)(layers.Flatten()(norm(convolution(second)))))
    model = varied(keras.Model([first, second], [activation(x), y]))

    lifted = assert_lifted(model)

    assert model.count_params() == lifted.count_params()
    assert 1 == kinds(lifted).count("ReLU")


def test_model_inside_a_model_is_inlined() -> None:
    """Convolutions of an inner model are lifted as well, at each of its calls, and names stay apart."""
    keras = load_keras()
    layers = keras.layers
    inner = keras.Sequential([layers.Input((24, 3)), layers.Conv1D(3, 3, padding="same", name="c"), layers.ReLU()])
    inputs = layers.Input((24, 3))
    outputs = layers.Conv1D(3, 1, name="c")(inner(inner(inputs)))

    lifted = assert_lifted(varied(keras.Model(inputs, outputs)))

    assert ["Conv2D", "Conv2D"] == [kind for kind in kinds(lifted) if kind == "Conv2D"]


def test_names_and_trainability_stay() -> None:
    """The new layers are called as the old ones, and a frozen layer stays frozen."""
    layers = load_keras().layers
    lifted = assert_lifted(series(layers.Conv1D(4, 3, name="first", trainable=False), layers.Conv1D(4, 3, name="last")))

    assert not lifted.get_layer("first").trainable
    assert lifted.get_layer("last").trainable


def test_mask_is_refused() -> None:
    """A mask would not come through the reshape, so it is refused by the layer's name."""
    layers = load_keras().layers
    model = series(layers.Masking(), layers.Conv1D(4, 3, name="first"))

    with pytest.raises(ModelError, match='a mask reaches the layer "first" of the model'):
        lift_to_two_dimensions(model)


def test_converted_model_is_smaller_and_keeps_its_input() -> None:
    """The lifted model's .tflite takes (1, 24, 3), has no more operators than the original's, and is smaller."""
    layers = load_keras().layers
    model = series(
        layers.Conv1D(4, 3, padding="same"),
        layers.MaxPooling1D(2),
        layers.SeparableConv1D(4, 3),
        layers.GlobalAveragePooling1D(),
    )
    before, after = float_tflite(model), float_tflite(lift_to_two_dimensions(model))
    graph = read(after)

    assert (1, 24, 3) == graph.main.tensors[graph.main.inputs[0]].shape
    assert len(graph.main.operators) <= len(read(before).main.operators)
    assert len(after) < len(before)
