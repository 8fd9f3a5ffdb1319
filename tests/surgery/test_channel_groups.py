"""Which channels go together, which never go, and what one of them costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.channel_models import ARCHITECTURES, layers, mobilenet, resnet8

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras
from edgewright.pipeline.graph import read, total_macs
from edgewright.pipeline.models import float_tflite
from edgewright.pipeline.surgery.channel_groups import find_groups, map_channels
from edgewright.pipeline.surgery.channels import prune_channels


def members(model: KerasModel) -> dict[str, tuple[int, str, str, str]]:
    """For each group its number of channels and the names of its producers, followers and consumers."""
    return {
        group.id: (
            group.channel_count,
            " ".join(group.producers),
            " ".join(group.followers),
            " ".join(sorted(group.consumers)),
        )
        for group in find_groups(model)
    }


def reasons(model: KerasModel) -> dict[str, tuple[int, str]]:
    """For each layer with fixed channels how many there are, and why."""
    return {layer.name: (layer.fixed_count, layer.reason) for layer in map_channels(model).fixed}


def chain(middle: Callable[[Any], Any], shape: tuple[int, ...] = (6, 6, 2)) -> KerasModel:
    """A convolution "made", something, and a reader of its features."""
    kl = layers()
    start = kl.Input(shape)
    x = middle(kl.Conv2D(4, 3, padding="same", name="made")(start))
    return load_keras().Model(start, kl.Dense(2, name="out")(kl.Flatten()(x)))


def test_a_residual_network_unites_what_is_added() -> None:
    """The channels of a stage are made by every convolution that ends in one of its additions."""
    groups = find_groups(resnet8())
    assert [(16, 2), (16, 1), (32, 1), (32, 2), (64, 1), (64, 2)] == [
        (group.channel_count, len(group.producers)) for group in groups
    ]


def test_a_depthwise_convolution_follows() -> None:
    """Depthwise kernels and both normalizations belong to the convolution before them."""
    first = find_groups(mobilenet())[0]
    assert (1, 3, 1) == (len(first.producers), len(first.followers), len(first.consumers))
    assert first.followers[1].startswith("depthwise")


def test_concatenated_channels_stay_apart() -> None:
    """Each branch of a concatenation is a group; what reads them all is a consumer of each."""
    kl = layers()
    start = kl.Input((6, 6, 2))
    branches = [kl.Conv2D(filters, 1, name=name)(start) for name, filters in (("a", 3), ("b", 4))]
    x = kl.BatchNormalization(name="norm")(kl.Concatenate()(branches))
    model = load_keras().Model(start, kl.Conv2D(2, 1, name="out")(x))
    assert {"a": (3, "a", "norm", "out"), "b": (4, "b", "norm", "out")} == members(model)


def test_a_producer_of_two_groups_is_told_apart_by_a_number() -> None:
    """A convolution that is added to a concatenation has one group for each part."""
    kl = layers()
    start = kl.Input((6, 6, 2))
    parts = [kl.Conv2D(3, 1, name=name)(start) for name in "ab"]
    joined = kl.Add()([kl.Conv2D(6, 1, name="whole")(start), kl.Concatenate()(parts)])
    found = members(load_keras().Model(start, kl.Conv2D(2, 1, name="out")(joined)))
    assert sorted([("whole a", 3), ("whole b", 3)]) == sorted(
        (" ".join(sorted(producers.split(), reverse=True)), count) for count, producers, _, _ in found.values()
    )
    assert 2 == len(found)


def test_a_layer_that_is_called_on_two_groups_unites_them() -> None:
    """One Dense cannot lose an input for one of its callers only."""
    kl = layers()
    start, reader = kl.Input((6,)), kl.Dense(2, name="reader")
    outputs = [reader(kl.Dense(5, activation="relu", name=name)(start)) for name in "ab"]
    (group,) = find_groups(load_keras().Model(start, outputs))
    assert (5, {"a", "b"}, ("reader",)) == (group.channel_count, set(group.producers), group.consumers)


NOT_FOLLOWED: dict[str, tuple[Callable[[], Callable[[Any], Any]], str]] = {
    "groups": (lambda: layers().Conv2D(4, 1, groups=2), "is a convolution of several groups"),
    "layer normalization": (lambda: layers().LayerNormalization(), "channels are not followed"),
    "another axis": (lambda: layers().BatchNormalization(axis=1), "normalizes another axis than the last one"),
    "Lambda": (lambda: layers().Lambda(lambda x: x[..., :2]), "channels are not followed"),
    "attention": (lambda: lambda x: layers().Attention()([x, x]), "channels are not followed"),
    "softmax layer": (lambda: layers().Softmax(), "channels are not followed"),
    "softmax activation": (lambda: layers().Activation("softmax"), "mixes channels"),
    "slice": (lambda: lambda x: x[..., ::2], "channels are not followed"),
    "scales of channels": (lambda: layers().Rescaling([1.0, 2.0, 3.0, 4.0]), "rescales each channel differently"),
}
"""What stands between a convolution and its reader, and what is said about it."""


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_what_is_not_understood_keeps_its_channels(name: str) -> None:
    """Channels that meet an unknown layer, or one that mixes them, are fixed, and the report says by what."""
    build, reason = NOT_FOLLOWED[name]
    model = chain(build())
    assert "made" not in members(model)
    count, found = reasons(model)["made"]
    assert 4 == count
    assert reason in found


def test_what_meets_an_input_keeps_its_channels() -> None:
    """An input of the model cannot lose channels, and neither can what is multiplied by it."""
    kl = layers()
    starts = [kl.Input((6, 6, 2)), kl.Input((6, 6, 4))]
    product = kl.Multiply()([kl.Conv2D(4, 1, name="made")(starts[0]), starts[1]])
    model = load_keras().Model(starts, kl.Dense(2, name="out")(kl.Flatten()(product)))
    assert (4, "it is the model's input") == reasons(model)["made"]


def test_one_channel_that_meets_several_is_fixed_and_they_are_not() -> None:
    """A map of one channel multiplied with many stays; the many may go."""
    kl = layers()
    model = chain(lambda x: kl.Multiply()([x, kl.Conv2D(1, 1, activation="sigmoid", name="mask")(x)]))
    assert ["made"] == list(members(model))
    assert reasons(model)["mask"][1].startswith("it meets several channels in")


def test_a_subclass_of_a_known_layer_is_not_understood() -> None:
    """A class that only looks like Keras's own may compute something else."""
    kl = layers()

    class Mixing(kl.Dropout):  # type: ignore[misc, name-defined]
        """Drops nothing, and turns channels round."""

        def call(self, inputs: Any, training: Any = None) -> Any:
            """Turn the channels round."""
            return inputs[..., ::-1]

    assert "made" not in members(chain(Mixing(0.1)))


def test_a_single_channel_is_no_group() -> None:
    """What would be empty after any removal is not offered."""
    model = chain(layers().Conv2D(1, 1, name="one"))
    assert {"made"} == members(model).keys()
    assert (1, "it is the only channel of its kind") == reasons(model)["one"]


def test_outputs_and_their_partners_are_fixed() -> None:
    """What is added to the model's output has its channels for good."""
    kl = layers()
    start = kl.Input((6,))
    a, b = (kl.Dense(4, name=name)(start) for name in "ab")
    model = load_keras().Model(start, kl.Add()([a, b]))
    assert {"a": (4, "it is the model's output"), "b": (4, "it is the model's output")} == reasons(model)


def test_a_free_dimension_is_refused() -> None:
    """Features cannot be counted along a dimension that is not fixed."""
    kl = layers()
    start = kl.Input((None, 3))
    model = load_keras().Model(start, kl.Conv1D(4, 3)(start))
    with pytest.raises(ModelError, match="a dimension that is not fixed"):
        find_groups(model)


def lstm() -> KerasModel:
    """A convolution whose channels an LSTM reads."""
    kl = layers()
    start = kl.Input((8, 1, 3))
    x = kl.Reshape((8, 6))(kl.Conv2D(6, (3, 1), padding="same", activation="relu")(start))
    return load_keras().Model(start, kl.Dense(2)(kl.LSTM(3)(x)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "build", [ARCHITECTURES["ds_cnn"], ARCHITECTURES["unet"], ARCHITECTURES["convolutional_autoencoder"], lstm]
)
def test_the_cost_of_a_channel_is_what_its_removal_saves(build: Callable[[], KerasModel]) -> None:
    """Weights, and MACs recounted from the converted model, fall by what a group says when its first channel goes."""
    model = build()
    groups = find_groups(model)
    smaller = [prune_channels(model, {group.id: range(1, group.channel_count)}) for group in groups]
    expected = [model.count_params() - network.count_params() for network in smaller]
    assert expected == [group.weights_per_channel for group in groups]
    macs, *less = (total_macs(read(float_tflite(network))) for network in (model, smaller[0], smaller[-1]))
    assert [macs - left for left in less] == [groups[0].macs_per_channel, groups[-1].macs_per_channel]
