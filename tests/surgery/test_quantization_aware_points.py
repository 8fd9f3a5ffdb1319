"""Where quantization shows, and what is left out, on small graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.surgery.quantization_points import Point, find_points

pytestmark = pytest.mark.slow
Tensor = Any


def points_of(graph: Callable[[Any, Tensor], Any], **options: bool) -> tuple[dict[str, Point], dict[str, str]]:
    """Build a graph on an input (8, 8, 3) called "image" and find its points and what is left out."""
    keras = load_keras()
    start = keras.Input((8, 8, 3), name="image")
    points, left_out = find_points(
        keras.Model(start, graph(keras.layers, start)), per_channel_dense=options.get("per_channel_dense", False)
    )
    return points, {item.layer: item.reason for item in left_out}


def ranged(points: dict[str, Point]) -> set[str]:
    """Name the layers whose results have a scale."""
    return {name for name, point in points.items() if point.output}


def test_fused_activation_has_the_scale() -> None:
    """Where ReLU follows, alone, directly or behind a maximum or dropout, its result has the scale."""

    def graph(layers: Any, x: Tensor) -> Any:
        x = layers.ReLU(name="relu1")(layers.Conv2D(4, 3, name="conv1")(x))
        x = layers.ReLU(6.0, name="relu2")(layers.MaxPooling2D()(layers.Conv2D(4, 3, name="conv2")(x)))
        x = layers.Activation("relu", name="relu3")(layers.Dropout(0.1)(layers.Dense(5, name="dense")(x)))
        return layers.Conv2D(2, 1, activation="relu", name="conv3")(x)

    points, left_out = points_of(graph)
    assert {"image", "relu1", "relu2", "relu3", "conv3"} == ranged(points)
    assert {} == left_out
    assert {"conv1", "conv2", "conv3"} == {name for name, point in points.items() if point.shared_axes == (0, 1, 2)}


@pytest.mark.parametrize(
    "activation",
    [lambda layers: layers.LeakyReLU(name="it"), lambda layers: layers.ReLU(4.0, name="it")],
    ids=["leaky", "up to 4"],
)
def test_other_activation_is_an_operator(activation: Callable[[Any], Any]) -> None:
    """An activation that is not fused leaves the layer before it its scale."""
    points, _ = points_of(lambda layers, x: activation(layers)(layers.Conv2D(4, 3, name="conv")(x)))
    assert {"image", "conv", "it"} == ranged(points)


def test_average_keeps_the_scale() -> None:
    """ReLU behind an average is computed at the scale of what is averaged, negative values among them."""

    def graph(layers: Any, x: Tensor) -> Any:
        return layers.ReLU(name="relu")(layers.AveragePooling2D()(layers.Conv2D(4, 3, name="conv")(x)))

    assert {"image", "conv"} == ranged(points_of(graph)[0])


def test_result_that_is_read_twice_has_a_scale() -> None:
    """A result that ReLU and another layer read has a scale of its own, and so has one that is an output."""

    def graph(layers: Any, x: Tensor) -> Any:
        one, other = layers.Conv2D(3, 3, padding="same", name="one")(x), layers.Conv2D(3, 1, name="other")(x)
        return [layers.Add(name="add")([layers.ReLU(name="relu")(one), one]), other, layers.ReLU(name="last")(other)]

    assert {"image", "one", "relu", "add", "other", "last"} == ranged(points_of(graph)[0])


def test_concatenated_results_share_a_scale() -> None:
    """Everything that is concatenated, through pooling and again, has the scale of the first; a sigmoid has its own."""

    def graph(layers: Any, x: Tensor) -> Any:
        one = layers.Conv2D(3, 3, padding="same", activation="relu", name="one")(x)
        two = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="two")(one)
        three = layers.MaxPooling2D(3, strides=1, padding="same")(layers.Conv2D(3, 1, name="three")(x))
        joined = layers.Concatenate(name="joined")([one, two, three])
        return layers.Concatenate(name="again")([joined, layers.Conv2D(2, 1, name="four")(joined)])

    points, _ = points_of(graph)
    assert {"image", "one", "three", "joined", "four", "again"} == ranged(points)
    shares = {name: point.scale_of for name, point in points.items()}
    assert {"image": None, "one": None, "two": None} | dict.fromkeys(
        ["three", "joined", "four", "again"], "one"
    ) == shares
    assert points["two"].before_activation and not points["two"].output


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "tanh"])
def test_fixed_scale_is_quantized_before(name: str) -> None:
    """What goes into softmax, sigmoid and tanh is quantized; as layers of their own, the layer before them has it."""
    points, left_out = points_of(lambda layers, x: layers.Dense(4, activation=name, name="dense")(x))
    assert (True, False) == (points["dense"].before_activation, points["dense"].output)
    points, left_out = points_of(lambda layers, x: layers.Activation(name)(layers.Dense(4, name="dense")(x)))
    assert (False, True) == (points["dense"].before_activation, points["dense"].output)
    assert {"image", "dense"} == set(points)
    assert {} == left_out


@pytest.mark.parametrize(("per_channel_dense", "axes"), [(False, (0, 1)), (True, (0,))])
def test_scales_of_weights(per_channel_dense: bool, axes: tuple[int, ...]) -> None:
    """Each kind of kernel has a scale for each output channel, Dense one, or one for each unit."""

    def graph(layers: Any, x: Tensor) -> Any:
        x = layers.DepthwiseConv2D(3, name="depthwise")(layers.Conv2DTranspose(4, 3, name="transposed")(x))
        return layers.Dense(4, name="dense")(x)

    points, _ = points_of(graph, per_channel_dense=per_channel_dense)
    assert (0, 1) == points["depthwise"].shared_axes
    assert (0, 1, 3) == points["transposed"].shared_axes
    assert axes == points["dense"].shared_axes


def test_left_out() -> None:
    """What is outside the rules is left out with a reason, and so is the input that it reads."""

    def graph(layers: Any, x: Tensor) -> Any:
        x = layers.BatchNormalization(name="norm")(x)
        x = layers.Conv2D(4, 3, name="conv")(x)
        x = layers.Activation("elu", name="elu")(x)
        x = layers.Reshape((6, 24))(layers.UpSampling2D()(layers.MaxPooling2D()(x)))
        return layers.LSTM(3, name="lstm")(x)

    points, left_out = points_of(graph)
    assert {"conv"} == set(points)
    assert {"norm", "elu", "lstm"} == left_out.keys()
    assert left_out["norm"].startswith("BatchNormalization does not follow a linear convolution or Dense")
    assert "the activation elu is not quantized while training" == left_out["elu"]
    assert "LSTM is not quantized while training" == left_out["lstm"]
