"""The search: on small problems its plans are the best there are, which trying everything shows."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from support.static_layouts import layouts, least_bytes
from support.static_memory_networks import inception

from edgewright.pipeline.codegen.memory.bounds import joint_bytes, liveness_bytes
from edgewright.pipeline.codegen.memory.branching import Answer, branch
from edgewright.pipeline.codegen.memory.chain import place_chain, read_chain
from edgewright.pipeline.codegen.memory.layout import Layout, read_layout
from edgewright.pipeline.codegen.memory.placement import placements
from edgewright.pipeline.codegen.memory.search import find_offsets

PLENTY = 1_000_000


@settings(max_examples=300)
@given(layouts(5, is_line=False))
def test_no_plan_is_smaller(layout: Layout) -> None:
    """The plan is valid, it takes what the best of all plans takes, and that is proved."""
    found = find_offsets(layout)
    assert layout.is_valid(found.offsets)
    least = least_bytes(layout)
    assert (least, least) == (found.arena_bytes, found.least_bytes)
    assert least == layout.height(found.offsets) >= joint_bytes(layout)
    assert joint_bytes(layout) <= liveness_bytes(layout)


@settings(max_examples=300)
@given(layouts(5, is_line=True))
def test_a_line_is_solved_exactly(layout: Layout) -> None:
    """In a line with scratch, the limit from which on a plan is found is what the best plan takes."""
    chain = read_chain(layout)
    assert chain is not None
    least = least_bytes(layout)
    offsets = place_chain(layout, chain, least)
    assert offsets is not None
    assert layout.is_valid(offsets)
    assert layout.height(offsets) <= least
    assert place_chain(layout, chain, least - layout.grid_bytes) is None


@settings(max_examples=300)
@given(layouts(5, is_line=False))
def test_branching_finds_and_refutes(layout: Layout) -> None:
    """With enough work the exact search finds a plan at the least height, and none below it."""
    least = least_bytes(layout)
    found, refuted = branch(layout, least, PLENTY), branch(layout, least - layout.grid_bytes, PLENTY)
    assert (Answer.FITS, Answer.IMPOSSIBLE) == (found.answer, refuted.answer)
    assert layout.is_valid(found.offsets)
    assert layout.height(found.offsets) <= least


@given(layouts(9, is_line=True))
def test_a_line_is_solved_as_branching_solves_it(layout: Layout) -> None:
    """Both exact searches agree on longer lines."""
    chain = read_chain(layout)
    assert chain is not None
    best = find_offsets(layout).arena_bytes
    assert branch(layout, best, PLENTY).answer is Answer.FITS
    assert branch(layout, best - layout.grid_bytes, PLENTY).answer is Answer.IMPOSSIBLE


@given(layouts(12, is_line=False))
def test_orders_give_valid_plans_each_better_than_the_last(layout: Layout) -> None:
    """Trying orders gives plans that hold, and only gains."""
    heights = list(_heights(layout))
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == len(set(heights)) > 0


def _heights(layout: Layout) -> Iterator[int]:
    for offsets in placements(layout, 30):
        assert layout.is_valid(offsets)
        yield layout.height(offsets)


@given(layouts(16, is_line=False), st.integers(0, 3))
def test_what_branching_finds_holds(layout: Layout, slack: int) -> None:
    """On larger problems, where the search goes back many times, a plan that it gives is valid and within the limit."""
    limit = joint_bytes(layout) + slack * layout.grid_bytes
    branching = branch(layout, limit, PLENTY // 100)
    if branching.answer is Answer.FITS:
        assert layout.is_valid(branching.offsets)
        assert layout.height(branching.offsets) <= limit
    elif branching.answer is Answer.IMPOSSIBLE:
        assert find_offsets(layout).arena_bytes > limit


def test_work_is_limited() -> None:
    """A search that may look at a hundred pairs of a large problem says that it ran out."""
    sketch = inception(60)
    layout = read_layout(sketch.program(len(sketch.values) - 1), sketch.calls, 4, overlap=True)
    branching = branch(layout, joint_bytes(layout), 100)
    assert branching.answer is Answer.WORK_LIMIT
    assert 100 < branching.work < 200
