"""Random restarts: each plan is valid and better than those before, and the same ones are found again."""

from __future__ import annotations

from hypothesis import given
from support.plans import buffers, collisions, least_bytes, top_bytes

from edgewright.pipeline.arena import Buffer
from edgewright.pipeline.arena.restarts import restarts


@given(buffers(14))
def test_each_plan_is_valid_and_better_than_the_last(placed: list[Buffer]) -> None:
    """No plan has a collision, and what they take falls."""
    plans = list(restarts(placed, 60))
    assert [[]] * len(plans) == [collisions(placed, offsets) for offsets in plans]
    taken = [top_bytes(placed, offsets) for offsets in plans]
    assert taken == sorted(set(taken), reverse=True)


@given(buffers(5))
def test_small_ones_end_at_the_best_plan(placed: list[Buffer]) -> None:
    """With so few buffers some of many tries is the best plan."""
    *_, last = restarts(placed, 600)
    assert least_bytes(placed) == top_bytes(placed, last)


@given(buffers(14))
def test_the_same_plans_are_found_again(placed: list[Buffer]) -> None:
    """The seed is fixed."""
    assert list(restarts(placed, 60)) == list(restarts(placed, 60))
