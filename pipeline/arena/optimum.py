"""The best places of a model's tensors: TFLM places the scratch buffers itself, around what an offline plan fixes.

Nothing can take less than what is needed at one moment. Where no plan reaches that bound, the search refutes it and
goes on to the next height that was not refuted, until a plan is found or the steps run out.
The search places scratch freely, which refutes no less; what it finds counts as TFLM then places the scratch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.arena.bounds import bound_bytes
from edgewright.pipeline.arena.buffers import ALIGNMENT
from edgewright.pipeline.arena.packing import Answer, pack
from edgewright.pipeline.arena.planner import Buffer, planned_bytes
from edgewright.pipeline.arena.restarts import restarts
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.vocabulary import PlanEnding

QUICK_STEPS = 2_000
"""Most models need as many steps as they have buffers; for the others random restarts come before a long search."""
RESTART_WORK = 600_000
"""Pairs of buffers that the restarts look at."""
STEPS = 20_000
MOST_EXACT = 300
"""With more buffers only the restarts are run; the exact search calls itself for each buffer."""


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """Where the tensors go."""

    offsets: tuple[int, ...] | None
    """Of each tensor in the order given; None where TFLM's own plan is as good."""
    head_bytes: int
    """What TFLM's plan takes with these offsets."""
    greedy_bytes: int
    """What it takes without."""
    bound_bytes: int
    """What is needed at one moment: no plan takes less."""
    least_bytes: int
    """No plan takes less than this, which the search proved; at least the bound."""
    ending: PlanEnding
    steps: int


def find_optimum(tensors: Sequence[Buffer], scratch: Sequence[Buffer], steps: int = STEPS) -> Optimum:
    """Find the tensors' best places.

    Args:
        tensors: may get an offline place.
        scratch: never get one.
        steps: of the exact search, in all; the same steps are taken on every computer.
    """
    search = _Search(tensors, scratch)
    is_exact = len(search.together) <= MOST_EXACT
    search.climb(QUICK_STEPS if is_exact else 0)
    search.restart()
    search.halve(QUICK_STEPS if is_exact else 0)
    search.climb(steps if is_exact else 0)
    return Optimum(
        offsets=search.offsets,
        head_bytes=search.best_bytes,
        greedy_bytes=search.greedy_bytes,
        bound_bytes=search.bound_bytes,
        least_bytes=search.least_bytes,
        ending=search.ending,
        steps=search.steps,
    )


class _Search:
    """The best plan so far, and what is proved."""

    def __init__(self, tensors: Sequence[Buffer], scratch: Sequence[Buffer]) -> None:
        self._tensors, self._scratch = tuple(tensors), tuple(scratch)
        self.together = (*self._tensors, *self._scratch)
        self.offsets: tuple[int, ...] | None = None
        self.greedy_bytes = self.best_bytes = planned_bytes(self.together)
        self.bound_bytes = self.least_bytes = bound_bytes(self.together)
        self.steps = 0

    @property
    def ending(self) -> PlanEnding:
        """How the search ended."""
        if self.best_bytes == self.bound_bytes:
            return PlanEnding.AT_BOUND
        if self.best_bytes == self.least_bytes:
            return PlanEnding.PROVED
        return PlanEnding.BOUND_REFUTED if self.least_bytes > self.bound_bytes else PlanEnding.STEP_LIMIT

    def climb(self, steps: int) -> None:
        """Look for a plan at the least height that is not refuted, and go up from there."""
        end = self.steps + steps
        while self.least_bytes < self.best_bytes and self.steps < end:
            packing = pack(self.together, self.least_bytes, end - self.steps)
            self.steps += packing.steps
            if packing.answer is Answer.FITS:
                self._try(packing.offsets[: len(self._tensors)])
            if packing.answer is not Answer.IMPOSSIBLE:
                return
            self.least_bytes = min(packing.least_bytes, self.best_bytes)

    def halve(self, steps: int) -> None:
        """Look for plans half-way between what is refuted and the best so far, with so many steps for each."""
        low_bytes = self.least_bytes
        while steps and self.best_bytes - low_bytes > ALIGNMENT:
            middle = round_up((low_bytes + self.best_bytes) // 2, ALIGNMENT)
            packing = pack(self.together, middle, steps)
            self.steps += packing.steps
            if packing.answer is not Answer.FITS or self._try(packing.offsets[: len(self._tensors)]) > middle:
                low_bytes = middle

    def restart(self) -> None:
        """Try many orders."""
        if self.best_bytes == self.least_bytes:
            return
        pairs = sum(one.meets(other) for one in self.together for other in self.together)
        for offsets in restarts(self.together, max(RESTART_WORK // max(pairs, 1), 1)):
            self._try(offsets[: len(self._tensors)])
            if self.best_bytes == self.least_bytes:
                return

    def _try(self, offsets: Sequence[int]) -> int:
        """Return what TFLM's plan takes with the tensors at these places, and keep them where that is better."""
        fixed = [
            dataclasses.replace(buffer, offset=offset) for buffer, offset in zip(self._tensors, offsets, strict=True)
        ]
        nbytes = planned_bytes((*fixed, *self._scratch))
        if nbytes < self.best_bytes:
            self.best_bytes, self.offsets = nbytes, tuple(offsets)
        return nbytes
