"""The exact search: what it finds is a plan, what it refutes is impossible, and its steps are limited."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.plans import TIGHT, buffers, collisions, least_bytes, top_bytes

from edgewright.pipeline.arena import Buffer
from edgewright.pipeline.arena.bounds import bound_bytes
from edgewright.pipeline.arena.optimum import MOST_EXACT
from edgewright.pipeline.arena.packing import Answer, pack

PLENTY = 100_000


@given(buffers(6))
def test_the_best_plan_is_found_and_a_better_one_refuted(placed: list[Buffer]) -> None:
    """The search agrees with trying every order, on both sides of the least that is possible."""
    least = least_bytes(placed)
    found, refuted = pack(placed, least, PLENTY), pack(placed, least - 16, PLENTY)
    assert (Answer.FITS, Answer.IMPOSSIBLE) == (found.answer, refuted.answer)
    assert least == top_bytes(placed, found.offsets)
    assert least - 16 < refuted.least_bytes <= least


@given(buffers(14), st.integers(0, 6))
def test_a_plan_keeps_within_its_limit(placed: list[Buffer], slack: int) -> None:
    """A plan that was found has no collision, its places are multiples of 16, and it takes what was allowed."""
    limit = bound_bytes(placed) + 16 * slack
    packing = pack(placed, limit, PLENTY)
    if packing.answer is Answer.FITS:
        assert [] == collisions(placed, packing.offsets)
        assert top_bytes(placed, packing.offsets) <= limit
        assert {0} == {offset % 16 for offset in packing.offsets}
    else:
        assert limit < packing.least_bytes


@given(buffers(14))
def test_the_same_steps_are_taken_again(placed: list[Buffer]) -> None:
    """A search is a function of its input."""
    limit = bound_bytes(placed)
    assert pack(placed, limit, PLENTY) == pack(placed, limit, PLENTY)


def test_a_bound_that_no_plan_reaches_is_refuted() -> None:
    """Eight buffers leave no byte free at any moment at their bound of 144, and yet no plan takes less than 160."""
    assert 144 == bound_bytes(TIGHT)
    refuted = pack(TIGHT, 144, PLENTY)
    assert (Answer.IMPOSSIBLE, 160) == (refuted.answer, refuted.least_bytes)
    assert 160 == least_bytes(TIGHT) == top_bytes(TIGHT, pack(TIGHT, 160, PLENTY).offsets)


def test_steps_are_limited() -> None:
    """A search that may take ten steps says that it ran out, not that there is no plan."""
    assert (Answer.STEP_LIMIT, 11) == ((packing := pack(TIGHT, 144, 10)).answer, packing.steps)


def test_equal_buffers_are_not_tried_in_every_order() -> None:
    """Thirty equal buffers at one moment do not fit into less than all of them, and that is seen at once."""
    equal = [Buffer(nbytes=48, first=0, last=3)] * 30
    assert pack(equal, 30 * 48 - 16, PLENTY).steps == 1
    assert pack(equal, 30 * 48, PLENTY).steps == 30


def test_hundreds_of_buffers_at_one_moment_are_no_matter() -> None:
    """The search goes as deep as there are buffers, and three hundred are within Python's limit of calls."""
    tower = [Buffer(nbytes=16 * (1 + index), first=0, last=1) for index in range(MOST_EXACT)]
    packing = pack(tower, bound_bytes(tower), PLENTY)
    assert (Answer.FITS, MOST_EXACT) == (packing.answer, packing.steps)


def test_nothing_fits_into_nothing() -> None:
    """Without buffers every plan is one."""
    assert (Answer.FITS, ()) == ((packing := pack([], 0, 1)).answer, packing.offsets)
