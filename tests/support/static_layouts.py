"""Problems for the search of a memory plan, and their best solution by trying everything."""

from __future__ import annotations

from hypothesis import strategies as st

from edgewright.pipeline.codegen.memory.blocks import Block
from edgewright.pipeline.codegen.memory.layout import Layout, make_layout
from edgewright.pipeline.codegen.memory.separation import Separation

GRID_BYTES = 4


@st.composite
def layouts(draw: st.DrawFn, most: int, *, is_line: bool) -> Layout:
    """Blocks of few sizes over few moments, with pairs that may share bytes; a line has no others than neighbours."""
    count = draw(st.integers(1, most))
    blocks = []
    for number in range(count):
        first = number if is_line else draw(st.integers(0, 4))
        span = 1 if is_line else draw(st.integers(0, 3))
        blocks.append(_block(draw(st.integers(1, 4)), first, first + span))
    values = len(blocks)
    if is_line:
        steps = draw(st.sets(st.integers(1, values - 1), max_size=2)) if values > 1 else set()
        blocks += [_block(draw(st.integers(1, 2)), step, step, step) for step in sorted(steps)]
    granted = {}
    for one in range(values):
        for other in range(values):
            one_ends = blocks[one].last == blocks[other].first and blocks[one].first < blocks[other].first
            if one_ends and draw(st.booleans()):
                granted[one, other] = draw(_separations(blocks[other].nbytes, blocks[one].nbytes))
    return make_layout(blocks, granted)


def _block(units: int, first: int, last: int, scratch_of: int | None = None) -> Block:
    return Block(nbytes=GRID_BYTES * units, alignment_bytes=GRID_BYTES, first=first, last=last, scratch_of=scratch_of)


def _separations(nbytes: int, other_bytes: int) -> st.SearchStrategy[Separation]:
    """Upwards, downwards, or whichever is better of both."""
    places = st.integers(-nbytes // GRID_BYTES, other_bytes // GRID_BYTES).map(lambda units: GRID_BYTES * units)
    return st.one_of(
        places.map(lambda below: Separation(most_below=below, least_above=other_bytes)),
        places.map(lambda above: Separation(most_below=-nbytes, least_above=above)),
        st.builds(lambda below, above: Separation(most_below=below, least_above=above), places, places),
    )


def least_bytes(layout: Layout) -> int:
    """What the best plan takes."""
    limit = max(layout.sizes)
    while not _fits(layout, [], limit):
        limit += layout.grid_bytes
    return limit


def _fits(layout: Layout, offsets: list[int], limit: int) -> bool:
    """Whether the blocks behind those that are placed have places, trying each."""
    index = len(offsets)
    if index == len(layout.blocks):
        return True
    for place in range(0, limit - layout.sizes[index] + 1, layout.grid_bytes):
        if not any(
            rival.index < index and rival.separation.forbids(place - offsets[rival.index])
            for rival in layout.rivals[index]
        ) and _fits(layout, [*offsets, place], limit):
            return True
    return False
