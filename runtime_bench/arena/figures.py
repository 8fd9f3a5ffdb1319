"""What `make bench-arena` measures, as data, and what must hold for it."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.figures import Figures
from edgewright.pipeline.vocabulary import PlanEnding

MOST_SECONDS = 10.0
LARGEST_EXCESS_SHARE = 0.03
LARGEST_EXCESS_BYTES = 256
"""A computed arena lies at most that share or so many bytes above the smallest that works, whichever is more."""
PROVED = frozenset({PlanEnding.AT_BOUND, PlanEnding.PROVED, PlanEnding.BOUND_REFUTED})
"""Endings after which it is known that the bound is reached, or that no plan reaches it."""


class PlanRow(Figures):
    """One model with one set of kernels."""

    kernels: str
    greedy_bytes: int
    """Head of TFLM's own plan, in the model's own order."""
    head_bytes: int
    """Head of ours, in the order that it was found for."""
    bound_bytes: int
    """What is needed at one moment in that order."""
    ending: PlanEnding
    is_reordered: bool
    seconds: float
    """Of the whole search, both orders."""
    arena_before_bytes: int
    arena_bytes: int
    compared_inputs: int
    """On which outputs were equal to the byte; 0 where the model stays the file that it was."""


class HostFigures(Figures):
    """What TFLM's interpreter on this computer says itself."""

    head_bytes: int
    arena_bytes: int
    """Smallest arena that works, found by trying."""
    computed_bytes: int
    """The same, computed from the model alone."""

    @property
    def is_foreseen(self) -> bool:
        """Whether the computed arena is enough, and not wasteful."""
        above_bytes = self.computed_bytes - self.arena_bytes
        return 0 <= above_bytes <= max(LARGEST_EXCESS_SHARE * self.arena_bytes, LARGEST_EXCESS_BYTES)


class ModelResult(Figures):
    """One model."""

    name: str
    file_bytes: int
    planned_file_bytes: int
    """Of the file with the plan for the reference kernels; the same where there is none."""
    operator_count: int
    before: HostFigures
    after: HostFigures
    """With the plan for the reference kernels."""
    plans: tuple[PlanRow, ...]
    """The reference kernels' first."""

    def complaints(self) -> Iterator[str]:
        """Say what does not hold."""
        for row in self.plans:
            where = f"{self.name}, {row.kernels}"
            if row.ending not in PROVED:
                yield f"{where}: the head {row.head_bytes:,} is above the bound {row.bound_bytes:,}: {row.ending.value}"
            if row.head_bytes > row.greedy_bytes or row.arena_bytes > row.arena_before_bytes:
                yield f"{where}: the plan takes more than TFLM's own"
            if row.seconds > MOST_SECONDS:
                yield f"{where}: the search took {row.seconds:.1f} s, and {MOST_SECONDS:.0f} are accepted"
        reference = self.plans[0]
        emitted_bytes = reference.head_bytes if reference.compared_inputs else reference.greedy_bytes
        if (self.before.head_bytes, self.after.head_bytes) != (reference.greedy_bytes, emitted_bytes):
            yield (
                f"{self.name}: TFLM's interpreter has heads of {self.before.head_bytes:,} and "
                f"{self.after.head_bytes:,} bytes, and {reference.greedy_bytes:,} and {emitted_bytes:,} were computed"
            )
        for host in (self.before, self.after):
            if not host.is_foreseen:
                figures = f"{host.arena_bytes:,}, and {host.computed_bytes:,} were computed"
                yield f"{self.name}: the host's arena is {figures}"
        if self.after.arena_bytes > self.before.arena_bytes:
            yield f"{self.name}: the host's arena grows from {self.before.arena_bytes:,} to {self.after.arena_bytes:,}"


class ArenaResults(Figures):
    """What one run measured."""

    commit: str
    command: str
    date: str
    models: tuple[ModelResult, ...]
    refused: dict[str, str]
    """Files that could not be measured, and why."""

    def complaints(self) -> tuple[str, ...]:
        """Say what does not hold."""
        refused = (f"{name}: {reason}" for name, reason in self.refused.items())
        return (*refused, *(line for model in self.models for line in model.complaints()))
