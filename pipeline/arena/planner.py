"""Where TensorFlow Lite Micro's default planner puts each buffer: the greedy plan, the largest buffer first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Memory that is needed from one moment of a run up to and including another."""

    nbytes: int
    first: int
    last: int
    offset: int | None = None
    """Where an offline plan puts it; None leaves it to the planner."""

    def meets(self, other: Buffer) -> bool:
        """Whether both are needed at the same moment."""
        return self.first <= other.last and other.first <= self.last


def plan(buffers: Sequence[Buffer]) -> tuple[int, ...]:
    """Give each buffer its place as TFLM does it.

    Buffers with a place of their own come first; then each of the others, by falling size, takes the lowest gap
    between the buffers that are needed while it is. Of equal ones the later goes first.

    Returns:
        The offset of each buffer in bytes, in the order given.
    """
    fixed = [index for index, buffer in enumerate(buffers) if buffer.offset is not None]
    free = [index for index, buffer in enumerate(buffers) if buffer.offset is None]
    order = [*fixed, *sorted(free, key=lambda index: (-buffers[index].nbytes, -index))]
    offsets = dict.fromkeys(order, 0)
    placed: list[tuple[int, int, int]] = []  # offset, when it was placed, index
    for turn, index in enumerate(order):
        buffer = buffers[index]
        if buffer.offset is not None:
            offsets[index] = buffer.offset
        else:
            around = [(offset, buffers[other].nbytes) for offset, _, other in placed if buffers[other].meets(buffer)]
            offsets[index] = lowest_gap(around, buffer.nbytes)
        insort(placed, (offsets[index], turn, index))
    return tuple(offsets[index] for index in range(len(buffers)))


def planned_bytes(buffers: Sequence[Buffer]) -> int:
    """Return how much memory the greedy plan takes."""
    return max((offset + buffer.nbytes for offset, buffer in zip(plan(buffers), buffers, strict=True)), default=0)


def lowest_gap(around: Sequence[tuple[int, int]], nbytes: int) -> int:
    """Return the lowest offset with room between others, given as (offset, bytes) by rising offset."""
    candidate = 0
    for offset, taken_bytes in around:
        if offset - candidate >= nbytes:
            break
        candidate = max(candidate, offset + taken_bytes)
    return candidate
