"""How much channels matter: magnitudes by hand, Taylor against finite differences, and the choice that follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.channel_models import inputs_of, layers, randomize

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_tensorflow
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channel_map import ChannelGroup
from edgewright.pipeline.surgery.importance import ImportanceKind, ImportanceSamples, importance, keep_uniform


def group_of(channel_count: int, group_id: str = "g") -> ChannelGroup:
    """A group of which only the size matters."""
    return ChannelGroup(
        id=group_id,
        channel_count=channel_count,
        producers=(),
        followers=(),
        consumers=(),
        macs_per_channel=0,
        weights_per_channel=0,
    )


def residual() -> KerasModel:
    """A small network with an addition, a concatenation and two outputs of its one group of four."""
    kl = layers()
    start = kl.Input((5, 5, 2))
    x = kl.Conv2D(4, 3, activation="tanh", name="first")(start)
    y = kl.Add()([x, kl.BatchNormalization()(kl.Conv2D(4, 3, padding="same", name="second")(x))])
    y = kl.Concatenate()([kl.GlobalAveragePooling2D()(y), kl.Flatten()(x)])
    return randomize(load_keras().Model(start, kl.Dense(3, name="out")(y)))


def mean_square(outputs: Any, targets: Any) -> Any:
    """The mean square of the difference."""
    return load_tensorflow().reduce_mean((outputs - targets) ** 2)


def changes_by_difference(
    model: KerasModel, readers: dict[str, list[npt.NDArray[np.int64]]], x: Any, y: Any
) -> npt.NDArray[np.float64]:
    """For each channel the mean |slope of a sample's loss| along a factor on the channel in all its readers."""
    step, slopes = 1e-2, []
    originals = {name: model.get_layer(name).get_weights() for name in readers}
    for channel in range(4):
        losses = []
        for factor in (1 + step, 1 - step):
            for name, places in readers.items():
                kernel = originals[name][0].copy()
                kernel[..., places[channel], :] *= factor
                model.get_layer(name).set_weights([kernel, *originals[name][1:]])
            losses.append(((model(x).numpy().astype(np.float64) - y) ** 2).mean(axis=1))
        slopes.append(np.abs((losses[0] - losses[1]) / (2 * step)).mean())
    for name, weights in originals.items():
        model.get_layer(name).set_weights(weights)
    return np.array(slopes)


def test_magnitude_is_the_mean_over_all_filters_of_a_channel() -> None:
    """L1 takes every producer of a group together, and divides by the group's mean."""
    model = residual()
    first, second = (model.get_layer(name).kernel.numpy() for name in ("first", "second"))
    sums = np.abs(first).sum((0, 1, 2), dtype=np.float64) + np.abs(second).sum((0, 1, 2), dtype=np.float64)
    expected = sums / sums.mean()
    actual = importance(model, find_groups(model), ImportanceKind.L1)
    np.testing.assert_allclose(expected, actual["first"], rtol=1e-6)


def test_taylor_is_the_slope_of_the_loss_along_a_channel() -> None:
    """The first-order estimate equals finite differences of a factor on the channel wherever it is read."""
    model = residual()
    x = inputs_of(model, 7)
    y = np.random.default_rng(4).normal(size=(7, 3)).astype(np.float32)
    readers = {
        "second": [np.array([channel]) for channel in range(4)],
        "out": [np.array([channel, *range(4 + channel, 4 + 36, 4)]) for channel in range(4)],
    }
    expected = changes_by_difference(model, readers, x, y)
    samples = ImportanceSamples(x=x, y=y, loss=mean_square, batch_size=3)
    actual = importance(model, find_groups(model), ImportanceKind.TAYLOR, samples)
    np.testing.assert_allclose(expected / expected.mean(), actual["first"], rtol=1e-3)


def test_taylor_takes_several_inputs_and_outputs() -> None:
    """Arrays in lists go to a model of several inputs; the loss gets all its outputs."""
    kl = layers()
    starts = [kl.Input((3,)), kl.Input((2,))]
    x = kl.Concatenate()([kl.Dense(4, activation="relu", name="a")(starts[0]), kl.Dense(2, name="b")(starts[1])])
    model = randomize(load_keras().Model(starts, [kl.Dense(2)(x), kl.Dense(1)(x)]))
    targets = [np.zeros((5, 2), np.float32), np.ones((5, 1), np.float32)]

    def both(outputs: Any, truth: Any) -> Any:
        return mean_square(outputs[0], truth[0]) + mean_square(outputs[1], truth[1])

    samples = ImportanceSamples(x=inputs_of(model, 5), y=targets, loss=both)
    found = importance(model, find_groups(model), ImportanceKind.TAYLOR, samples)
    assert {"a": 4, "b": 2} == {group_id: len(figures) for group_id, figures in found.items()}
    assert all(np.isclose(1.0, figures.mean()) for figures in found.values())


def test_a_channel_that_nobody_needs_has_no_importance() -> None:
    """A filter that a reader multiplies by zero changes no loss."""
    model = residual()
    for name, places in (("second", [2]), ("out", [2, *range(6, 40, 4)])):
        kernel, *rest = model.get_layer(name).get_weights()
        kernel[..., places, :] = 0
        model.get_layer(name).set_weights([kernel, *rest])
    samples = ImportanceSamples(x=inputs_of(model, 4), y=np.zeros((4, 3), np.float32), loss=mean_square)
    figures = importance(model, find_groups(model), ImportanceKind.TAYLOR, samples)["first"]
    assert 0 == figures[2]
    assert (figures[[0, 1, 3]] > 0).all()


def test_taylor_without_samples_and_a_diverged_model_are_refused() -> None:
    """Both get a sentence."""
    model = residual()
    groups = find_groups(model)
    with pytest.raises(ModelError, match="measured on samples and none are given"):
        importance(model, groups, ImportanceKind.TAYLOR)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(ModelError, match="not finite"):
        importance(model, groups, ImportanceKind.L1)


@given(
    count=st.integers(1, 40),
    ratio=st.floats(0.01, 1),
    minimum=st.integers(1, 12),
    multiple_of=st.sampled_from((1, 4, 8)),
    seed=st.integers(0, 99),
)
def test_the_most_important_share_is_kept(count: int, ratio: float, minimum: int, multiple_of: int, seed: int) -> None:
    """So many as asked, a multiple where possible, ascending, and none that is left out matters more."""
    figures = np.random.default_rng(seed).integers(0, 5, count).astype(np.float64)
    kept = keep_uniform([group_of(count)], {"g": figures}, ratio, minimum=minimum, multiple_of=multiple_of)["g"]
    assert sorted(set(kept)) == list(kept)
    assert len(kept) % multiple_of == 0 or len(kept) == count
    assert min(count, max(minimum, round(ratio * count - 1e-9), 1)) <= len(kept)
    assert len(kept) < max(minimum, ratio * count + 1) + multiple_of
    left_out = [channel for channel in range(count) if channel not in kept]
    assert not left_out or figures[list(kept)].min() >= figures[left_out].max()


def test_every_group_keeps_the_same_share() -> None:
    """Half of each group stays, whatever the size of its figures."""
    groups = [group_of(4, "a"), group_of(6, "b")]
    figures = {"a": np.array([4.0, 1, 3, 2]), "b": np.array([0.1, 0.1, 0.3, 0.2, 0.2, 0.1])}
    assert {"a": (0, 2), "b": (2, 3, 4)} == keep_uniform(groups, figures, 0.5)


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1.5, float("nan")])
def test_a_ratio_out_of_range_is_refused(ratio: float) -> None:
    """A share is above 0 and at most 1."""
    with pytest.raises(ModelError, match="above 0 and at most 1"):
        keep_uniform([group_of(4)], {"g": np.ones(4)}, ratio)
