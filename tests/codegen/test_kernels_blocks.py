"""Blocks: neighbouring axes become one, and what is read is told run by run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.codegen.kernels.blocks import AXES, Block, make_block, overlap, strides_of

BLOCKS = {
    "dense": (((2, 3, 4), (12, 4, 1), (12, 4, 1)), Block(begin=(0, 0), run=24, axes=((1, 0, 0),))),
    "columns": (((3, 2), (5, 1), (2, 1)), Block(begin=(0, 0), run=2, axes=((3, 5, 2),))),
    "turned": (((4, 3), (1, 4), (3, 1)), Block(begin=(0, 0), run=1, axes=((4, 1, 3), (3, 4, 1)))),
    "backwards": (((1, 6), (6, -1), (6, 1)), Block(begin=(0, 0), run=1, axes=((6, -1, 1),))),
    "one": (((1, 1), (1, 1), (1, 1)), Block(begin=(0, 0), run=1, axes=((1, 0, 0),))),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_axes_that_lie_behind_each_other_become_one(name: str) -> None:
    """Extents of 1 vanish, neighbours join, and the innermost dense axis is a run."""
    arguments, expected = BLOCKS[name]
    assert expected == make_block(*arguments)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_block_copies_what_its_axes_say(shape: list[int], random: object) -> None:
    """A transposition through a block, run by run, is numpy's."""
    order = [*range(len(shape))]
    random.shuffle(order)  # type: ignore[attr-defined]
    source = np.arange(np.prod(shape)).reshape(shape)
    strides, extents = strides_of(shape), [shape[axis] for axis in order]
    block = make_block(extents, [strides[axis] for axis in order], strides_of(extents))
    found = np.full(source.size, -1)
    for places in np.ndindex(*[extent for extent, _, _ in block.axes]):
        first, target = (sum(p * axis[side] for p, axis in zip(places, block.axes, strict=True)) for side in (1, 2))
        found[target : target + block.run] = source.reshape(-1)[first : first + block.run]
    assert source.transpose(order).reshape(-1).tolist() == found.tolist()


def test_the_numbers_are_those_of_the_helper() -> None:
    """Where it begins in both arrays, run, count of axes, then three numbers for each axis."""
    block = make_block((3, 2), (5, 1), (2, 1), (7, 9))
    assert [7, 9, 2, 1, 3, 5, 2] == block.numbers


def test_more_axes_than_the_helper_walks_over_are_told() -> None:
    """Seven axes that cannot join are one too many."""
    strides = [3**axis * 2 for axis in range(AXES, -1, -1)]
    assert make_block([2] * AXES, strides[1:], strides[1:]).is_short
    assert not make_block([2] * (AXES + 1), strides, strides).is_short


def test_what_is_needed_is_the_least_of_this_and_later_runs() -> None:
    """Runs that go backwards need the first bytes to the end."""
    needed = overlap(make_block((3, 2), (-4, 1), (2, 1), (8, 0))).first_needed
    assert needed is not None
    assert [0, 0, 0] == needed.tolist()
    needed = overlap(make_block((3, 2), (4, 1), (2, 1), (1, 0))).first_needed
    assert needed is not None
    assert [1, 5, 9] == needed.tolist()
