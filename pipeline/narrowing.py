"""Fewer channels by importance: which groups may lose some, which stay and why, and one step of pruning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.errors import ModelError, nearest
from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.surgery.channel_groups import find_groups, map_channels
from edgewright.pipeline.surgery.channel_map import ChannelGroup
from edgewright.pipeline.surgery.channels import prune_channels
from edgewright.pipeline.surgery.importance import ImportanceKind, ImportanceSamples, importance, keep_uniform
from edgewright.pipeline.training import without_final_activations

IMPORTANCE_SAMPLES = 512
"""Training samples that the Taylor importance is measured on."""


def channel_counts(model: KerasModel) -> dict[str, int]:
    """Return the number of channels of each group that can lose some."""
    return {group.id: group.channel_count for group in find_groups(model)}


def check_channels(model: KerasModel, keep: Collection[str]) -> None:
    """Refuse a model in which no channel can be removed.

    Raises:
        ModelError: a layer to keep does not exist, or every layer must keep its channels, and why.
    """
    names = {layer.name for layer in model.layers}
    for name in keep:
        if name not in names:
            raise ModelError(f'prune: the model has no layer "{name}" to keep; {nearest(name, names)}.')
    if not _prunable(model, keep):
        reasons = [f'"{fixed.name}": {fixed.reason}' for fixed in map_channels(model).fixed]
        reasons = reasons or [f'"{layer.name}": it has those of its input' for layer in model.layers if layer.weights]
        given = [f'"{name}": it is kept by name' for name in keep]
        raise ModelError(
            f"prune: no channel of this model can be removed ({'; '.join([*given, *reasons][:3]) or 'it has none'}); "
            'leave "prune" out, or give structure = "unstructured".'
        )


def describe_channels(model: KerasModel, keep: Collection[str]) -> tuple[str, ...]:
    """Say which layers keep all or some of their channels, and why."""
    fixed = [f"{fixed.name} keeps {fixed.fixed_count} channels: {fixed.reason}" for fixed in map_channels(model).fixed]
    return (*(f"{name} keeps its channels: by name" for name in keep), *fixed)


def remove_channels(
    model: KerasModel,
    counts: Mapping[str, int],
    training_set: TrainingSet,
    *,
    importance: ImportanceKind,
    multiple_of: int,
    keep: Collection[str],
) -> KerasModel:
    """Return a narrower model: of each group the most important channels, weights as they were.

    Args:
        model: a tf_keras model.
        counts: how many channels of each group stay; a group that is missing keeps all.
        training_set: what the Taylor importance is measured on.
        importance: by what channels are ranked.
        multiple_of: the number is rounded up to a multiple of this.
        keep: layers that keep all their channels.

    Raises:
        ModelError: the importance is not finite.
    """
    groups = [group for group in _prunable(model, keep) if group.id in counts]
    figures = _importances(model, groups, training_set, importance)
    chosen: dict[str, tuple[int, ...]] = {}
    for group in groups:
        ratio = min(1.0, counts[group.id] / group.channel_count)
        chosen.update(keep_uniform([group], figures, ratio, multiple_of=multiple_of))
    return prune_channels(model, chosen)


def _prunable(model: KerasModel, keep: Collection[str]) -> list[ChannelGroup]:
    return [group for group in find_groups(model) if not {*group.producers, *group.followers} & {*keep}]


def _importances(
    model: KerasModel, groups: list[ChannelGroup], training_set: TrainingSet, kind: ImportanceKind
) -> Mapping[str, Any]:
    if kind is ImportanceKind.L1:
        return importance(model, groups, kind)
    chosen = training_set.chosen()
    drawn = np.random.default_rng(training_set.seed).permutation(chosen)[:IMPORTANCE_SAMPLES]
    run = np.sort(drawn)
    x = training_set.samples(run, 0)
    y = training_set.targets(run, x)
    reduce_mean = load_tensorflow().reduce_mean

    def loss(outputs: Any, targets: Any) -> Any:
        pairs = zip(*(side if len(y) > 1 else [side] for side in (targets, outputs)), strict=True)
        return sum(reduce_mean(training_set.task.loss(target, output)) for target, output in pairs)

    twin = without_final_activations(model, training_set.task)
    return importance(twin, groups, kind, ImportanceSamples(x=x, y=y, loss=loss))
