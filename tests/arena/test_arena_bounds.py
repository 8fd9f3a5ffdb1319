"""What is needed at one moment: no plan takes less, and only moments that matter are looked at."""

from __future__ import annotations

from hypothesis import given
from support.plans import buffers

from edgewright.pipeline.arena import Buffer, planned_bytes
from edgewright.pipeline.arena.bounds import bound_bytes, crowded_moments


@given(buffers(12))
def test_the_bound_is_the_most_at_any_moment(placed: list[Buffer]) -> None:
    """Looking at every moment finds no more than looking at those that matter."""
    everywhere = max(
        sum(buffer.nbytes for buffer in placed if buffer.first <= moment <= buffer.last) for moment in range(12)
    )
    assert everywhere == bound_bytes(placed)
    assert everywhere <= planned_bytes(placed)


@given(buffers(12))
def test_buffers_that_meet_do_so_at_a_moment_that_matters(placed: list[Buffer]) -> None:
    """Two buffers are needed together exactly where a moment that matters needs both."""
    moments = crowded_moments(placed)
    for one in placed:
        for other in placed:
            shared = any(max(one.first, other.first) <= at <= min(one.last, other.last) for at in moments)
            assert one.meets(other) == shared


def test_nothing_needs_nothing() -> None:
    """Without buffers there is no moment."""
    assert ((), 0) == (crowded_moments([]), bound_bytes([]))
