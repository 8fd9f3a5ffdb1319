"""Finding a stage's strongest setting that the budget bears: bisection over its trials on a short training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgewright.pipeline.stages import StageSettings

Complaint = str | None
"""Why a setting is too strong, or None where it is not."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The outcome of a search."""

    settings: StageSettings | None
    """The strongest setting that was accepted; None where even the weakest was not."""
    notes: tuple[str, ...]


def find_strongest(
    trials: Sequence[StageSettings],
    attempt: Callable[[StageSettings], Complaint],
    describe: Callable[[StageSettings], str],
) -> Found:
    """Find the strongest trial that passes a short training and then the whole one.

    A trial is taken to pass where a stronger one passes; where the whole training fails what the short one let pass,
    the next weaker trial follows.

    Args:
        trials: from the weakest to the strongest.
        attempt: runs a setting and judges it.
        describe: names a setting for people.
    """
    notes: list[str] = []

    def passes(settings: StageSettings, kind: str) -> bool:
        complaint = attempt(settings)
        notes.append(f"{kind} {describe(settings)}: {'accepted' if complaint is None else complaint}")
        return complaint is None

    low, high = 0, len(trials)  # all below `low` passed, all from `high` on failed
    while low < high:
        middle = (low + high) // 2
        if passes(trials[middle].shortened(), "trial of"):
            low = middle + 1
        else:
            high = middle
    for position in reversed(range(max(low, 1))):
        if passes(trials[position], "whole training of"):
            return Found(settings=trials[position], notes=tuple(notes))
    return Found(settings=None, notes=tuple(notes))
