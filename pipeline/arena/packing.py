"""Whether buffers fit into so many bytes: exact, by branch and bound, with a limit on the steps.

Every plan can be pushed down until each buffer lies at the bottom or on another one. So it is enough to place buffers
by rising offset, each as low as what lies under it allows: whatever comes later lies at least as high.
What is left after a step falls apart into groups that are never needed together; each is solved for itself.
Method: M. D. Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", 2023;
the memory of what was refuted is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from edgewright.pipeline.arena.bounds import crowded_moments
from edgewright.pipeline.arena.planner import Buffer


class Answer(Enum):
    """What a search found out."""

    FITS = "fits"
    IMPOSSIBLE = "impossible"
    STEP_LIMIT = "step_limit"
    """The steps ran out first."""


@dataclass(frozen=True, kw_only=True)
class Packing:
    """The end of one search."""

    answer: Answer
    offsets: tuple[int, ...] = ()
    """Of each buffer, in the order given, where they fit."""
    least_bytes: int = 0
    """Where they do not: no plan takes less than this, which is more than what was asked for."""
    steps: int = 0


class _OutOfStepsError(Exception):
    """The limit was reached."""


Floors = tuple[int, ...]
"""For each moment how high the place is taken."""
Group = tuple[int, ...]
"""Buffers that are still to be placed, by index."""


def pack(buffers: Sequence[Buffer], limit_bytes: int, step_limit: int) -> Packing:
    """Look for a plan that takes at most so many bytes.

    Args:
        buffers: what is to be placed; places that they have already are not looked at.
        limit_bytes: what the plan may take.
        step_limit: after so many steps the search ends; steps and not seconds, so that every computer finds the same.
    """
    search = _Search(buffers, limit_bytes, step_limit)
    try:
        fits = search.solve(tuple(range(len(buffers))), (0,) * search.moment_count)
    except _OutOfStepsError:
        return Packing(answer=Answer.STEP_LIMIT, steps=search.steps)
    if fits:
        offsets = tuple(search.offsets[index] for index in range(len(buffers)))
        return Packing(answer=Answer.FITS, offsets=offsets, steps=search.steps)
    return Packing(answer=Answer.IMPOSSIBLE, least_bytes=search.least_bytes, steps=search.steps)


class _Search:
    """One search; its methods follow the group of buffers that is left."""

    def __init__(self, buffers: Sequence[Buffer], limit_bytes: int, step_limit: int) -> None:
        moments = crowded_moments(buffers)
        self.moment_count = len(moments)
        self.offsets: dict[int, int] = {}
        self.steps = 0
        self.least_bytes = sum(buffer.nbytes for buffer in buffers) + 1
        self._limit_bytes = limit_bytes
        self._step_limit = step_limit
        self._sizes = [buffer.nbytes for buffer in buffers]
        self._spans = [
            tuple(at for at, moment in enumerate(moments) if buffer.first <= moment <= buffer.last)
            for buffer in buffers
        ]
        self._refuted: set[tuple[Group, Floors]] = set()

    def solve(self, group: Group, floors: Floors) -> bool:
        """Place a group above the floors, or find that it cannot be done; two calls deep for each buffer."""
        for part in self._parts(group):  # noqa: SIM110 a generator would be one more call
            if not self._solve_one(part, floors):
                return False
        return True

    def _solve_one(self, group: Group, floors: Floors) -> bool:
        self.steps += 1
        if self.steps > self._step_limit:
            raise _OutOfStepsError
        lowest = self._lowest_places(group, floors)
        if lowest is None:
            return False
        places, floors = lowest
        key = group, floors
        if key in self._refuted:
            return False
        for index in self._candidates(group, places):
            self.offsets[index] = places[index]
            rest = tuple(other for other in group if other != index)
            if self.solve(rest, self._raised(index, places[index], floors)):
                return True
        self._refuted.add(key)
        return False

    def _candidates(self, group: Group, places: dict[int, int]) -> Iterator[int]:
        """Which buffer may be the next above: none under which another one has room, of equal ones only the first."""
        sizes, spans = self._sizes, self._spans
        lowest_top = min(places[index] + sizes[index] for index in group)
        seen = set()
        for index in sorted(group, key=lambda index: (places[index], -sizes[index] * len(spans[index]), index)):
            kind = sizes[index], spans[index]
            if kind not in seen and (places[index] < lowest_top or not sizes[index]):
                seen.add(kind)
                yield index

    def _raised(self, index: int, place: int, floors: Floors) -> Floors:
        """Return the floors with a buffer at its place: over it, and nowhere lower than its place."""
        raised = [max(floor, place) for floor in floors]
        for at in self._spans[index]:
            raised[at] = place + self._sizes[index]
        return tuple(raised)

    def _lowest_places(self, group: Group, floors: Floors) -> tuple[dict[int, int], Floors] | None:
        """Find how low each buffer can go at best, and raise the floors under which nothing can go any more.

        Returns:
            None where some moment needs more than the limit; moments outside the group have the floor 0.
        """
        sizes, spans = self._sizes, self._spans
        heights = dict.fromkeys((at for index in group for at in spans[index]), 0)
        loads = dict.fromkeys(heights, 0)
        for index in group:
            for at in spans[index]:
                loads[at] += sizes[index]
        heights = {at: floors[at] for at in heights}
        while True:
            places = {index: max(heights[at] for at in spans[index]) for index in group}
            lowest: dict[int, int] = {}
            for index in group:
                place = places[index]
                for at in spans[index]:
                    if place < lowest.get(at, place + 1):
                        lowest[at] = place
            if lowest == heights:
                break
            heights = lowest
        needed = max(height + loads[at] for at, height in heights.items())
        if needed > self._limit_bytes:
            self.least_bytes = min(self.least_bytes, needed)
            return None
        return places, tuple(heights.get(at, 0) for at in range(self.moment_count))

    def _parts(self, group: Group) -> Iterator[Group]:
        """Split a group into those that are needed together, directly or by way of others."""
        part: list[int] = []
        end = -1
        for index in sorted(group, key=lambda index: self._spans[index][0]):
            if part and self._spans[index][0] > end:
                yield tuple(sorted(part))
                part = []
            part.append(index)
            end = max(end, self._spans[index][-1])
        if part:
            yield tuple(sorted(part))
