"""Which layer of the source model each operator of a `.tflite` comes from."""

from __future__ import annotations

import re
from collections.abc import Collection

from edgewright.pipeline.graph.types import Graph, Operator

SEPARATORS = re.compile(r"[/;:]")


def name_layers(graph: Graph, layer_names: Collection[str] = ()) -> tuple[str, ...]:
    """Name a source layer for every operator of the main subgraph.

    The converter leaves the layer's name in the names of the tensors that an operator writes or owns
    (`mnist/conv1/Relu;mnist/conv1/BiasAdd`). An operator without such a name takes that of the operator before it.

    Args:
        graph: the converted model.
        layer_names: the layers of the Keras model; where none are known, the last part of the tensor's own name that
            says more than an operation is taken.

    Returns:
        One name for each operator, in their order.
    """
    named: list[str] = []
    for operator in graph.main.operators:
        found = _layer_of(graph, operator, frozenset(layer_names))
        named.append(found or (named[-1] if named else operator.label.lower()))
    return tuple(named)


def _layer_of(graph: Graph, operator: Operator, layer_names: frozenset[str]) -> str | None:
    tensors = graph.main.tensors
    own = [tensors[index] for index in operator.outputs]
    constants = [tensors[index] for index in operator.inputs if index >= 0 and graph.data(tensors[index]) is not None]
    for tensor in (*own, *constants):
        parts = [part for part in SEPARATORS.split(tensor.name) if part]
        known = [part for part in parts if part in layer_names]
        if known:
            return known[-1] if tensor in own else known[0]
    if layer_names:
        return None
    for tensor in own:
        first = tensor.name.split(";")[0].split("/")
        if len(first) > 1:
            return first[-2]
        if first[0]:
            return first[0]
    return None
