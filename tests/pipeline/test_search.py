"""The search for the strongest setting: what it finds, in how many attempts, and what it tells."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.search import Found, find_strongest
from edgewright.pipeline.stages import StageSettings


class Trial(StageSettings):
    """A setting that is nothing but strong."""

    stage: str = "trial"
    strength: int
    is_short: bool = False

    def shortened(self) -> Trial:
        """Return the quick one."""
        return self.model_copy(update={"is_short": True})


class Limits:
    """Accepts what is weaker than one limit in a short training, and than another in a whole one."""

    def __init__(self, short: int, whole: int) -> None:
        self.short, self.whole = short, whole
        self.attempts: list[tuple[int, bool]] = []

    def __call__(self, settings: StageSettings) -> str | None:
        """Judge a setting, and remember that it was tried."""
        assert isinstance(settings, Trial)
        self.attempts.append((settings.strength, settings.is_short))
        limit = self.short if settings.is_short else self.whole
        return None if settings.strength < limit else f"more than {limit}"

    def count(self, *, is_short: bool) -> int:
        """Return how often one kind of training was asked for."""
        return sum(short is is_short for _, short in self.attempts)


def search(count: int, limits: Limits) -> Found:
    """Look for the strongest of so many trials."""
    return find_strongest([Trial(strength=strength) for strength in range(count)], limits, describe)


def describe(settings: StageSettings) -> str:
    """Name a trial."""
    assert isinstance(settings, Trial)
    return f"strength {settings.strength}"


def strength_of(found: Found) -> int | None:
    """Return what was found."""
    assert found.settings is None or isinstance(found.settings, Trial)
    return found.settings.strength if found.settings else None


COUNTS_AND_LIMITS = st.integers(1, 40).flatmap(
    lambda count: st.tuples(st.just(count), st.integers(0, count), st.integers(0, count))
)


@given(COUNTS_AND_LIMITS)
def test_the_strongest_trial_that_passes_is_found(case: tuple[int, int, int]) -> None:
    """What passes both trainings and is not followed by one that does is found; what is found is for whole training."""
    count, short, whole = case
    found = search(count, Limits(short, whole))
    strongest = min(max(short, 1), whole) - 1  # the weakest gets its whole training even if the short one failed
    assert (strongest if strongest >= 0 else None) == strength_of(found)
    assert found.settings is None or found.settings == Trial(strength=strongest)


@given(COUNTS_AND_LIMITS)
def test_few_attempts_are_made(case: tuple[int, int, int]) -> None:
    """Short trainings are a bisection; whole ones are one more than those that failed; none is made twice."""
    count, short, whole = case
    limits = Limits(short, whole)
    found = search(count, limits)
    assert limits.count(is_short=True) <= math.ceil(math.log2(count + 1))
    first = max(short, 1) - 1
    last = strength_of(found) or 0
    assert [(strength, False) for strength in range(first, last - 1, -1)] == [
        attempt for attempt in limits.attempts if not attempt[1]
    ]
    assert len(set(limits.attempts)) == len(limits.attempts)


@given(COUNTS_AND_LIMITS)
def test_every_attempt_is_told(case: tuple[int, int, int]) -> None:
    """There is a note for each attempt, in their order, that says what was tried and what came of it."""
    count, short, whole = case
    limits = Limits(short, whole)
    found = search(count, limits)
    told = []
    for strength, is_short in limits.attempts:
        limit = short if is_short else whole
        outcome = "accepted" if strength < limit else f"more than {limit}"
        told.append(f"{'trial' if is_short else 'whole training'} of strength {strength}: {outcome}")
    assert tuple(told) == found.notes


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_what_is_found_was_accepted(short: list[bool], whole: list[bool]) -> None:
    """However unreasonable the acceptance is, what is found passed its whole training."""

    def attempt(settings: StageSettings) -> str | None:
        assert isinstance(settings, Trial)
        passes = (short if settings.is_short else whole)[settings.strength]
        return None if passes else "no"

    found = find_strongest([Trial(strength=strength) for strength in range(len(short))], attempt, describe)
    strength = strength_of(found)
    assert strength is None or whole[strength]
