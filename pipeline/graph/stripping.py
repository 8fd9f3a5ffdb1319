"""Everything left out of a `.tflite` that no interpreter reads: on a small model that is a third of the file.

What stays: operators with their versions, shapes, types, quantization, constants, and the metadata that TensorFlow Lite
Micro acts on. Whoever needs the layers' names reads them before (`pipeline/layers.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from edgewright.pipeline.graph.types import Graph, Subgraph, Tensor

OFFLINE_PLAN = "OfflineMemoryAllocation"
"""Says where each tensor lies in the arena."""
COMPRESSION = "COMPRESSION_METADATA"
NEEDED_METADATA = frozenset({OFFLINE_PLAN, COMPRESSION})
"""What TensorFlow Lite Micro looks for; all other metadata is for people and tools."""


def strip(graph: Graph) -> Graph:
    """Leave out names, signatures, descriptions, metadata and buffers that no interpreter reads.

    Inputs and outputs keep a name, that of the signature where there is one: a few bytes for each, and the generated
    firmware can tell them apart.

    Args:
        graph: it is not changed.

    Returns:
        A graph that computes the same to the bit.
    """
    metadata = tuple(entry for entry in graph.metadata if entry.name in NEEDED_METADATA)
    names = _boundary_names(graph)
    slots: dict[bytes, int] = {b"": 0}
    places = {entry.buffer_index: _slot(graph, entry.buffer_index, slots) for entry in metadata}
    subgraphs = []
    for position, subgraph in enumerate(graph.subgraphs):
        for tensor in subgraph.tensors:
            places[tensor.buffer_index] = _slot(graph, tensor.buffer_index, slots)
        subgraphs.append(_strip_subgraph(subgraph, places, names if position == 0 else {}))
    return dataclasses.replace(
        graph,
        subgraphs=tuple(subgraphs),
        buffers=tuple(slots),
        description="",
        metadata=tuple(dataclasses.replace(entry, buffer_index=places[entry.buffer_index]) for entry in metadata),
        signatures=(),
        metadata_buffers=(),
    )


def _boundary_names(graph: Graph) -> Mapping[int, str]:
    """Return the names that the main subgraph's inputs and outputs keep."""
    main = graph.main
    names = {index: main.tensors[index].name for index in (*main.inputs, *main.outputs)}
    for signature in graph.signatures:
        if signature.subgraph_index == 0:
            named = {index: name for name, index in signature.inputs + signature.outputs}
            return {index: named.get(index, name) for index, name in names.items()}
    return names


def _slot(graph: Graph, buffer_index: int, slots: dict[bytes, int]) -> int:
    """Return where a buffer's content goes; equal contents go to one place."""
    return slots.setdefault(graph.buffers[buffer_index], len(slots))


def _strip_subgraph(subgraph: Subgraph, places: Mapping[int, int], names: Mapping[int, str]) -> Subgraph:
    operators = tuple(dataclasses.replace(operator, debug_metadata_index=-1) for operator in subgraph.operators)
    tensors = tuple(_strip_tensor(tensor, places, names.get(tensor.index, "")) for tensor in subgraph.tensors)
    return dataclasses.replace(subgraph, name="", tensors=tensors, operators=operators, debug_metadata_index=-1)


def _strip_tensor(tensor: Tensor, places: Mapping[int, int], name: str) -> Tensor:
    return dataclasses.replace(
        tensor,
        name=name,
        buffer_index=places[tensor.buffer_index],
        has_rank=not tensor.shape,  # a shape that has extents says as much
        minimums=(),
        maximums=(),
    )
