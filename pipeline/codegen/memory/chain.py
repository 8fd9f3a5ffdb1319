"""The best plan of a line of layers: exact, and in a time that grows with the number of layers.

In a line each value meets only the one before and the one behind it. Where a value may lie, given all that comes
before it, is a set of intervals; the next one's set follows from the ends of these alone, since it may lie anywhere
below a limit that rises with the place of this one, or above another limit that does. Scratch lies at the bottom, at
the top, or between the two values of its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgewright.pipeline.codegen.memory.layout import Layout, Offsets
from edgewright.pipeline.codegen.memory.separation import Separation

Intervals = tuple[tuple[int, int], ...]
"""Places from and to, both included; rising and apart."""
ANYWHERE = Separation(most_below=0, least_above=0)
"""Of two blocks that are never needed together, or may lie anyhow."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """Two neighbours in the line."""

    separation: Separation
    """Where the second may begin relative to the first."""
    sizes: tuple[int, int]
    scratch: int | None
    """The block that is needed together with both."""
    scratch_bytes: int

    @property
    def reversed(self) -> Link:
        """The same, from the second to the first."""
        return Link(
            separation=self.separation.mirrored,
            sizes=(self.sizes[1], self.sizes[0]),
            scratch=self.scratch,
            scratch_bytes=self.scratch_bytes,
        )


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A line of blocks."""

    order: tuple[int, ...]
    """Blocks of values."""
    links: tuple[Link, ...]
    """Between each and the next."""


def read_chain(layout: Layout) -> Chain | None:
    """Find the line that a layout is; None where it is none.

    One alignment must hold for all blocks, and scratch must belong to exactly two neighbours.
    """
    blocks = layout.blocks
    order = sorted(
        (index for index, block in enumerate(blocks) if block.scratch_of is None),
        key=lambda index: (blocks[index].first, blocks[index].last),
    )
    ranks = {index: rank for rank, index in enumerate(order)}
    scratch: dict[int, int] = {}
    for index, block in enumerate(blocks):
        met = sorted(ranks[rival.index] for rival in layout.rivals[index] if rival.index in ranks)
        if block.alignment_bytes != layout.grid_bytes:
            return None
        if block.scratch_of is None:
            if any(abs(other - ranks[index]) != 1 for other in met):
                return None
        elif len(met) != 2 or met[1] - met[0] != 1 or met[0] in scratch:
            return None
        else:
            scratch[met[0]] = index
    links = (_link(layout, *pair, scratch.get(rank)) for rank, pair in enumerate(pairwise(order)))
    return Chain(order=tuple(order), links=tuple(links))


def _link(layout: Layout, one: int, other: int, scratch: int | None) -> Link:
    separations = (rival.separation for rival in layout.rivals[other] if rival.index == one)
    return Link(
        separation=next(separations, ANYWHERE),
        sizes=(layout.sizes[one], layout.sizes[other]),
        scratch=scratch,
        scratch_bytes=0 if scratch is None else layout.sizes[scratch],
    )


def place_chain(layout: Layout, chain: Chain, limit_bytes: int) -> Offsets | None:
    """Find a plan that takes at most so many bytes; None where there is none.

    Args:
        layout: the problem.
        chain: what `read_chain` made of it.
        limit_bytes: a multiple of the grid.
    """
    if not chain.order:
        return (0,) * len(layout.blocks)
    room = limit_bytes - layout.sizes[chain.order[0]]
    sets: list[Intervals] = [((0, room),)] if room >= 0 else []
    for link in chain.links:
        if not sets or not sets[-1]:
            return None
        sets.append(_following(sets[-1], link, limit_bytes))
    if not sets or not sets[-1]:
        return None
    return _places(layout, chain, sets, limit_bytes)


def _places(layout: Layout, chain: Chain, sets: Sequence[Intervals], limit_bytes: int) -> Offsets:
    """Go back along the line: each place must be one from which the next can be reached."""
    offsets = [0] * len(layout.blocks)
    place = sets[-1][0][0]
    offsets[chain.order[-1]] = place
    for rank in range(len(chain.links) - 1, -1, -1):
        link = chain.links[rank]
        behind = place
        sources = _common(sets[rank], _following(((behind, behind),), link.reversed, limit_bytes))
        place = sources[0][0]
        offsets[chain.order[rank]] = place
        if link.scratch is not None:
            taken = sorted(((place, link.sizes[0]), (behind, link.sizes[1])))
            offsets[link.scratch] = _gap(taken, link.scratch_bytes)
    return tuple(offsets)


def _gap(taken: Sequence[tuple[int, int]], nbytes: int) -> int:
    """Return the lowest place with room between others."""
    candidate = 0
    for offset, size in taken:
        if offset - candidate >= nbytes:
            break
        candidate = max(candidate, offset + size)
    return candidate


def _following(places: Intervals, link: Link, limit_bytes: int) -> Intervals:
    """Return where the second of two neighbours may lie, given where the first may."""
    below, above = link.separation.most_below, link.separation.least_above
    size, next_size = link.sizes
    nbytes = link.scratch_bytes
    top = limit_bytes - next_size
    if not nbytes:
        return _joined(_reached(places, below, above, 0, top))
    ceiling = limit_bytes - nbytes
    found = [
        *_reached(_common(places, ((nbytes, limit_bytes),)), below, above, nbytes, top),
        *_reached(_common(places, ((0, ceiling - size),)), below, above, 0, ceiling - next_size),
        *_reached(places, min(below, -next_size - nbytes), max(above, size + nbytes), 0, top),
    ]
    return _joined(found)


def _reached(places: Intervals, below: int, above: int, low: int, high: int) -> list[tuple[int, int]]:
    """Return what lies so far below or above one of the places, and between two limits."""
    if not places:
        return []
    first, last = places[0][0], places[-1][1]
    return [(low, min(last + below, high)), (max(first + above, low), high)]


def _joined(intervals: Sequence[tuple[int, int]]) -> Intervals:
    """Return the union, with empty intervals left out."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(interval for interval in intervals if interval[0] <= interval[1]):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def _common(places: Intervals, others: Intervals) -> Intervals:
    """Return what two sets have in common."""
    return _joined([(max(one[0], two[0]), min(one[1], two[1])) for one in places for two in others])
