"""Buffers and their plans, for the tests of the arena: the best plan found by trying everything."""

from __future__ import annotations

from itertools import combinations, permutations

from hypothesis import strategies as st

from edgewright.pipeline.arena import Buffer
from edgewright.pipeline.arena.planner import lowest_gap

TIGHT = [
    Buffer(nbytes=nbytes, first=first, last=last)
    for nbytes, first, last in (
        (32, 1, 4), (16, 2, 5), (64, 2, 3), (32, 0, 3), (112, 0, 0), (80, 1, 1), (96, 4, 4), (128, 5, 5),
    )
]  # fmt: skip
"""144 bytes are needed at each moment, and no plan takes less than 160."""


def buffers(most: int) -> st.SearchStrategy[list[Buffer]]:
    """Buffers of few sizes over few moments, so that plans are tight."""
    one = st.builds(
        lambda units, first, span: Buffer(nbytes=16 * units, first=first, last=first + span),
        st.integers(1, 7),
        st.integers(0, 6),
        st.integers(0, 4),
    )
    return st.lists(one, min_size=1, max_size=most)


def collisions(placed: list[Buffer], offsets: tuple[int, ...]) -> list[tuple[int, int]]:
    """Pairs of buffers that are needed at the same moment and share a byte."""
    return [
        (one, other)
        for one, other in combinations(range(len(placed)), 2)
        if placed[one].meets(placed[other])
        and offsets[one] < offsets[other] + placed[other].nbytes
        and offsets[other] < offsets[one] + placed[one].nbytes
    ]


def top_bytes(placed: list[Buffer], offsets: tuple[int, ...]) -> int:
    """What a plan takes."""
    return max(offset + buffer.nbytes for buffer, offset in zip(placed, offsets, strict=True))


def least_bytes(placed: list[Buffer]) -> int:
    """What the best plan takes: some order, with each buffer as low as it goes, gives it."""
    found = []
    for order in permutations(range(len(placed))):
        offsets: dict[int, int] = {}
        for index in order:
            around = sorted(
                (offset, placed[other].nbytes)
                for other, offset in offsets.items()
                if placed[other].meets(placed[index])
            )
            offsets[index] = lowest_gap(around, placed[index].nbytes)
        found.append(max(offset + placed[index].nbytes for index, offset in offsets.items()))
    return min(found)
