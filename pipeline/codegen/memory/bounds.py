"""What no plan goes below: the most bytes that are covered at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgewright.pipeline.codegen.memory.layout import Layout
from edgewright.pipeline.codegen.memory.separation import Separation


def joint_bytes(layout: Layout) -> int:
    """Return the most bytes that are covered at one moment where each pair that may share bytes shares the most."""
    return max(
        (sum(layout.sizes[one] for one in crowd) - _shared(layout, crowd) for crowd in _crowds(layout)), default=0
    )


def liveness_bytes(layout: Layout) -> int:
    """Return the most bytes that are covered at one moment where no pair shares a byte."""
    return max((sum(layout.sizes[one] for one in crowd) for crowd in _crowds(layout)), default=0)


def _crowds(layout: Layout) -> Iterator[list[int]]:
    """Give the blocks that are needed at each moment at which one begins; empty ones need nothing."""
    blocks = layout.blocks
    order = sorted((index for index, size in enumerate(layout.sizes) if size), key=lambda index: blocks[index].first)
    alive: list[int] = []
    for place, index in enumerate(order):
        moment = blocks[index].first
        alive = [other for other in alive if blocks[other].last >= moment]
        alive.append(index)
        if place + 1 == len(order) or blocks[order[place + 1]].first > moment:
            yield alive


def _shared(layout: Layout, crowd: Sequence[int]) -> int:
    """Return the most bytes that the pairs of a crowd share."""
    shared_bytes = 0
    for place, one in enumerate(crowd):
        separations = {rival.index: rival.separation for rival in layout.rivals[one]}
        for other in crowd[place + 1 :]:
            size, other_size = layout.sizes[one], layout.sizes[other]
            separation = separations.get(other)
            shared_bytes += min(size, other_size) if separation is None else _most_shared(separation, size, other_size)
    return shared_bytes


def _most_shared(separation: Separation, nbytes: int, other_bytes: int) -> int:
    """Return the most bytes that a block shares with another one, given where it may begin relative to that."""
    within = sorted((0, other_bytes - nbytes))
    places = min(separation.most_below, within[1]), max(separation.least_above, within[0])
    return max(0, *(min(other_bytes, place + nbytes) - max(0, place) for place in places))
