"""Whether blocks fit into so many bytes: exact, by branching on which of two blocks lies above, with a limit on work.

Each block has a lowest and a highest place that are still possible. A pair that can no longer lie one way round must
lie the other way, which narrows both. If all blocks fit at their lowest places, that is a plan; if not, some pair is
too close there, and either way round is tried. Method: disjunctive constraints of scheduling, as in J. Carlier and
E. Pinson, "An Algorithm for Solving the Job-Shop Problem", 1989, with distances that may be negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush

from edgewright.pipeline.codegen.memory.layout import Layout, Offsets


class Order(Enum):
    """Which pairs are decided first."""

    BY_TIME = "by_time"
    """Those that are needed first: where something goes wrong, what led to it was decided just before."""
    CROWDED_FIRST = "crowded_first"
    """Those of the moments that need the most."""


class Answer(Enum):
    """What a search found out."""

    FITS = "fits"
    IMPOSSIBLE = "impossible"
    WORK_LIMIT = "work_limit"
    """The work that was allowed ran out first."""


@dataclass(frozen=True, kw_only=True)
class Branching:
    """The end of one search."""

    answer: Answer
    offsets: Offsets = ()
    """Where the blocks fit."""
    work: int = 0
    """Pairs that were looked at."""


class _OutOfWorkError(Exception):
    """The limit was reached."""


def branch(layout: Layout, limit_bytes: int, work_limit: int, order: Order = Order.BY_TIME) -> Branching:
    """Look for a plan that takes at most so many bytes.

    Args:
        layout: the problem.
        limit_bytes: what the plan may take.
        work_limit: after so many looks at a pair the search ends; not seconds, so that every computer finds the same.
        order: which pairs are decided first; some problems are easy in one order alone.
    """
    search = _Search(layout, limit_bytes, work_limit, order)
    try:
        fits = search.run()
    except _OutOfWorkError:
        return Branching(answer=Answer.WORK_LIMIT, work=search.work)
    if fits:
        return Branching(answer=Answer.FITS, offsets=tuple(search.low), work=search.work)
    return Branching(answer=Answer.IMPOSSIBLE, work=search.work)


@dataclass(frozen=True)
class _Pair:
    """The block `other` may begin at most `below` or at least `above`, relative to the block `one`."""

    one: int
    other: int
    below: int
    above: int


class _Search:
    """Bounds of each block's place, and the way back."""

    def __init__(self, layout: Layout, limit_bytes: int, work_limit: int, order: Order) -> None:
        self.low = [0] * len(layout.blocks)
        self.work = 0
        self._work_limit = work_limit
        self._alignments = [block.alignment_bytes for block in layout.blocks]
        self._high = [
            (limit_bytes - size) // alignment * alignment
            for size, alignment in zip(layout.sizes, self._alignments, strict=True)
        ]
        self._pairs = _pairs(layout, order)
        self._of: list[list[int]] = [[] for _ in layout.blocks]
        for number, pair in enumerate(self._pairs):
            self._of[pair.one].append(number)
            self._of[pair.other].append(number)
        self._is_above: list[bool | None] = [None] * len(self._pairs)
        self._trail: list[tuple[list[int], int, int]] = []
        self._changed: list[int] = []
        self._too_close: list[int] = []
        """A heap of pairs; all that are too close at the lowest places are in it, and others may be.

        One that is taken out to be decided comes back as soon as one of its blocks is looked at again.
        """

    def run(self) -> bool:
        """Search depth first, without recursion."""
        if any(high < 0 for high in self._high):
            return False
        self._changed = list(range(len(self.low)))
        untried: list[tuple[int, bool, int]] = []  # pair, way round, length of the trail before
        holds = self._propagate()
        while True:
            number = self._violated() if holds else None
            if holds and number is None:
                return True
            if number is not None:
                is_above = self._prefers_above(self._pairs[number])
                untried.append((number, not is_above, len(self._trail)))
                holds = self._decide(number, is_above)
                continue
            while untried and self._is_second(untried[-1]):
                self._forget(untried.pop())
            if not untried:
                return False
            number, is_above, length = untried[-1]
            self._undo(length)
            untried[-1] = number, is_above, -1 - length
            holds = self._decide(number, is_above)

    def _is_second(self, entry: tuple[int, bool, int]) -> bool:
        return entry[2] < 0

    def _forget(self, entry: tuple[int, bool, int]) -> None:
        number, _, length = entry
        self._undo(-1 - length)
        self._is_above[number] = None

    def _undo(self, length: int) -> None:
        moved = set()
        while len(self._trail) > length:
            bounds, index, value = self._trail.pop()
            bounds[index] = value
            if bounds is self.low:
                moved.add(index)
        for index in moved:
            self._look_again(index)

    def _decide(self, number: int, is_above: bool) -> bool:
        self._is_above[number] = is_above
        pair = self._pairs[number]
        self._changed = [pair.one, pair.other]
        return self._propagate()

    def _violated(self) -> int | None:
        """Return the first pair that is too close where all blocks are as low as possible."""
        while self._too_close:
            number = heappop(self._too_close)
            if self._is_too_close(number):
                return number
        return None

    def _is_too_close(self, number: int) -> bool:
        pair = self._pairs[number]
        return pair.below < self.low[pair.other] - self.low[pair.one] < pair.above

    def _look_again(self, index: int) -> None:
        """Note the pairs of a block that are too close now that its lowest place is another one."""
        for number in self._of[index]:
            if self._is_too_close(number):
                heappush(self._too_close, number)

    def _prefers_above(self, pair: _Pair) -> bool:
        """Whether less must be moved if the second block goes above the first than the other way round."""
        difference = self.low[pair.other] - self.low[pair.one]
        return pair.above - difference <= difference - pair.below

    def _propagate(self) -> bool:
        """Narrow the bounds as far as pairs demand it; False where some block has no place left."""
        while self._changed:
            index = self._changed.pop()
            self._look_again(index)
            for number in self._of[index]:
                self.work += 1
                if not self._narrow(self._pairs[number], self._is_above[number]):
                    return False
            if self.work > self._work_limit:
                raise _OutOfWorkError
        return True

    def _narrow(self, pair: _Pair, is_above: bool | None) -> bool:
        low, high = self.low, self._high
        one, other = pair.one, pair.other
        can_below = is_above is not True and low[other] - high[one] <= pair.below
        can_above = is_above is not False and high[other] - low[one] >= pair.above
        if can_below and can_above:
            return True
        if can_below:
            return self._lift(one, low[other] - pair.below) and self._lower(other, high[one] + pair.below)
        if can_above:
            return self._lift(other, low[one] + pair.above) and self._lower(one, high[other] - pair.above)
        return False

    def _lift(self, index: int, place: int) -> bool:
        if place > self.low[index]:
            alignment = self._alignments[index]
            self._set(self.low, index, -(-place // alignment) * alignment)
        return self.low[index] <= self._high[index]

    def _lower(self, index: int, place: int) -> bool:
        if place < self._high[index]:
            alignment = self._alignments[index]
            self._set(self._high, index, place // alignment * alignment)
        return self.low[index] <= self._high[index]

    def _set(self, bounds: list[int], index: int, value: int) -> None:
        self._trail.append((bounds, index, bounds[index]))
        bounds[index] = value
        self._changed.append(index)


def _pairs(layout: Layout, order: Order) -> list[_Pair]:
    """Return each pair once, in the order in which they are decided."""
    pairs = [
        _Pair(rival.index, index, rival.separation.most_below, rival.separation.least_above)
        for index, rivals in enumerate(layout.rivals)
        for rival in rivals
        if rival.index < index
    ]
    loads = _loads(layout)

    def rank(pair: _Pair) -> tuple[int, int, int, int, int]:
        one, other = layout.blocks[pair.one], layout.blocks[pair.other]
        begin, end = max(one.first, other.first), min(one.last, other.last)
        load = max(loads[moment] for moment in range(begin, end + 1)) if order is Order.CROWDED_FIRST else 0
        return -load, begin, pair.below - pair.above, pair.one, pair.other

    return sorted(pairs, key=rank)


def _loads(layout: Layout) -> dict[int, int]:
    """Return for each moment the bytes of all blocks that are needed then."""
    loads: dict[int, int] = {}
    for block, nbytes in zip(layout.blocks, layout.sizes, strict=True):
        for moment in range(block.first, block.last + 1):
            loads[moment] = loads.get(moment, 0) + nbytes
    return loads
