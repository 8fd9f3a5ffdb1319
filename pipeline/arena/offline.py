"""Places of tensors as metadata in a `.tflite`: TensorFlow Lite Micro's planner takes them as they are.

The metadata's buffer holds int32: a version, a subgraph, the number of tensors, then a place for each tensor of all
subgraphs, or -1 where the planner decides. TFLM does not look at the first two.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.arena.buffers import NEVER
from edgewright.pipeline.graph.stripping import OFFLINE_PLAN
from edgewright.pipeline.graph.types import Graph, Metadata

VERSION = 0
SUBGRAPH = 0


def has_offline_plan(graph: Graph) -> bool:
    """Whether a model brings places of its tensors."""
    return any(entry.name == OFFLINE_PLAN for entry in graph.metadata)


def with_offline_plan(graph: Graph, offsets: Sequence[int | None]) -> Graph:
    """Write a plan into a model; one that it has already is replaced.

    Args:
        graph: it is not changed.
        offsets: of each tensor of all subgraphs; None leaves one to TFLM.
    """
    bare = without_offline_plan(graph)
    places = [NEVER if offset is None else offset for offset in offsets]
    content = np.array([VERSION, SUBGRAPH, len(places), *places], "<i4").tobytes()
    entry = Metadata(name=OFFLINE_PLAN, buffer_index=len(bare.buffers))
    return dataclasses.replace(bare, buffers=(*bare.buffers, content), metadata=(*bare.metadata, entry))


def without_offline_plan(graph: Graph) -> Graph:
    """Leave a plan out, and the buffer that held it where it is the last one."""
    if not has_offline_plan(graph):
        return graph
    metadata = tuple(entry for entry in graph.metadata if entry.name != OFFLINE_PLAN)
    held = {entry.buffer_index for entry in graph.metadata if entry.name == OFFLINE_PLAN}
    used = {tensor.buffer_index for subgraph in graph.subgraphs for tensor in subgraph.tensors}
    used |= {0, *(entry.buffer_index for entry in metadata), *graph.metadata_buffers}
    free = held - used
    buffers = list(graph.buffers)
    for index in free:
        buffers[index] = b""
    while buffers and len(buffers) - 1 in free:
        buffers.pop()
    return dataclasses.replace(graph, buffers=tuple(buffers), metadata=metadata)
