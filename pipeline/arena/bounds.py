"""What no plan can do without: the most bytes that buffers take at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.pipeline.arena.planner import Buffer


def crowded_moments(buffers: Sequence[Buffer]) -> tuple[int, ...]:
    """Return the moments that matter: no other moment needs buffers that are not needed together at one of these.

    The set of needed buffers grows only where one begins, and shrinks only behind the last moment of one; so each
    largest set is met where a buffer begins and none begins any more before one of them ends.
    """
    starts = sorted({buffer.first for buffer in buffers})
    ends = sorted({buffer.last for buffer in buffers})
    moments = []
    for index, start in enumerate(starts):
        after = starts[index + 1] if index + 1 < len(starts) else None
        if after is None or any(start <= end < after for end in ends):
            moments.append(start)
    return tuple(moments)


def bound_bytes(buffers: Sequence[Buffer]) -> int:
    """Return the most bytes that are needed at one moment; a plan that takes no more need not exist."""
    return max(
        (
            sum(buffer.nbytes for buffer in buffers if buffer.first <= moment <= buffer.last)
            for moment in crowded_moments(buffers)
        ),
        default=0,
    )
