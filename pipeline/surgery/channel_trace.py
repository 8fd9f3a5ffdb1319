"""What is recorded while channels are traced: for each layer, which axes of its weights follow which labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from edgewright.pipeline.surgery.channel_labels import ChannelLabels, ConstantArray, Flow, LabelArray
from edgewright.pipeline.surgery.rebuild import KerasLayer

Variable = Any
"""A weight of a tf_keras layer."""


class Role(str, Enum):
    """What a layer does with a channel."""

    PRODUCER = "producer"
    """Its filter makes the channel."""
    FOLLOWER = "follower"
    """It passes the channel on and holds weights of its own for it."""
    CONSUMER = "consumer"
    """It sums over the channel."""


class NotUnderstoodError(Exception):
    """A layer does something with channels that cannot be followed; its inputs and outputs keep theirs."""


@dataclass(kw_only=True)
class LabelledAxis:
    """One axis of one weight and the label of each position on it."""

    labels: LabelArray
    role: Role
    zeroed: bool
    """Whether zeroing a channel zeroes this weight."""


@dataclass(kw_only=True)
class Input:
    """What a consumer reads: the labels of its input channels and the constants that may be folded into its bias."""

    labels: LabelArray
    foldable_constants: ConstantArray


@dataclass(kw_only=True)
class LayerRecord:
    """Everything recorded about one layer; keys are positions in `layer.weights`."""

    axes: dict[tuple[int, int], LabelledAxis] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    """Multiply-accumulates for each element of a weight, in one inference."""
    size_key: str | None = None
    """The key of the layer's configuration that holds the number of its filters."""
    output: LabelArray | None = None
    input: Input | None = None
    target_shape: LabelArray | None = None
    """Labels of a Reshape's output, from which its target shape is computed anew."""


class ChannelTrace:
    """Labels and layer records of one model, filled by the layers' rules in the order of the graph."""

    def __init__(self) -> None:
        self.labels = ChannelLabels()
        self.records: dict[KerasLayer, LayerRecord] = {}

    def fixed_flow(self, shape: tuple[int, ...], reason: str) -> Flow:
        """Return the flow of a tensor whose channels are never removed."""
        labels = self.labels.fresh(1)
        self.labels.fix(labels, reason)
        return Flow(labels=labels.reshape(()), constants=np.array(np.nan)).spread(shape)

    def produce(self, layer: KerasLayer, size_key: str, count: int) -> LabelArray:
        """Return the labels of a layer's filters: fresh ones at its first call, the same ones at each later call."""
        record = self._record(layer)
        if record.output is None:
            record.size_key = size_key
            record.output = self.labels.fresh(count)
        return record.output

    def weight(
        self, layer: KerasLayer, variable: Variable, axis: int, labels: LabelArray, role: Role, *, zeroed: bool = False
    ) -> None:
        """Record which labels stand along an axis of a weight; a layer that is called again unites them."""
        axes = self._record(layer).axes
        key = (position_of(layer, variable), axis % len(variable.shape))
        if key in axes:
            self.labels.unite(axes[key].labels, labels)
        else:
            axes[key] = LabelledAxis(labels=labels, role=role, zeroed=zeroed)

    def multiplied(self, layer: KerasLayer, variable: Variable, positions: int) -> None:
        """Record how often each element of a weight is multiplied during one inference."""
        record, index = self._record(layer), position_of(layer, variable)
        record.positions[index] = record.positions.get(index, 0) + positions

    def consume(self, layer: KerasLayer, channels: Flow, *, can_fold: bool) -> None:
        """Record what a layer sums over.

        A channel that is not zero once its filters are zeroed (behind a sigmoid, for instance) leaves a constant
        behind. It is folded into the layer's bias where that is exact, else the channel is fixed.

        Args:
            layer: the consumer.
            channels: its input's channels, one axis.
            can_fold: the layer adds a bias, and each output sums over the channel with the same weights.
        """
        record = self._record(layer)
        leftover = channels.constants != 0
        shared = record.input is not None
        refused = leftover & (np.isnan(channels.constants) | (not can_fold or shared))
        self._fix_leftover(layer, channels.labels[refused])
        constants = np.where(leftover & ~refused, channels.constants, 0.0)
        if record.input is None:
            record.input = Input(labels=channels.labels, foldable_constants=constants)
        else:
            self._fix_leftover(layer, record.input.labels[record.input.foldable_constants != 0])

    def reshape(self, layer: KerasLayer, labels: LabelArray) -> None:
        """Record the labels of a Reshape's output."""
        record = self._record(layer)
        if record.target_shape is None:
            record.target_shape = labels
        else:
            self.labels.unite(record.target_shape, labels)

    def _fix_leftover(self, layer: KerasLayer, labels: LabelArray) -> None:
        self.labels.fix(labels, f'without its filter it would still reach "{layer.name}" as a constant')

    def _record(self, layer: KerasLayer) -> LayerRecord:
        return self.records.setdefault(layer, LayerRecord())


def position_of(layer: KerasLayer, variable: Variable) -> int:
    """Return a weight's position in `layer.weights`."""
    return next(index for index, weight in enumerate(layer.weights) if weight is variable)
