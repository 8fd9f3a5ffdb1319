"""Removing channels from a tf_keras model: filters go physically, and everything that follows or reads them is cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import ModelError, nearest
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.channel_groups import map_channels
from edgewright.pipeline.surgery.channel_map import ChannelMap, LayerChannels, UnitMask
from edgewright.pipeline.surgery.rebuild import KerasLayer, copying, rebuild

Selection = Mapping[str, Sequence[int]]
"""For each group's id, indices of its channels."""
Weights = list[npt.NDArray[Any]]


def prune_channels(model: KerasModel, keep: Selection) -> KerasModel:
    """Return a smaller model without the channels that are not kept; nothing is shared with the source.

    It computes what `zero_channels` of the removed channels computes, without their cost. A constant that a zeroed
    channel would still send to its readers (behind a sigmoid) is added to their biases.

    Args:
        model: a Sequential or functional tf_keras model; models inside are inlined.
        keep: for each group's id (see `find_groups`) the channels that stay; a group that is missing keeps all.

    Raises:
        ModelError: a group is unknown, or what is kept of one is empty or holds a wrong index.
    """
    channel_map = map_channels(model)
    kept = kept_units(channel_map, keep)
    layers: dict[KerasLayer, KerasLayer] = {}

    def configure(layer: KerasLayer) -> dict[str, Any]:
        config: dict[str, Any] = layer.get_config()
        found = channel_map.layers.get(layer)
        return config if found is None else _smaller_config(config, found, kept)

    pruned = rebuild(model, copying(layers, configure))
    for old, new in layers.items():
        weights, found = old.get_weights(), channel_map.layers.get(old)
        new.set_weights(weights if found is None else _smaller_weights(old, weights, found, kept))
        new.trainable = old.trainable
    return pruned


def zero_channels(model: KerasModel, remove: Selection) -> KerasModel:
    """Return a model of the same shape in which channels are zeroed: what a pruned model must compute.

    Zeroed are a channel's filters and biases in all its producers, and in its followers gamma, beta and mean of
    normalizations and kernels and biases of depthwise convolutions. Variances and slopes stay.

    Args:
        model: as for `prune_channels`.
        remove: for each group's id the channels to zero.

    Raises:
        ModelError: a group is unknown, or an index is wrong.
    """
    channel_map = map_channels(model)
    kept = np.ones(channel_map.unit_count + 1, dtype=np.bool_)
    for group_id, channels in remove.items():
        kept[_units(channel_map, group_id, channels)] = False
    layers: dict[KerasLayer, KerasLayer] = {}
    zeroed = rebuild(model, copying(layers, lambda layer: layer.get_config()))
    for old, new in layers.items():
        weights, found = old.get_weights(), channel_map.layers.get(old)
        new.set_weights(weights if found is None else zeroed_weights(weights, found, kept))
        new.trainable = old.trainable
    return zeroed


def kept_units(channel_map: ChannelMap, keep: Selection) -> UnitMask:
    """Return which units stay.

    Args:
        channel_map: the channels of a model.
        keep: as for `prune_channels`.

    Raises:
        ModelError: as `prune_channels`.
    """
    kept = np.ones(channel_map.unit_count + 1, dtype=np.bool_)
    for group_id, channels in keep.items():
        units = _units(channel_map, group_id, channels)
        if not units:
            raise ModelError(f'prune: no channel of the group "{group_id}" would be left; keep at least one.')
        kept[channel_map.units_of(group_id)] = False
        kept[units] = True
    return kept


def zeroed_weights(weights: Weights, channels: LayerChannels, kept: UnitMask) -> Weights:
    """Return a layer's weights as `zero_channels` leaves them.

    Args:
        weights: the layer's, as `get_weights` gives them.
        channels: what the model's channels are in the layer.
        kept: which units stay.
    """
    zeroed = list(weights)
    for axis in channels.axes:
        if axis.zeroed:
            shape = [-1 if index == axis.axis else 1 for index in range(zeroed[axis.weight_index].ndim)]
            zeroed[axis.weight_index] = zeroed[axis.weight_index] * kept[axis.units].reshape(shape)
    return zeroed


def _units(channel_map: ChannelMap, group_id: str, channels: Sequence[int]) -> list[int]:
    known = [group.id for group in channel_map.groups]
    if group_id not in known:
        raise ModelError(f'prune: there is no channel group "{group_id}"; {nearest(group_id, known)}.')
    units = channel_map.units_of(group_id)
    if len(set(channels)) < len(channels) or any(not 0 <= channel < len(units) for channel in channels):
        raise ModelError(
            f'prune: the channels {list(channels)} of the group "{group_id}" are not different numbers from 0 to '
            f"{len(units) - 1}; choose such."
        )
    return [units[channel] for channel in channels]


def _smaller_config(config: dict[str, Any], layer: LayerChannels, kept: UnitMask) -> dict[str, Any]:
    smaller = {key: _without_array(value) if key.endswith("_initializer") else value for key, value in config.items()}
    if layer.size_key is not None and layer.output_units is not None:
        smaller[layer.size_key] = int(kept[layer.output_units].sum())
    if layer.target_units is not None:
        left = kept[layer.target_units]
        others = [tuple(other for other in range(left.ndim) if other != axis) for axis in range(left.ndim)]
        smaller["target_shape"] = tuple(int(left.any(axis=other).sum()) for other in others)
    return smaller


def _without_array(initializer: Any) -> Any:
    """Replace an initializer that is a whole array, which would not fit any more; the weights are set anyway."""
    settings = initializer.get("config") if isinstance(initializer, dict) else None
    if isinstance(settings, dict) and np.ndim(settings.get("value", 0)) > 0:
        return "zeros"
    return initializer


def _smaller_weights(layer: KerasLayer, weights: Weights, channels: LayerChannels, kept: UnitMask) -> Weights:
    smaller = _fold_constants(layer, weights, channels, kept)
    for axis in channels.axes:
        indices = np.flatnonzero(kept[axis.units])
        smaller[axis.weight_index] = smaller[axis.weight_index].take(indices, axis=axis.axis)
    return smaller


def _fold_constants(layer: KerasLayer, weights: Weights, channels: LayerChannels, kept: UnitMask) -> Weights:
    """Add to the bias what the removed input channels would still send as constants."""
    if channels.input_units is None or channels.foldable_constants is None:
        return weights
    constants = np.where(kept[channels.input_units], 0.0, channels.foldable_constants)
    if not constants.any():
        return weights
    kernel_index, bias_index = (
        next(index for index, weight in enumerate(layer.weights) if weight is variable)
        for variable in (layer.kernel, layer.bias)
    )
    kernel = weights[kernel_index]
    summed = kernel.reshape(-1, *kernel.shape[-2:]).sum(axis=0, dtype=np.float64)
    folded = list(weights)
    folded[bias_index] = (weights[bias_index] + constants @ summed).astype(weights[bias_index].dtype)
    return folded
