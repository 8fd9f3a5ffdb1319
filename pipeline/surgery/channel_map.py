"""The channels of a model, found once: groups for the user, and for each layer what belongs to which channel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.surgery.channel_labels import ConstantArray, LabelArray
from edgewright.pipeline.surgery.channel_trace import Role
from edgewright.pipeline.surgery.rebuild import KerasLayer

UnitMask = npt.NDArray[np.bool_]
"""One element for each unit, and a last one, True, for what is fixed."""
FIXED = -1
"""Unit of a channel that stays. As an index it picks the last element, so an array by units has one more at its end."""


@dataclass(frozen=True, kw_only=True)
class ChannelGroup:
    """Channels that are alike: each is made by one filter (or a fixed set of them) in each of the producers.

    Channel i of the group can be removed alone, but only from all its layers at once.
    """

    id: str
    """The name of its first producer, with a number behind it where that producer takes part in several groups."""
    channel_count: int
    producers: tuple[str, ...]
    """Names of the layers whose filters make the channels."""
    followers: tuple[str, ...]
    """Names of the layers that hold weights for each channel and pass it on."""
    consumers: tuple[str, ...]
    """Names of the layers that sum over the channels."""
    macs_per_channel: int
    """Multiply-accumulates of one inference that go when the first channel alone goes."""
    weights_per_channel: int
    """Weights that go when the first channel alone goes."""


@dataclass(frozen=True, kw_only=True)
class FixedLayer:
    """A layer that makes channels of which some cannot be removed."""

    name: str
    fixed_count: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WeightAxis:
    """One axis of one weight and the unit of each position on it."""

    weight_index: int
    axis: int
    units: LabelArray
    role: Role
    zeroed: bool


@dataclass(frozen=True, kw_only=True)
class LayerChannels:
    """What the channels of a model are in one of its layers."""

    name: str
    axes: tuple[WeightAxis, ...]
    weight_shapes: tuple[tuple[int, ...], ...]
    positions: Mapping[int, int]
    """Multiply-accumulates for each element of a weight."""
    size_key: str | None
    output_units: LabelArray | None
    input_units: LabelArray | None
    foldable_constants: ConstantArray | None
    """For each input channel the constant that moves into the bias when it goes."""
    target_units: LabelArray | None
    """Units of a Reshape's output."""


@dataclass(frozen=True, kw_only=True)
class ChannelMap:
    """The channels of a model: groups for the user, and for each layer what belongs to which unit.

    A unit is one channel of one group; units are numbered group after group.
    """

    groups: tuple[ChannelGroup, ...]
    fixed: tuple[FixedLayer, ...]
    layers: Mapping[KerasLayer, LayerChannels]
    unit_count: int

    def units_of(self, group_id: str) -> range:
        """Return the units of a group.

        Raises:
            KeyError: there is no such group.
        """
        first = 0
        for group in self.groups:
            if group.id == group_id:
                return range(first, first + group.channel_count)
            first += group.channel_count
        raise KeyError(group_id)


def savings(layers: Iterable[LayerChannels], kept: UnitMask) -> tuple[int, int]:
    """Count what goes with the units that are not kept.

    Returns:
        Multiply-accumulates of one inference, and weights.
    """
    macs = weights = 0
    for layer in layers:
        for weight_index, shape in enumerate(layer.weight_shapes):
            left = list(shape)
            for axis in layer.axes:
                if axis.weight_index == weight_index:
                    left[axis.axis] = int(np.count_nonzero(kept[axis.units]))
            gone = math.prod(shape) - math.prod(left)
            weights += gone
            macs += gone * layer.positions.get(weight_index, 0)
    return macs, weights
