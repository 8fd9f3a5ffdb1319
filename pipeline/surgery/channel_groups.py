"""Finding the channels of a model that can only be removed together, and what removing one saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.surgery.channel_labels import Flow, LabelArray
from edgewright.pipeline.surgery.channel_map import (
    FIXED,
    ChannelGroup,
    ChannelMap,
    FixedLayer,
    LayerChannels,
    WeightAxis,
    savings,
)
from edgewright.pipeline.surgery.channel_rules import follow
from edgewright.pipeline.surgery.channel_trace import ChannelTrace, Role
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, copying, rebuild


def find_groups(model: KerasModel) -> tuple[ChannelGroup, ...]:
    """Find the channels of a model that can be removed.

    Args:
        model: a Sequential or functional tf_keras model, models inside and shared layers included.

    Returns:
        Groups in the order of the graph, each of at least two channels. What the model's inputs and outputs are, and
        what meets a layer through which channels are not followed, belongs to no group.

    Raises:
        ModelError: a tensor has a dimension that is not fixed.
    """
    return map_channels(model).groups


def map_channels(model: KerasModel) -> ChannelMap:
    """Find the channels of a model and everything that belongs to them.

    Args:
        model: as for `find_groups`.

    Raises:
        ModelError: a tensor has a dimension that is not fixed.
    """
    trace, names = _trace(model)
    drafts = _draft_groups(trace, names)
    roots = [root for draft in drafts for root in draft.roots]
    units = {root: unit for unit, root in enumerate(roots)}
    layers = {layer: _resolve(trace, layer, names[layer], units) for layer in trace.records}
    groups, first = [], 0
    for draft in drafts:
        kept = np.ones(len(roots) + 1, np.bool_)
        kept[first] = False
        groups.append(_describe(draft, first, tuple(layers.values()), savings(layers.values(), kept)))
        first += len(draft.roots)
    return ChannelMap(
        groups=tuple(groups), fixed=_fixed_layers(trace, names, units), layers=layers, unit_count=len(roots)
    )


@dataclass(kw_only=True)
class _DraftGroup:
    id: str
    roots: list[int]


def _trace(model: KerasModel) -> tuple[ChannelTrace, dict[KerasLayer, str]]:
    """Follow every channel through a copy of the model; names are those of the copy's layers, which are unique."""
    trace = ChannelTrace()
    copies: dict[KerasLayer, KerasLayer] = {}
    flows: dict[int, tuple[Tensors, Flow]] = {}
    copy = copying(copies, lambda layer: layer.get_config())
    flatten = load_tensorflow().nest.flatten

    def flow_of(tensor: Tensors) -> Flow:
        if id(tensor) not in flows:
            flows[id(tensor)] = (tensor, trace.fixed_flow(_shape(tensor), "it is the model's input"))
        return flows[id(tensor)][1]

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        outputs = copy(layer, arguments, options)
        tensors = flatten(outputs)
        found = follow(trace, layer, (arguments, options), flow_of, [_shape(tensor) for tensor in tensors])
        flows.update({id(tensor): (tensor, flow) for tensor, flow in zip(tensors, found, strict=True)})
        return outputs

    for tensor in rebuild(model, apply).outputs:
        trace.labels.fix(flow_of(tensor).labels, "it is the model's output")
    return trace, {layer: copied.name for layer, copied in copies.items()}


def _shape(tensor: Tensors) -> tuple[int, ...]:
    shape = tuple(tensor.shape[1:]) if tensor.shape.rank is not None else None
    if shape is None or None in shape:
        raise ModelError(
            f'prune: the tensor "{tensor.name}" has the shape {shape}, with a dimension that is not fixed; rebuild the '
            "model with fixed dimensions."
        )
    return tuple(int(extent) for extent in shape)


def _draft_groups(trace: ChannelTrace, names: Mapping[KerasLayer, str]) -> list[_DraftGroup]:
    """Group the units whose filters stand in the same producers; a group of one channel is left out."""
    producers: dict[int, list[str]] = {}
    for layer, record in trace.records.items():
        if record.output is not None:
            for root in dict.fromkeys(trace.labels.roots(record.output).tolist()):
                producers.setdefault(root, []).append(names[layer])
    alike: dict[tuple[str, ...], list[int]] = {}
    for root, makers in producers.items():
        if trace.labels.reason(root) is None:
            alike.setdefault(tuple(makers), []).append(root)
    drafts: list[_DraftGroup] = []
    for (first, *_), roots in alike.items():
        if len(roots) > 1:
            earlier = sum(draft.id.split("#")[0] == first for draft in drafts)
            drafts.append(_DraftGroup(id=f"{first}#{earlier + 1}" if earlier else first, roots=roots))
    return drafts


def _resolve(trace: ChannelTrace, layer: KerasLayer, name: str, units: Mapping[int, int]) -> LayerChannels:
    record = trace.records[layer]

    def resolve(labels: LabelArray) -> LabelArray:
        distinct, inverse = np.unique(trace.labels.roots(labels), return_inverse=True)
        numbers = np.array([units.get(root, FIXED) for root in distinct.tolist()], dtype=np.int64)
        return numbers[inverse].reshape(labels.shape)

    axes = tuple(
        WeightAxis(
            weight_index=weight_index, axis=axis, units=resolve(found.labels), role=found.role, zeroed=found.zeroed
        )
        for (weight_index, axis), found in record.axes.items()
    )
    return LayerChannels(
        name=name,
        axes=axes,
        weight_shapes=tuple(tuple(weight.shape) for weight in layer.weights),
        positions=dict(record.positions),
        size_key=record.size_key,
        output_units=None if record.output is None else resolve(record.output),
        input_units=None if record.input is None else resolve(record.input.labels),
        foldable_constants=None if record.input is None else record.input.foldable_constants,
        target_units=None if record.target_shape is None else resolve(record.target_shape),
    )


def _fixed_layers(
    trace: ChannelTrace, names: Mapping[KerasLayer, str], units: Mapping[int, int]
) -> tuple[FixedLayer, ...]:
    fixed = []
    for layer, record in trace.records.items():
        if record.output is None:
            continue
        roots = trace.labels.roots(record.output).tolist()
        kept = [root for root in roots if root not in units]
        if kept:
            reason = trace.labels.reason(kept[0]) or "it is the only channel of its kind"
            fixed.append(FixedLayer(name=names[layer], fixed_count=len(kept), reason=reason))
    return tuple(fixed)


def _describe(draft: _DraftGroup, unit: int, layers: Sequence[LayerChannels], saved: tuple[int, int]) -> ChannelGroup:
    names: dict[Role, list[str]] = {role: [] for role in Role}
    for layer in layers:
        for role in dict.fromkeys(axis.role for axis in layer.axes if (axis.units == unit).any()):
            names[role].append(layer.name)
    macs, weights = saved
    return ChannelGroup(
        id=draft.id,
        channel_count=len(draft.roots),
        producers=tuple(names[Role.PRODUCER]),
        followers=tuple(names[Role.FOLLOWER]),
        consumers=tuple(names[Role.CONSUMER]),
        macs_per_channel=macs,
        weights_per_channel=weights,
    )
