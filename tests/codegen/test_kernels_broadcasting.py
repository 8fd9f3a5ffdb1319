"""How two arrays are walked over together."""

from __future__ import annotations

import numpy as np
import pytest

from edgewright.pipeline.codegen.kernels.broadcasting import arguments, overlap, scalar_side, walk
from edgewright.pipeline.codegen.operations import Extreme, Extremum, Operand

Shape = tuple[int, ...]

WALKS: dict[str, tuple[Shape, Shape, list[int] | None]] = {
    "alike": ((2, 3, 4), (2, 3, 4), [1, 1, 1, 24, 0, 0, 0, 1, 0, 0, 0, 1]),
    "channels": ((2, 3, 4), (1, 1, 4), [1, 1, 6, 4, 0, 0, 4, 1, 0, 0, 0, 1]),
    "pixels": ((2, 3, 1), (2, 3, 4), [1, 1, 6, 4, 0, 0, 1, 0, 0, 0, 4, 1]),
    "number": ((1, 1), (5, 6), [1, 1, 1, 30, 0, 0, 0, 0, 0, 0, 0, 1]),
    "crossed": ((2, 1, 4, 1), (1, 3, 1, 5), [2, 3, 4, 5, 4, 0, 1, 0, 0, 5, 0, 1]),
    "five axes": ((2, 1, 4, 1, 6), (1, 3, 1, 5, 1), None),
    "one": ((), (), [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
}


def extreme(left: Shape, right: Shape, constant: str = "") -> Extreme:
    """Return an operation of two sides, of which one may be constant."""
    sides = [
        Operand(shape=shape, zero_point=0, constant=np.zeros(shape, np.int8) if name == constant else None)
        for name, shape in (("left", left), ("right", right))
    ]
    return Extreme(kind=Extremum.MAXIMUM, left=sides[0], right=sides[1], shape=np.broadcast_shapes(left, right))


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_joins_axes_that_are_broadcast_alike(name: str) -> None:
    """Extents first, then strides of left and right; more than four axes have no walk."""
    left, right, expected = WALKS[name]
    found = walk(extreme(left, right))
    assert expected == (None if found is None else found.tolist())


def test_only_values_of_the_whole_shape_may_be_overwritten() -> None:
    """A side that is broadcast may not; a constant is no value, so that the right side is the first one."""
    found = [overlap(one) for one in (extreme((3,), (3,)), extreme((3,), (1,)), extreme((1,), (3,)))]
    found.append(overlap(extreme((3,), (3,), constant="left")))
    assert [(True, True), (True, False), (False, True), (True, False)] == [
        (one.is_in_place, one.is_second_in_place) for one in found
    ]


def test_a_constant_takes_the_place_of_its_side() -> None:
    """Two values are passed in order; else the one value is the first, on either side of the constant."""
    assert arguments(extreme((3,), (3,))) is None
    for constant, place in (("left", 1), ("right", 0)):
        passed = arguments(extreme((3,), (3,), constant=constant))
        assert passed is not None
        assert 0 == passed[place]


def test_one_constant_number_makes_a_table() -> None:
    """A number beside a value of the output's shape does; a row does not, nor a value that is broadcast itself."""
    cases = [((4, 3), (1, 1), "right"), ((1, 1), (4, 3), "left"), ((4, 3), (1, 3), "right"), ((1, 3), (1, 1), "left")]
    assert [True, True, False, False] == [scalar_side(extreme(*case)) is not None for case in cases]
