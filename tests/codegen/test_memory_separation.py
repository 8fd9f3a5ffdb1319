"""How far two blocks must lie apart: every distance, against a kernel that is played through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from support.static_sketches import IN_PLACE, Overlaps, overlapping

from edgewright.pipeline.codegen.call import Overlap
from edgewright.pipeline.codegen.memory.separation import Separation, apart, overlapped


@given(overlapping(6))
def test_every_distance_is_judged_as_playing_it_through_judges_it(drawn: Overlaps) -> None:
    """An output at any distance is allowed if and only if no byte is written before its last reader."""
    overlap, source_bytes, output_bytes = drawn
    separation = overlapped(overlap, source_bytes, output_bytes, (1, 1))
    for difference in range(-output_bytes - 2, source_bytes + 3):
        assert _loses(overlap, source_bytes, output_bytes, difference) == separation.forbids(difference)


def _loses(overlap: Overlap, source_bytes: int, output_bytes: int, difference: int) -> bool:
    """Whether some group finds a byte overwritten that it may still read."""
    written: set[int] = set()
    group_bytes = 1 if overlap.is_in_place else overlap.group_bytes
    for group in range(output_bytes // group_bytes):
        at = output_bytes // group_bytes - 1 - group if overlap.is_descending else group
        if overlap.first_needed is None:
            needed = {at}
        elif overlap.is_descending:
            needed = set(range(int(overlap.first_needed[group])))
        else:
            needed = set(range(int(overlap.first_needed[group]), source_bytes))
        if needed & written:
            return True
        written |= {difference + at * group_bytes + byte for byte in range(group_bytes)}
    return False


def test_elements_that_shrink_may_lie_a_little_higher() -> None:
    """Floats that become bytes in place: the first byte may take the place of the first float's last byte."""
    assert Separation(most_below=3, least_above=16) == overlapped(IN_PLACE, 16, 4, (4, 1))


def test_elements_that_grow_must_be_written_from_below() -> None:
    """Bytes that become floats: the output begins so far below that the last element is read before it is written."""
    assert Separation(most_below=-9, least_above=4) == overlapped(IN_PLACE, 4, 16, (1, 4))
    downwards = Overlap(is_in_place=True, is_descending=True)
    assert Separation(most_below=-16, least_above=-3) == overlapped(downwards, 4, 16, (1, 4))


@pytest.mark.parametrize(
    ("overlap", "sentence"),
    [
        (IN_PLACE, "In place, 8 bytes cannot become 4"),
        (Overlap(group_bytes=4), "An overlap needs groups, or is in place"),
        (Overlap(group_bytes=1, first_needed=np.zeros(3, dtype=np.int64)), "3 groups of 1 bytes are not"),
    ],
)
def test_facts_that_do_not_fit_are_refused(overlap: Overlap, sentence: str) -> None:
    """Facts and sizes must agree."""
    with pytest.raises(ValueError, match=sentence):
        overlapped(overlap, 8, 4, (1, 1))


def test_a_grid_widens_what_is_forbidden() -> None:
    """On multiples of four, distances between are not possible anyway."""
    assert Separation(most_below=-8, least_above=12) == apart(5, 10).on_grid(4)


def test_either_of_two_orders_is_enough() -> None:
    """What one order allows below and the other above leaves only what both forbid."""
    upwards, downwards = Separation(most_below=-2, least_above=8), Separation(most_below=-8, least_above=3)
    assert Separation(most_below=-2, least_above=3) == upwards.relaxed(downwards)
    assert Separation(most_below=-3, least_above=2) == upwards.relaxed(downwards).mirrored
