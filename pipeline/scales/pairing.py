"""Two conversions of one model, with a scale for each channel and with one for each tensor, and what lies between.

Operators and the scales of activations are the same in both, so that weights and biases of one fit into the other: a
mixture holds the converter's own integers, rounded once.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import Graph, Operator, Tensor

WEIGHTS_INPUT = 1
WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})
"""Operators whose kernels, in every interpreter that was tried, take one scale as well as one for each channel."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Operators that read the same weights: one scale is chosen for all of them or for none."""

    operators: tuple[int, ...]
    constants: tuple[tuple[int, int], ...]
    """Weights and biases: the index of each tensor with a scale for each channel, and with one."""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """One model, converted twice."""

    per_channel: Graph
    per_tensor: Graph
    layers: tuple[Layer, ...]
    """Those that may be taken of either, in the order of execution."""

    def channel_count(self, layer: Layer) -> int:
        """Return how many scales a layer's weights have, where each channel has its own."""
        quantization = self._weights(layer).quantization
        return len(quantization.scales) if quantization else 0

    def _weights(self, layer: Layer) -> Tensor:
        main = self.per_channel.main
        return main.tensors[main.operators[layer.operators[0]].inputs[WEIGHTS_INPUT]]


def pair(per_channel: Graph, per_tensor: Graph) -> Pairing:
    """Find the layers that may be taken of either conversion.

    Args:
        per_channel: each channel of each layer's weights has a scale of its own.
        per_tensor: the same model with one scale for each tensor.

    Returns:
        The pairing. A layer is left out, and keeps its channels' scales, where one scale changes more than its own
        weights and biases.

    Raises:
        TfliteError: the operators are not the same.
    """
    operators = list(zip(per_channel.main.operators, per_tensor.main.operators, strict=False))
    counts = [len(graph.main.operators) for graph in (per_channel, per_tensor)]
    if counts[0] != counts[1] or any(_kind(ours) != _kind(theirs) for ours, theirs in operators):
        raise TfliteError(
            "convert: with one scale for each tensor the converter gives other operators than with one for each "
            'channel, so they cannot be mixed; set scales = "fixed" in the stage convert.'
        )
    groups = _group(per_channel)
    found = (_layer(per_channel, per_tensor, group) for group in groups)
    return Pairing(
        per_channel=per_channel, per_tensor=per_tensor, layers=tuple(layer for layer in found if layer is not None)
    )


def mix(pairing: Pairing, layers: Collection[Layer]) -> Graph:
    """Return the model with one scale in some layers, and one for each channel in all others.

    Args:
        pairing: two conversions.
        layers: some of the pairing's.
    """
    graph, other = pairing.per_channel, pairing.per_tensor
    tensors, buffers = list(graph.main.tensors), list(graph.buffers)
    readers = Counter(tensor.buffer_index for subgraph in graph.subgraphs for tensor in subgraph.tensors)
    for layer in layers:
        for ours, theirs in layer.constants:
            place = tensors[ours].buffer_index
            if readers[place] > 1:
                place = len(buffers)
                buffers.append(b"")
            taken = other.main.tensors[theirs]
            buffers[place] = other.data(taken) or b""
            tensors[ours] = dataclasses.replace(taken, index=ours, buffer_index=place)
    main = dataclasses.replace(graph.main, tensors=tuple(tensors))
    return dataclasses.replace(graph, subgraphs=(main, *graph.subgraphs[1:]), buffers=tuple(buffers))


def _kind(operator: Operator) -> tuple[object, ...]:
    return operator.label, operator.version, dict(operator.options), len(operator.inputs), len(operator.outputs)


def _group(graph: Graph) -> list[list[int]]:
    """Return the operators with weights; those that read weights or biases together stand in one group."""
    groups: list[tuple[set[int], list[int]]] = []
    for operator in graph.main.operators:
        if operator.label not in WEIGHTED:
            continue
        constants = _constants(graph, operator)
        joined = [group for group in groups if group[0] & constants]
        groups = [group for group in groups if not group[0] & constants]
        members = [operator.index, *(member for _, others in joined for member in others)]
        groups.append((constants.union(*(others for others, _ in joined)), sorted(members)))
    return sorted(members for _, members in groups)


def _constants(graph: Graph, operator: Operator) -> set[int]:
    """Return the quantized constants that an operator reads."""
    read = ((index, graph.main.tensors[index]) for index in operator.inputs if index >= 0)
    return {index for index, tensor in read if tensor.quantization is not None and graph.data(tensor) is not None}


def _layer(per_channel: Graph, per_tensor: Graph, members: list[int]) -> Layer | None:
    """Return a layer of some operators, or None where there is nothing to choose or more than weights would change."""
    constants: dict[int, int] = {}
    for ours, theirs in (one for index in members for one in _pairs(per_channel, per_tensor, index)):
        first, second = per_channel.main.tensors[ours], per_tensor.main.tensors[theirs]
        if _description(first) != _description(second):
            return None
        if (first.quantization, per_channel.data(first)) == (second.quantization, per_tensor.data(second)):
            continue
        is_constant = None not in (per_channel.data(first), per_tensor.data(second))
        if not is_constant or constants.setdefault(ours, theirs) != theirs:
            return None
    others = (operator for operator in per_channel.main.operators if operator.index not in members)
    is_shared = any(constants.keys() & set(operator.inputs) for operator in others)
    if is_shared or not all(_is_choice(per_channel, per_tensor, index) for index in members):
        return None
    return Layer(operators=tuple(members), constants=tuple(constants.items()))


def _is_choice(per_channel: Graph, per_tensor: Graph, index: int) -> bool:
    """Tell whether an operator's weights have several scales in one graph, and one in the other."""
    counts = []
    for graph in (per_channel, per_tensor):
        weights = graph.main.tensors[graph.main.operators[index].inputs[WEIGHTS_INPUT]]
        counts.append(len(weights.quantization.scales) if weights.quantization else 0)
    return counts[0] > 1 and counts[1] == 1


def _pairs(per_channel: Graph, per_tensor: Graph, index: int) -> Iterator[tuple[int, int]]:
    """Yield the tensors of one operator in both graphs."""
    ours, theirs = (graph.main.operators[index] for graph in (per_channel, per_tensor))
    for indices in zip((*ours.inputs, *ours.outputs), (*theirs.inputs, *theirs.outputs), strict=True):
        if min(indices) >= 0:
            yield indices


def _description(tensor: Tensor) -> tuple[object, ...]:
    return tensor.shape, tensor.dtype, tensor.is_variable, tensor.sparsity, tensor.quantization_details
