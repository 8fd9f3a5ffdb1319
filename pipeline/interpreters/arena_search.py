"""The search for the smallest arena: a pure function of a question that is asked again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgewright.pipeline import rounding

STEP_BYTES = 16
"""Arenas are aligned to this and sized in multiples of it."""

_STEPS_TRIED_ABOVE = (1, 2, 3, 4, 8, 16, 64, 256)


class NoArenaError(Exception):
    """No arena up to the limit works."""


@dataclass(frozen=True, kw_only=True)
class ArenaSearch:
    """What a search found and how often it asked."""

    arena_bytes: int
    attempts: int


def smallest_working(works: Callable[[int], bool], *, near_bytes: int, limit_bytes: int) -> ArenaSearch:
    """Find the smallest arena that works, in steps of 16 bytes.

    From a size that should be near, the search goes up or down in doubling strides until it has a size that fails and
    one that works, and halves the way between them. That larger arenas work as well is an assumption: sizes above the
    one found are tried, and where one fails, the search starts again above it.

    Args:
        works: whether the model allocates and runs in an arena of so many bytes.
        near_bytes: a first guess; the result does not depend on it, only the number of attempts.
        limit_bytes: the largest arena that is tried.

    Returns:
        A multiple of 16 that works, while 16 less does not; so do the sizes above it that were tried.

    Raises:
        NoArenaError: nothing up to `limit_bytes` works.
    """
    answers: dict[int, bool] = {0: False}

    def ask(arena_bytes: int) -> bool:
        if arena_bytes not in answers:
            answers[arena_bytes] = works(arena_bytes)
        return answers[arena_bytes]

    fails, found = _bracket(ask, round_up(near_bytes), limit_bytes)
    while True:
        found = _halve(ask, fails, found)
        above = (found + steps * STEP_BYTES for steps in _STEPS_TRIED_ABOVE)
        failing = [size for size in above if size <= limit_bytes and not ask(size)]
        if not failing:
            return ArenaSearch(arena_bytes=found, attempts=len(answers) - 1)
        fails, found = _stride_up(ask, max(failing), limit_bytes)


def round_up(size_bytes: int) -> int:
    """Round up to a multiple of 16.

    >>> round_up(16), round_up(17)
    (16, 32)
    """
    return rounding.round_up(size_bytes, STEP_BYTES)


def _bracket(ask: Callable[[int], bool], near: int, limit: int) -> tuple[int, int]:
    """Return a size that fails and a larger one that works."""
    near = min(max(near, STEP_BYTES), limit // STEP_BYTES * STEP_BYTES)
    if not ask(near):
        return _stride_up(ask, near, limit)
    works, stride = near, STEP_BYTES
    while ask(max(works - stride, 0)):
        works, stride = works - stride, stride * 2
    return max(works - stride, 0), works


def _stride_up(ask: Callable[[int], bool], fails: int, limit: int) -> tuple[int, int]:
    """Go up from a size that fails to one that works; return the last that failed, too."""
    top = limit // STEP_BYTES * STEP_BYTES
    stride = STEP_BYTES
    while fails < top:
        candidate = min(fails + stride, top)
        if ask(candidate):
            return fails, candidate
        fails, stride = candidate, stride * 2
    raise NoArenaError(f"no arena up to {limit} bytes works")


def _halve(ask: Callable[[int], bool], fails: int, works: int) -> int:
    while works - fails > STEP_BYTES:
        middle = (fails + works) // (2 * STEP_BYTES) * STEP_BYTES
        if ask(middle):
            works = middle
        else:
            fails = middle
    return works
