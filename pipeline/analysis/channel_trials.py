"""What the score loses when a layer loses some of its channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from edgewright.pipeline.analysis.schema import REMOVED_SHARES, ChannelTrial, Trial
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.channel_groups import map_channels
from edgewright.pipeline.surgery.channel_map import ChannelGroup, ChannelMap, UnitMask, savings
from edgewright.pipeline.surgery.channel_trace import Role
from edgewright.pipeline.surgery.channels import kept_units, zeroed_weights
from edgewright.pipeline.surgery.importance import ImportanceKind, importance, keep_uniform
from edgewright.pipeline.surgery.rebuild import KerasLayer

Compare = Callable[[str, KerasModel], Trial]
"""Scores a model for the layer of that name."""


@dataclass(frozen=True, kw_only=True)
class ChannelFigures:
    """What became of the channels of one layer."""

    groups: tuple[str, ...] = ()
    shares_with: tuple[str, ...] = ()
    trials: tuple[ChannelTrial, ...] = ()
    reason: str | None = None


class ChannelTrials:
    """Takes channels away from one layer after the other; layers that lose the same ones are measured once."""

    def __init__(self, model: KerasModel) -> None:
        """Find the channels.

        Args:
            model: functional, without models inside; its weights are changed while a trial runs.
        """
        self._model = model
        self._map = map_channels(model)
        self._magnitudes = importance(model, self._map.groups, ImportanceKind.L1)
        self._done: dict[tuple[str, ...], tuple[ChannelTrial, ...]] = {}

    def count(self, layers: Sequence[KerasLayer]) -> int:
        """Return how many trials there will be."""
        keys = {tuple(group.id for group in self._groups_of(layer.name)) for layer in layers}
        return len(REMOVED_SHARES) * len(keys - {()})

    def measure(self, layer: KerasLayer, compare: Compare) -> ChannelFigures:
        """Try every share of the channels that a layer makes."""
        groups = self._groups_of(layer.name)
        if not groups:
            return ChannelFigures(reason=self._reason(layer))
        key = tuple(group.id for group in groups)
        if key not in self._done:
            self._done[key] = tuple(self._try(layer.name, groups, share, compare) for share in REMOVED_SHARES)
        partners = dict.fromkeys(name for group in groups for name in group.producers if name != layer.name)
        return ChannelFigures(
            groups=key, shares_with=tuple(partners), trials=self._done[key], reason=self._partly_fixed(layer.name)
        )

    def _groups_of(self, name: str) -> list[ChannelGroup]:
        return [group for group in self._map.groups if name in group.producers]

    def _try(self, name: str, groups: Sequence[ChannelGroup], share: float, compare: Compare) -> ChannelTrial:
        keep = keep_uniform(groups, self._magnitudes, 1 - share)
        kept = kept_units(self._map, keep)
        with _zeroed(self._map, kept):
            trial = compare(name, self._model)
        macs, parameters = savings(self._map.layers.values(), kept)
        count = sum(group.channel_count for group in groups)
        return ChannelTrial(
            **trial.model_dump(),
            removed_share=share,
            removed_count=count - sum(map(len, keep.values())),
            channel_count=count,
            macs_saved=macs,
            parameters_saved=parameters,
        )

    def _reason(self, layer: KerasLayer) -> str:
        for fixed in self._map.fixed:
            if fixed.name == layer.name:
                return fixed.reason
        makers = [
            producer for group in self._map.groups if layer.name in group.followers for producer in group.producers
        ]
        if makers:
            names = ", ".join(f'"{name}"' for name in dict.fromkeys(makers))
            return f"its channels are those of {names} and go with them"
        channels = self._map.layers.get(layer)
        if channels is not None and any(axis.role is Role.FOLLOWER for axis in channels.axes):
            return "it passes on channels that cannot be removed"
        return f"the channels of {type(layer).__name__} are not removed"

    def _partly_fixed(self, name: str) -> str | None:
        for fixed in self._map.fixed:
            if fixed.name == name:
                return f"{fixed.fixed_count} of its channels stay: {fixed.reason}"
        return None


@contextmanager
def _zeroed(channel_map: ChannelMap, kept: UnitMask) -> Iterator[None]:
    """Zero channels of a model until the block ends."""
    touched = {
        layer: layer.get_weights()
        for layer, channels in channel_map.layers.items()
        if any(axis.zeroed and not kept[axis.units].all() for axis in channels.axes)
    }
    try:
        for layer, weights in touched.items():
            layer.set_weights(zeroed_weights(weights, channel_map.layers[layer], kept))
        yield
    finally:
        for layer, weights in touched.items():
            layer.set_weights(weights)
