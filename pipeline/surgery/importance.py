"""How much each channel matters, and which ones a uniform pruning keeps.

Two measures: the mean magnitude of a channel's filters (L1), and the first-order Taylor estimate of how much the loss
changes when the channel is removed (Molchanov et al.: "Importance Estimation for Neural Network Pruning", 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_tensorflow
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.surgery.channel_groups import map_channels
from edgewright.pipeline.surgery.channel_labels import LabelArray
from edgewright.pipeline.surgery.channel_map import FIXED, ChannelGroup, ChannelMap
from edgewright.pipeline.surgery.channel_trace import Role
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, copying, rebuild

Importances = Mapping[str, npt.NDArray[np.float64]]
"""For each group's id one figure for each channel, their mean 1 (or all 0)."""
Arrays = npt.NDArray[Any] | Sequence[npt.NDArray[Any]]
Loss = Callable[[Any, Any], Any]
"""Takes the model's outputs and the targets of a batch; returns the batch's mean loss, a scalar tensor."""


class ImportanceKind(str, Enum):
    """A measure of importance."""

    L1 = "l1"
    TAYLOR = "taylor"


@dataclass(frozen=True, kw_only=True)
class ImportanceSamples:
    """What the Taylor estimate is measured on.

    `x` and `y` have the samples on their first axis; several inputs or outputs are several arrays.
    """

    x: Arrays
    y: Arrays
    loss: Loss
    batch_size: int = 64


def importance(
    model: KerasModel,
    groups: Sequence[ChannelGroup],
    kind: ImportanceKind,
    samples: ImportanceSamples | None = None,
) -> Importances:
    """Measure how much each channel matters.

    Args:
        model: the model that the groups were found in.
        groups: the groups of interest.
        kind: the measure. L1 is the mean |weight| over all filters that make a channel. Taylor is the mean over the
            samples of |the sum of activation times gradient|, where the channel is read; the model runs as in
            inference.
        samples: needed for Taylor alone.

    Returns:
        For each group's id one figure for each channel, divided by the group's mean: comparable within a group only.

    Raises:
        ModelError: Taylor has no samples, or its figures are not finite.
    """
    channel_map = map_channels(model)
    if kind is ImportanceKind.L1:
        by_unit = _filter_magnitudes(channel_map)
    elif samples is None:
        raise ModelError('prune: the importance "taylor" is measured on samples and none are given; give some.')
    else:
        by_unit = _loss_changes(model, channel_map, samples)
    if not np.isfinite(by_unit).all():
        raise ModelError(
            f'prune: the importance "{kind.value}" is not finite; the model has diverged, train it at a lower learning '
            "rate before pruning."
        )
    figures = {group.id: by_unit[channel_map.units_of(group.id)] for group in groups}
    return {group_id: values / (values.mean() or 1.0) for group_id, values in figures.items()}


def keep_uniform(
    groups: Sequence[ChannelGroup],
    importances: Importances,
    ratio: float,
    *,
    minimum: int = 1,
    multiple_of: int = 1,
) -> dict[str, tuple[int, ...]]:
    """Choose the same share of channels in each group: the most important ones.

    One ranking over all groups would compare figures that are not comparable, and empties the narrow layers.

    Args:
        groups: the groups to prune.
        importances: a figure for each of their channels; of equal ones the first channels are kept.
        ratio: share of channels that stays, above 0 and at most 1.
        minimum: so many channels at least stay, as far as there are.
        multiple_of: the number is rounded up to a multiple of this where the group is large enough; kernels like 4, 8.

    Returns:
        For each group's id the channels that stay, ascending.

    Raises:
        ModelError: the ratio is out of range.
    """
    if not 0 < ratio <= 1:
        raise ModelError(
            f"prune: the ratio of channels to keep is {ratio}; a number above 0 and at most 1 is accepted."
        )
    kept = {}
    for group in groups:
        count = max(int(ratio * group.channel_count + 0.5), minimum, 1)
        count = min(round_up(count, multiple_of), group.channel_count)
        order = np.argsort(-importances[group.id], kind="stable")
        kept[group.id] = tuple(sorted(order[:count].tolist()))
    return kept


def _filter_magnitudes(channel_map: ChannelMap) -> npt.NDArray[np.float64]:
    sums, counts = np.zeros(channel_map.unit_count), np.zeros(channel_map.unit_count)
    for layer, channels in channel_map.layers.items():
        for axis in channels.axes:
            weight = layer.weights[axis.weight_index].numpy()
            if axis.role is not Role.PRODUCER or weight.ndim == 1:
                continue
            others = tuple(other for other in range(weight.ndim) if other != axis.axis)
            prunable = axis.units != FIXED
            np.add.at(sums, axis.units[prunable], np.abs(weight).sum(axis=others, dtype=np.float64)[prunable])
            np.add.at(counts, axis.units[prunable], weight.size / weight.shape[axis.axis])
    return np.asarray(sums / np.maximum(counts, 1))


def _loss_changes(model: KerasModel, channel_map: ChannelMap, samples: ImportanceSamples) -> npt.NDArray[np.float64]:
    """Put a gate of 1 on each channel wherever it is read; its gradient is the change of the loss to first order."""
    tensorflow = load_tensorflow()
    gates = _Gates(channel_map.unit_count)
    gated = _gated(model, channel_map, gates)

    @tensorflow.function  # type: ignore[untyped-decorator, unused-ignore]
    def gradient(values: Tensors, inputs: Tensors, targets: Tensors) -> Tensors:
        gates.values = values
        with tensorflow.GradientTape() as tape:
            tape.watch(values)
            loss = samples.loss(gated(inputs, training=False), targets)
        return tape.gradient(loss, values, unconnected_gradients="zero")

    total = np.zeros(channel_map.unit_count)
    sample_count = 0
    for inputs, targets, count in _batches(samples):
        ones = tensorflow.ones((count, channel_map.unit_count + 1))
        changes = gradient(ones, inputs, targets).numpy()[:, :-1].astype(np.float64)
        total += np.abs(changes).sum(axis=0) * count  # the loss is the batch's mean
        sample_count += count
    return total / max(sample_count, 1)


class _Gates:
    """Holds the gates' values, (batch, units + 1), while the gated model is traced; the last one is never changed."""

    def __init__(self, unit_count: int) -> None:
        self.values: Tensors = load_tensorflow().ones((1, unit_count + 1))
        self._layer_count = 0

    def layer(self, units: LabelArray) -> KerasLayer:
        """Return a layer that multiplies each channel on the last axis with its unit's gate."""
        tensorflow = load_tensorflow()
        indices = np.where(units == FIXED, self.values.shape[1] - 1, units)
        self._layer_count += 1

        def gate(x: Tensors) -> Tensors:
            values = tensorflow.gather(self.values, indices, axis=1)
            return x * tensorflow.reshape(values, (-1, *[1] * (len(x.shape) - 2), len(units)))

        name = f"channel_gate_{self._layer_count}"
        return load_keras().layers.Lambda(gate, mask=lambda _inputs, mask: mask, name=name)


def _gated(model: KerasModel, channel_map: ChannelMap, gates: _Gates) -> KerasModel:
    keras, tensorflow = load_keras(), load_tensorflow()
    layers: dict[KerasLayer, KerasLayer] = {}
    copy = copying(layers, lambda layer: layer.get_config())

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        channels = channel_map.layers.get(layer)
        if channels is not None and channels.input_units is not None and (channels.input_units != FIXED).any():
            units = channels.input_units
            arguments = tensorflow.nest.map_structure(
                lambda item: gates.layer(units)(item) if keras.backend.is_keras_tensor(item) else item, arguments
            )
        return copy(layer, arguments, options)

    gated = rebuild(model, apply)
    for old, new in layers.items():
        new.set_weights(old.get_weights())
    return gated


def _batches(samples: ImportanceSamples) -> Iterator[tuple[Tensors, Tensors, int]]:
    x, y = _as_list(samples.x), _as_list(samples.y)
    for first in range(0, len(x[0]), samples.batch_size):
        inputs, targets = ([array[first : first + samples.batch_size] for array in arrays] for arrays in (x, y))
        yield _alone_or_all(inputs), _alone_or_all(targets), len(inputs[0])


def _as_list(arrays: Arrays) -> list[npt.NDArray[Any]]:
    return [arrays] if isinstance(arrays, np.ndarray) else list(arrays)


def _alone_or_all(arrays: list[npt.NDArray[Any]]) -> Tensors:
    constant = load_tensorflow().constant
    return constant(arrays[0]) if len(arrays) == 1 else [constant(array) for array in arrays]
