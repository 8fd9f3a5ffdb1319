"""What TensorFlow Lite Micro's planner is asked to place: all subgraphs' activations, then the scratch buffers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgewright.pipeline.arena.planner import Buffer
from edgewright.pipeline.graph.stripping import OFFLINE_PLAN
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Tensor
from edgewright.pipeline.rounding import round_up

ALIGNMENT = 16
"""Every buffer begins on a multiple of this many bytes, and takes one."""
OFFLINE_HEADER = 3
"""Version, subgraph and count come before the offsets of an offline plan."""
NEVER = -1
RESOURCE_BYTES = 4

_CALLED = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    "CALL_ONCE": ("init_subgraph_index",),
}

Scratch = Mapping[tuple[int, int], tuple[int, ...]]
"""Bytes of each scratch buffer by subgraph and operator."""


@dataclass
class _Use:
    first: int = NEVER
    last: int = NEVER

    def touch(self, moment: int) -> None:
        """Make the span reach a moment; moments only grow."""
        self.first = moment if self.first == NEVER else self.first
        self.last = moment


@dataclass
class _Clock:
    """Counts operators as they run, those of called subgraphs in between."""

    graph: Graph
    moment: int = 0
    tensors: dict[tuple[int, int], _Use] = field(default_factory=dict)
    operators: dict[tuple[int, int], _Use] = field(default_factory=dict)

    def run(self, subgraph_index: int) -> None:
        """Go through a subgraph: an input lives from its start, an output to its end."""
        subgraph = self.graph.subgraphs[subgraph_index]
        self._touch(subgraph_index, subgraph.inputs)
        for operator in subgraph.operators:
            self.moment += 1
            self._touch(subgraph_index, operator.outputs)
            use = self.operators.setdefault((subgraph_index, operator.index), _Use())
            use.touch(self.moment)
            self._run_called(operator)
            self._touch(subgraph_index, (*operator.inputs, *operator.outputs))
            use.touch(self.moment)
        self._touch(subgraph_index, subgraph.outputs)

    def _run_called(self, operator: Operator) -> None:
        for name in _CALLED.get(operator.op, ()):
            called = operator.options.get(name)
            if isinstance(called, int) and 0 <= called < len(self.graph.subgraphs):
                self.moment += 1
                self.run(called)

    def _touch(self, subgraph_index: int, tensor_indices: tuple[int, ...]) -> None:
        for index in tensor_indices:
            if index != ABSENT:
                self.tensors.setdefault((subgraph_index, index), _Use()).touch(self.moment)


def planned_buffers(graph: Graph, scratch: Scratch) -> tuple[Buffer, ...]:
    """Return what the planner places, in the order in which TFLM tells it.

    Tensors that nothing uses are planned as well; constants and variables are not.

    Args:
        graph: the model.
        scratch: what the operators request, in the order of the requests.
    """
    tensors, requested = tensor_buffers(graph), scratch_buffers(graph, scratch)
    return (*(buffer for buffer in tensors if buffer is not None), *requested)


def tensor_buffers(graph: Graph) -> tuple[Buffer | None, ...]:
    """Return the buffer of each tensor of all subgraphs; None for one that the planner does not place."""
    clock = _run(graph)
    offsets = offline_offsets(graph)
    buffers: list[Buffer | None] = []
    for subgraph_index, subgraph in enumerate(graph.subgraphs):
        for tensor in subgraph.tensors:
            offset = offsets[len(buffers)] if offsets else None
            nbytes = tensor_bytes(tensor)
            is_placed = nbytes and graph.data(tensor) is None and (not tensor.is_variable or offset is not None)
            use = clock.tensors.get((subgraph_index, tensor.index), _Use())
            buffers.append(_buffer(nbytes, use, offset) if is_placed else None)
    return tuple(buffers)


def scratch_buffers(graph: Graph, scratch: Scratch) -> tuple[Buffer, ...]:
    """Return the buffers that the operators request, in the order of the requests."""
    clock = _run(graph)
    return tuple(
        _buffer(nbytes, clock.operators.get(key, _Use()), None)
        for key, requests in scratch.items()
        for nbytes in requests
    )


def _run(graph: Graph) -> _Clock:
    clock = _Clock(graph=graph)
    clock.run(0)
    return clock


def offline_offsets(graph: Graph) -> tuple[int | None, ...]:
    """Return the offline plan's place of each tensor of all subgraphs; None leaves one to TFLM, no plan is empty."""
    for entry in graph.metadata:
        if entry.name == OFFLINE_PLAN:
            words = np.frombuffer(graph.buffers[entry.buffer_index], dtype="<i4")[OFFLINE_HEADER:]
            return tuple(None if word < 0 else int(word) for word in words)
    return ()


def tensor_bytes(tensor: Tensor) -> int:
    """Return what TFLM reserves for a tensor's elements: at least a byte each, and 4 for a handle."""
    if tensor.dtype is DType.RESOURCE:
        return RESOURCE_BYTES * tensor.element_count
    return tensor.element_count * max(tensor.dtype.bits, 8) // 8


def _buffer(nbytes: int, use: _Use, offset: int | None) -> Buffer:
    return Buffer(nbytes=round_up(nbytes, ALIGNMENT), first=use.first, last=use.last, offset=offset)
