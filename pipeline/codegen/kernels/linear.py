"""A sum of two bytes as one linear expression: constants with which it is exact for all 65,536 pairs, where there are.

For given factors, what an offset must be follows from all pairs at once: it has to be at least what the pairs with the
least room below need, at most what those with the least room above allow. Factors next to the real ones are tried; only
the few pairs with little room can decide between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgewright.pipeline.codegen.fixedpoint import Int64s, requantize
from edgewright.pipeline.codegen.operations import Addition, Arithmetic

RADIUS = 8
"""How far from the real factors those that are tried may lie."""
SHIFTS_TRIED = 3
_BYTES = np.arange(-128, 128, dtype=np.int64)
_MOVES = np.arange(-RADIUS, RADIUS + 1, dtype=np.int64)
_NOTHING = np.int64(2**62)


@dataclass(frozen=True, kw_only=True)
class Linear:
    """`(left_factor * left + right_factor * right + offset) >> shift`; no step leaves 32 bits."""

    left_factor: int
    right_factor: int
    offset: int
    shift: int


@dataclass(frozen=True, kw_only=True)
class _Sum:
    """All figures of an addition."""

    left: tuple[int, int, int]
    """Zero point, multiplier, shift."""
    right: tuple[int, int, int]
    sign: int
    left_shift: int
    rescaling: tuple[int, int]
    zero_point: int
    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tightest:
    """Pairs with little room: how much, and their elements."""

    rooms: Int64s
    lefts: Int64s
    rights: Int64s


def linear(operation: Addition) -> Linear | None:
    """Return an expression that equals the operation once it is clamped; None where none was found."""
    rescaling = operation.requantization
    return _linear(
        _Sum(
            left=(operation.left.zero_point, operation.left.multiplier, operation.left.shift),
            right=(operation.right.zero_point, operation.right.multiplier, operation.right.shift),
            sign=1 if operation.kind is Arithmetic.ADD else -1,
            left_shift=operation.left_shift,
            rescaling=(int(rescaling.multipliers[0]), int(rescaling.shifts[0])),
            zero_point=rescaling.zero_point,
            minimum=rescaling.minimum,
            maximum=rescaling.maximum,
        )
    )


@lru_cache(maxsize=4096)
def _linear(one: _Sum) -> Linear | None:
    exact = _outputs(one)
    most = _largest_shift(one)
    for shift in range(most, max(most - SHIFTS_TRIED, 0), -1):
        found = _at_shift(one, exact, shift)
        if found is not None and np.array_equal(_evaluated(found, one), exact):
            return found
    return None


def _outputs(one: _Sum) -> Int64s:
    """Return the output for every pair, left ones along the first axis."""
    left, right = (
        requantize((_BYTES - zero_point) << one.left_shift, multiplier, shift)
        for zero_point, multiplier, shift in (one.left, one.right)
    )
    sums = left[:, None] + one.sign * right[None, :]
    return np.clip(requantize(sums, *one.rescaling) + one.zero_point, one.minimum, one.maximum)


def _evaluated(found: Linear, one: _Sum) -> Int64s:
    sums = found.left_factor * _BYTES[:, None] + found.right_factor * _BYTES[None, :] + found.offset
    return np.clip(sums >> found.shift, one.minimum, one.maximum)


def _factors(one: _Sum) -> tuple[float, float]:
    """Return what one unit of the left and of the right side adds to the output."""
    output = one.rescaling[0] * 2.0 ** (one.rescaling[1] - 31 + one.left_shift - 31)
    left, right = (multiplier * 2.0**shift * output for _, multiplier, shift in (one.left, one.right))
    return left, one.sign * right


def _largest_shift(one: _Sum) -> int:
    """Return the largest shift with which nothing leaves 32 bits, whatever the order."""
    left, right = _factors(one)
    reach = abs(left) * (128 + abs(one.left[0])) + abs(right) * (128 + abs(one.right[0])) + abs(one.zero_point) + 1
    return min(30, int(np.floor(31 - np.log2(reach * 1.001))))


def _at_shift(one: _Sum, exact: Int64s, shift: int) -> Linear | None:
    """Return the expression with the most room among those with a shift; None where none has any."""
    left, right = (int(np.rint(factor * 2.0**shift)) for factor in _factors(one))
    sums = left * _BYTES[:, None] + right * _BYTES[None, :]
    below = _tightest(np.where(exact > one.minimum, sums - (exact << shift), _NOTHING))
    above = _tightest(np.where(exact < one.maximum, ((exact + 1) << shift) - 1 - sums, _NOTHING))
    best: tuple[int, Linear] | None = None
    for move in map(int, _MOVES):
        needed = -(below.rooms + below.lefts * move + below.rights * _MOVES[:, None]).min(axis=1)
        allowed = (above.rooms - above.lefts * move - above.rights * _MOVES[:, None]).min(axis=1)
        place = int(np.argmax(allowed - needed))
        room = int(allowed[place] - needed[place])
        if room >= 0 and (best is None or room > best[0]):
            offset = int(needed[place]) + room // 2
            factors = (left + move, right + int(_MOVES[place]))
            best = (room, Linear(left_factor=factors[0], right_factor=factors[1], offset=offset, shift=shift))
    return best[1] if best is not None and _fits(best[1]) else None


def _tightest(rooms: Int64s) -> _Tightest:
    """Return the pairs with so little room that factors next to these can make one of them the tightest."""
    places = np.flatnonzero(rooms <= rooms.min() + 4 * RADIUS * 128)
    return _Tightest(rooms=rooms.reshape(-1)[places], lefts=_BYTES[places // 256], rights=_BYTES[places % 256])


def _fits(found: Linear) -> bool:
    return 128 * (abs(found.left_factor) + abs(found.right_factor)) + abs(found.offset) < 2**31
