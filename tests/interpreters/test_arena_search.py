"""The search for the smallest arena, against questions whose answer is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.interpreters.arena_search import NoArenaError, round_up, smallest_working

LIMIT_BYTES = 1 << 20


@given(st.integers(1, LIMIT_BYTES), st.integers(0, 2 * LIMIT_BYTES))
def test_a_threshold_is_found_from_anywhere(needed_bytes: int, near_bytes: int) -> None:
    """Whatever the guess, the result is the need rounded up to 16."""
    found = smallest_working(lambda size: size >= needed_bytes, near_bytes=near_bytes, limit_bytes=LIMIT_BYTES)
    assert round_up(needed_bytes) == found.arena_bytes


@given(st.integers(1, 20000))
def test_a_good_guess_is_cheap(needed_bytes: int) -> None:
    """A guess one step off takes a dozen attempts, most of them to check sizes above."""
    found = smallest_working(
        lambda size: size >= needed_bytes, near_bytes=round_up(needed_bytes), limit_bytes=LIMIT_BYTES
    )
    assert found.attempts <= 12


@given(st.sets(st.integers(1, 400), max_size=40), st.integers(1, 400))
def test_what_is_found_works_where_larger_arenas_fail(holes: set[int], near_steps: int) -> None:
    """With sizes that fail among those that work, the result works and the next sizes above it do as well."""

    def works(size: int) -> bool:
        return size > 800 and size // 16 not in holes

    found = smallest_working(works, near_bytes=near_steps * 16, limit_bytes=LIMIT_BYTES).arena_bytes
    assert 0 == found % 16
    assert [True] * 5 == [works(found + steps * 16) for steps in range(5)]
    assert not works(found - 16)


def test_nothing_works() -> None:
    """Without any arena that works, the search ends at its limit."""
    with pytest.raises(NoArenaError, match="no arena up to 1000 bytes works"):
        smallest_working(lambda size: False, near_bytes=16, limit_bytes=1000)


@pytest.mark.parametrize(("size_bytes", "rounded_bytes"), [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32)])
def test_rounding(size_bytes: int, rounded_bytes: int) -> None:
    """Sizes are rounded up to multiples of 16."""
    assert rounded_bytes == round_up(size_bytes)
