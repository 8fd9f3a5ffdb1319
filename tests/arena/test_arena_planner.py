"""The greedy plan: live buffers never overlap, and it lies between what is alive and the sum of everything."""

from __future__ import annotations

import dataclasses
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.arena import Buffer, plan, planned_bytes
from edgewright.pipeline.graph import Lifetime, liveness_bound_bytes

BUFFERS = st.lists(
    st.builds(
        lambda units, first, span: Buffer(nbytes=16 * units, first=first, last=first + span),
        st.integers(0, 40),
        st.integers(0, 12),
        st.integers(0, 6),
    ),
    max_size=24,
)


def alive_bytes(buffers: list[Buffer]) -> int:
    """The most that is needed at one moment."""
    return liveness_bound_bytes(
        Lifetime(tensor_index=index, first=buffer.first, last=buffer.last, nbytes=buffer.nbytes)
        for index, buffer in enumerate(buffers)
    )


def overlaps(buffers: list[Buffer]) -> list[tuple[int, int]]:
    """Pairs of buffers that are needed at the same moment and share a byte."""
    offsets = plan(buffers)
    return [
        (one, other)
        for one, other in combinations(range(len(buffers)), 2)
        if buffers[one].meets(buffers[other])
        and offsets[one] < offsets[other] + buffers[other].nbytes
        and offsets[other] < offsets[one] + buffers[one].nbytes
    ]


@given(BUFFERS)
def test_no_live_buffers_overlap(buffers: list[Buffer]) -> None:
    """Two buffers that are needed at the same moment never share a byte."""
    assert [] == overlaps(buffers)


@given(BUFFERS)
def test_a_plan_lies_between_its_bounds(buffers: list[Buffer]) -> None:
    """A plan takes at least what is alive together and at most the sum of all."""
    assert alive_bytes(buffers) <= planned_bytes(buffers) <= sum(buffer.nbytes for buffer in buffers)


@given(BUFFERS, st.integers(0, 20))
def test_offline_offsets_stay(buffers: list[Buffer], units: int) -> None:
    """A buffer with a place of its own stays there, and the others go around it."""
    fixed = [Buffer(nbytes=64, first=0, last=20, offset=16 * units), *buffers]
    assert 16 * units == plan(fixed)[0]
    assert [] == overlaps(fixed)


def test_a_buffer_that_is_never_needed_with_another_lies_at_the_bottom() -> None:
    """Buffers whose times do not meet all begin at 0."""
    apart = [Buffer(nbytes=size, first=moment, last=moment) for moment, size in enumerate((48, 16, 32))]
    assert ((0, 0, 0), 48) == (plan(apart), planned_bytes(apart))


def test_the_largest_goes_first_and_of_equal_ones_the_last() -> None:
    """The order by falling size decides who lies at the bottom."""
    together = [Buffer(nbytes=size, first=0, last=0) for size in (16, 32, 32)]
    assert (64, 32, 0) == plan(together)


def test_a_gap_is_used_when_it_is_large_enough() -> None:
    """A small buffer goes between two others where one was free before."""
    buffers = [
        Buffer(nbytes=64, first=0, last=0),
        Buffer(nbytes=48, first=0, last=1),
        Buffer(nbytes=16, first=1, last=1),
    ]
    assert (0, 64, 0) == plan(buffers)


def test_the_greedy_plan_is_not_the_best() -> None:
    """A chain where the plan takes more than what is alive together, as TFLM's own does."""
    sizes = [(64, 0, 1), (48, 1, 2), (32, 2, 3), (64, 3, 4)]
    buffers = [Buffer(nbytes=nbytes, first=first, last=last) for nbytes, first, last in sizes]
    assert (112, 144) == (alive_bytes(buffers), planned_bytes(buffers))


@pytest.mark.parametrize("buffers", [[], [Buffer(nbytes=0, first=0, last=3)]])
def test_nothing_takes_nothing(buffers: list[Buffer]) -> None:
    """No buffer, or an empty one, needs no memory."""
    assert 0 == planned_bytes(buffers)


def test_buffers_are_compared_by_value() -> None:
    """A moved buffer is another one."""
    buffer = Buffer(nbytes=16, first=0, last=1)
    assert buffer == dataclasses.replace(buffer) != dataclasses.replace(buffer, offset=0)
