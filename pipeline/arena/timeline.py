"""The plan of an arena as blocks in address and time: where each tensor and each scratch buffer lies, and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.arena.buffers import offline_offsets, scratch_buffers, tensor_buffers
from edgewright.pipeline.arena.planner import Buffer, plan
from edgewright.pipeline.arena.revision import TFLM_REVISION
from edgewright.pipeline.arena.scratch import requested_scratch
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.vocabulary import Kernels

Key = tuple[int, int]
"""A subgraph, and one of its tensors or operators."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One buffer of the plan."""

    tensor: Key | None
    """None for scratch."""
    operator: Key | None
    """Whose kernel requests it; None for a tensor."""
    offset_bytes: int
    nbytes: int
    first: int
    """Moment from which it is needed; 0 is before the first operator."""
    last: int


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A whole plan."""

    moments: tuple[Key, ...]
    """The operator that begins at each moment, from moment 1 on."""
    blocks: tuple[Block, ...]
    is_offline: bool
    """Whether the model says where its tensors lie; else TFLM's planner places them."""

    @property
    def head_bytes(self) -> int:
        """What the plan takes of the arena."""
        return max((block.offset_bytes + block.nbytes for block in self.blocks), default=0)


def arena_timeline(graph: Graph, kernels: Kernels, core: str, *, revision: str = TFLM_REVISION) -> Timeline:
    """Lay out a plan as TFLM does; the arguments are those of `replay`."""
    scratch = requested_scratch(graph, kernels, core, revision)
    keys = [(index, tensor.index) for index, subgraph in enumerate(graph.subgraphs) for tensor in subgraph.tensors]
    tensors = [(key, buffer) for key, buffer in zip(keys, tensor_buffers(graph), strict=True) if buffer is not None]
    owners = [key for key, requests in scratch.items() for _ in requests]
    requested = list(zip(owners, scratch_buffers(graph, scratch), strict=True))
    buffers = [buffer for _, buffer in (*tensors, *requested)]
    offsets = plan(buffers)
    blocks = (
        *(_block(buffer, offset, tensor=key) for (key, buffer), offset in zip(tensors, offsets, strict=False)),
        *(
            _block(buffer, offset, operator=key)
            for (key, buffer), offset in zip(requested, offsets[len(tensors) :], strict=True)
        ),
    )
    return Timeline(moments=_moments(graph), blocks=blocks, is_offline=bool(offline_offsets(graph)))


def _block(buffer: Buffer, offset: int, *, tensor: Key | None = None, operator: Key | None = None) -> Block:
    return Block(
        tensor=tensor,
        operator=operator,
        offset_bytes=offset,
        nbytes=buffer.nbytes,
        first=max(buffer.first, 0),
        last=max(buffer.last, 0),
    )


def _moments(graph: Graph) -> tuple[Key, ...]:
    """Find the operator that begins at each moment: one that calls a subgraph goes on while that runs."""
    keys = [
        (index, operator.index) for index, subgraph in enumerate(graph.subgraphs) for operator in subgraph.operators
    ]
    begins = {
        buffer.first: key
        for key, buffer in zip(keys, scratch_buffers(graph, dict.fromkeys(keys, (1,))), strict=True)
        if buffer.first > 0
    }
    found: Sequence[Key | None] = [begins.get(moment) for moment in range(1, max(begins, default=0) + 1)]
    moments: list[Key] = []
    for key in found:
        moments.append(key or moments[-1])
    return tuple(moments)
