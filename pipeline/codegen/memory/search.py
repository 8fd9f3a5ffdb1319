"""The best plan that is found with a fixed amount of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgewright.pipeline.codegen.memory.bounds import joint_bytes
from edgewright.pipeline.codegen.memory.branching import Answer, Order, branch
from edgewright.pipeline.codegen.memory.chain import place_chain, read_chain
from edgewright.pipeline.codegen.memory.layout import Layout, Offsets
from edgewright.pipeline.codegen.memory.placement import place, placements
from edgewright.pipeline.rounding import round_up

QUICK_WORK = 150_000
"""Pairs of blocks that the first exact searches look at; most programs need a few looks for each block."""
PLACEMENT_WORK = 200_000
"""Pairs that the orders look at."""
BRANCHING_WORK = 60_000
"""Pairs that each further exact search looks at."""
MOST_WORK = 500_000
"""And all of these together."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The best plan, and what is proved."""

    offsets: Offsets
    arena_bytes: int
    least_bytes: int
    """No plan takes less: what one moment needs, or what was refuted."""

    @property
    def is_best(self) -> bool:
        """Whether no plan takes less."""
        return self.arena_bytes == self.least_bytes


def find_offsets(layout: Layout) -> Found:
    """Find a plan; the same one always."""
    search = _Search(layout)
    chain = read_chain(layout)
    if chain is not None:
        search.halve(lambda limit: (True, place_chain(layout, chain, limit)))
    else:
        search.climb(_Branches(layout, QUICK_WORK, len(Order) * QUICK_WORK))
        search.try_orders(PLACEMENT_WORK)
        search.halve(_Branches(layout, BRANCHING_WORK, MOST_WORK))
    return Found(offsets=search.offsets, arena_bytes=search.best_bytes, least_bytes=search.least_bytes)


Fit = Callable[[int], tuple[bool, Offsets | None]]
"""Looks for a plan within a limit; tells whether its answer is a proof, and the plan."""


class _Branches:
    """The exact search in each order, as long as there is work left to spend."""

    def __init__(self, layout: Layout, each_work: int, most_work: int) -> None:
        self._layout, self._each_work, self._left_work = layout, each_work, most_work

    def __call__(self, limit_bytes: int) -> tuple[bool, Offsets | None]:
        for order in Order:
            work = min(self._each_work, self._left_work)
            if work <= 0:
                break
            branching = branch(self._layout, limit_bytes, work, order)
            self._left_work -= branching.work
            if branching.answer is not Answer.WORK_LIMIT:
                return True, branching.offsets if branching.answer is Answer.FITS else None
        return False, None


class _Search:
    """The best plan so far; limits are multiples of the grid."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        order = sorted(range(len(layout.blocks)), key=lambda index: (-layout.sizes[index], index))
        self.offsets: Offsets = tuple(place(layout, order))
        self.best_bytes = layout.height(self.offsets)
        self.least_bytes = joint_bytes(layout)

    def climb(self, fit: Fit) -> None:
        """Look for a plan that takes no more than what one moment needs."""
        if self.least_bytes < self.best_bytes:
            _, offsets = fit(self.least_bytes)
            self._keep(offsets)

    def try_orders(self, work: int) -> None:
        """Try many orders."""
        pairs = sum(map(len, self._layout.rivals))
        for offsets in placements(self._layout, max(work // max(pairs, 1), 1)):
            self._keep(offsets)
            if self.best_bytes == self.least_bytes:
                return

    def halve(self, fit: Fit) -> None:
        """Look for plans at the least that is not refuted, then half-way between that and the best so far."""
        grid = self._layout.grid_bytes
        low, limit = self.least_bytes - grid, self.least_bytes
        while self.best_bytes - low > grid:
            is_proof, offsets = fit(limit)
            self._keep(offsets)
            if offsets is None:
                low = limit
                if is_proof:
                    self.least_bytes = max(self.least_bytes, limit + grid)
            limit = round_up((low + self.best_bytes) // 2, grid)
            limit = min(limit, self.best_bytes - grid)

    def _keep(self, offsets: Offsets | None) -> None:
        if offsets is not None and self._layout.height(offsets) < self.best_bytes:
            self.offsets, self.best_bytes = offsets, self._layout.height(offsets)
