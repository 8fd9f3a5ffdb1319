"""Removing channels: the pruned network computes what the source computes with those filters zeroed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.channel_models import (
    ARCHITECTURES,
    TOLERANCE,
    assert_pruned_equals_zeroed,
    inputs_of,
    largest_difference,
    layers,
    mobilenet,
    outputs_of,
    randomize,
    resnet8,
    some_channels,
)

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channels import prune_channels, zero_channels


def sequential(*stack: Any) -> KerasModel:
    """A Sequential model with random weights."""
    return randomize(load_keras().Sequential(list(stack)))


def two_convolutions() -> KerasModel:
    """Convolution, BatchNormalization, ReLU, convolution."""
    kl = layers()
    return sequential(
        kl.Input((5, 5, 2)),
        kl.Conv2D(4, 3, name="one"),
        kl.BatchNormalization(name="norm"),
        kl.ReLU(),
        kl.Conv2D(3, 3, name="two"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_pruned_model_equals_the_zeroed_one(name: str) -> None:
    """For every architecture half of the channels go, and nothing but their zeroing shows in the outputs."""
    model = ARCHITECTURES[name]()
    pruned = assert_pruned_equals_zeroed(model)
    assert pruned.count_params() < model.count_params()
    assert [tensor.shape for tensor in model.outputs] == [tensor.shape for tensor in pruned.outputs]
    assert model.input_names == pruned.input_names


@pytest.mark.slow
@pytest.mark.parametrize("build", [resnet8, mobilenet])
def test_half_of_the_channels_really_go(build: Any) -> None:
    """At 50 % every convolution of a residual and of a depthwise network has half its filters, the classifier all."""
    kl = layers()
    model = build()
    pruned = assert_pruned_equals_zeroed(model)
    counts = [
        [layer.output.shape[-1] for layer in network.layers if isinstance(layer, kl.Conv2D | kl.BatchNormalization)]
        for network in (model, pruned)
    ]
    assert [count if count == 10 else count // 2 for count in counts[0]] == counts[1]


def test_a_pruned_sequential_model_equals_the_zeroed_one() -> None:
    """The plain case: a convolution, its BatchNormalization and the convolution that reads it."""
    model = two_convolutions()
    pruned = prune_channels(model, {"one": (1, 3)})
    assert largest_difference(pruned, zero_channels(model, {"one": (0, 2)})) <= TOLERANCE
    assert (3, 3, 2, 2) == tuple(pruned.get_layer("one").kernel.shape)
    assert (3, 3, 2, 3) == tuple(pruned.get_layer("two").kernel.shape)
    np.testing.assert_array_equal(model.get_layer("norm").gamma.numpy()[[1, 3]], pruned.get_layer("norm").gamma.numpy())


def test_zeroed_channels_are_zero_in_all_their_weights_and_others_are_untouched() -> None:
    """Filters, biases, gamma, beta and mean of a removed channel are zero; everything else is the source's."""
    model = two_convolutions()
    zeroed = zero_channels(model, {"one": (0, 2)})
    for variable, before in zip(zeroed.weights, model.weights, strict=True):
        expected = before.numpy().copy()
        if "two" not in variable.name and "variance" not in variable.name:
            expected[..., [0, 2]] = 0
        np.testing.assert_array_equal(expected, variable.numpy(), err_msg=variable.name)


@pytest.mark.parametrize("build", [resnet8, mobilenet])
def test_zeroed_channels_arrive_as_zero_wherever_they_are_read(build: Any) -> None:
    """The input of every convolution and Dense holds zeros where a channel was zeroed and only there."""
    model = build(side=16)
    groups = find_groups(model)
    kept = some_channels(groups)
    zeroed = zero_channels(model, {group.id: kept[group.id] for group in groups})
    readers = {name: group for group in groups for name in group.consumers}
    taps = load_keras().Model(zeroed.input, [zeroed.get_layer(name).input for name in readers])
    for group, read in zip(readers.values(), outputs_of(taps, inputs_of(zeroed)), strict=True):
        silent = ~read.any(axis=tuple(range(read.ndim - 1)))
        assert set(kept[group.id]) <= set(np.flatnonzero(silent).tolist())
        assert not silent.all()


def test_the_source_keeps_its_weights_and_shares_nothing() -> None:
    """Pruning makes a new model; training that one does not change the source."""
    model = two_convolutions()
    before = [weight.copy() for weight in model.get_weights()]
    pruned = prune_channels(model, {"one": (0,)})
    pruned.set_weights([weight + 1 for weight in pruned.get_weights()])
    for expected, actual in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, actual)


def test_keeping_everything_changes_nothing() -> None:
    """A group that is not mentioned, or kept whole, stays as it is."""
    model = two_convolutions()
    for keep in ({}, {"one": (0, 1, 2, 3)}):
        assert largest_difference(model, prune_channels(model, keep)) == 0


def test_a_pruned_model_can_be_pruned_again() -> None:
    """Group names stay, so that pruning can go on step by step; two steps are as one."""
    model = two_convolutions()
    twice = prune_channels(prune_channels(model, {"one": (0, 2, 3)}), {"one": (1, 2)})
    assert largest_difference(prune_channels(model, {"one": (2, 3)}), twice) == 0


def test_frozen_layers_stay_frozen() -> None:
    """Whether a layer is trained belongs to the model."""
    model = two_convolutions()
    model.get_layer("one").trainable = False
    pruned = prune_channels(model, {"one": (0,)})
    assert [layer.trainable for layer in model.layers] == [layer.trainable for layer in pruned.layers[1:]]


@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "hard_sigmoid"])
def test_the_constant_of_a_zeroed_channel_moves_into_the_readers_bias(activation: str) -> None:
    """A sigmoid makes 0.5 of a zeroed filter; a Dense, a 1x1 and an unpadded convolution keep that in their biases."""
    kl = layers()
    model = sequential(
        kl.Input((6, 6, 2)),
        kl.Conv2D(4, 3, activation=activation),
        kl.Conv2D(4, 1, padding="same", activation=activation),
        kl.Conv2D(4, 3, padding="valid", activation=activation),
        kl.Flatten(),
        kl.Dense(3),
    )
    assert 3 == len(find_groups(model))
    assert_pruned_equals_zeroed(model)


def test_a_constant_that_no_bias_can_hold_fixes_its_channels() -> None:
    """A padded convolution, one without bias, a shared reader and a recurrent layer read constants they cannot fold."""
    kl, keras = layers(), load_keras()
    start = kl.Input((6, 6, 2))
    padded = kl.Conv2D(2, 3, padding="same")(kl.Conv2D(4, 3, activation="sigmoid", name="a")(start))
    unbiased = kl.Conv2D(2, 1, use_bias=False)(kl.Conv2D(4, 3, activation="sigmoid", name="b")(start))
    reader = kl.Conv2D(2, 1)
    twice = [reader(kl.Conv2D(4, 3, activation="sigmoid", name=name)(start)) for name in "cd"]
    states = kl.LSTM(2)(kl.Reshape((16, 4))(kl.Conv2D(4, 3, activation="sigmoid", name="e")(start)))
    model = keras.Model(start, [padded, unbiased, *twice, states])
    assert () == find_groups(model)


def test_a_reader_with_an_array_as_initializer_is_made_smaller() -> None:
    """An initializer that holds a whole array does not stand in the way of a smaller layer."""
    kl, keras = layers(), load_keras()
    table = keras.initializers.Constant(np.arange(12.0).reshape(2, 6).tolist())
    model = sequential(kl.Input((3,)), kl.Embedding(2, 6, embeddings_initializer=table), kl.Flatten(), kl.Dense(2))
    pruned = prune_channels(model, {find_groups(model)[0].id: (1, 4)})
    np.testing.assert_array_equal(model.layers[0].embeddings.numpy()[:, [1, 4]], pruned.layers[1].embeddings.numpy())


@pytest.mark.parametrize(
    ("keep", "sentence"),
    [
        ({"on": (0,)}, 'no channel group "on"; did you mean "one"'),
        ({"one": ()}, 'no channel of the group "one" would be left'),
        ({"one": (0, 0)}, "not different numbers from 0 to 3"),
        ({"one": (4,)}, "not different numbers from 0 to 3"),
        ({"one": (-1,)}, "not different numbers from 0 to 3"),
    ],
)
def test_a_wrong_choice_is_refused(keep: dict[str, tuple[int, ...]], sentence: str) -> None:
    """An unknown group, an empty one, and indices that repeat or do not exist get one sentence each."""
    with pytest.raises(ModelError, match=sentence):
        prune_channels(two_convolutions(), keep)
