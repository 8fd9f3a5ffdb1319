"""The budget: how much worse a model may become by its own figure, and what it may take of the device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.budget import Budget, drop_complaint, size_complaints, worst_score
from edgewright.pipeline.code_sizes import CodePart
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.tasks import CLASSIFICATION, REGRESSION, Objective

RISING, FALLING = Objective(task=CLASSIFICATION), Objective(task=REGRESSION)


def source(score: float) -> Metrics:
    """Return a source model whose float score is this, and whose integer score would be another reference."""
    return Metrics(
        parameter_count=1, nonzero_parameter_count=1, mac_count=1, file_bytes=1, gzip_bytes=1, arena_bytes=1,
        float_bytes=1, float_scores={"score": score, "other": 0.5}, int8_scores={"score": score - 0.3},
    )  # fmt: skip


def complaint(objective: Objective, before: float, after: float, *, limit: float = 0.01) -> str | None:
    """Judge one score against the source model's."""
    return drop_complaint(Budget(max_accuracy_drop=limit), objective, source(before), after)


@pytest.mark.parametrize(
    ("objective", "before", "after", "is_accepted"),
    [
        (RISING, 0.95, 0.95, True),
        (RISING, 0.95, 0.94, True),
        (RISING, 0.95, 0.9399, False),
        (RISING, 0.95, 0.99, True),
        (FALLING, 0.95, 0.96, True),
        (FALLING, 0.95, 0.9601, False),
        (FALLING, 0.95, 0.5, True),
        (FALLING, 0.95, 1.95, False),
    ],
)
def test_a_loss_up_to_the_limit_is_accepted(
    objective: Objective, before: float, after: float, is_accepted: bool
) -> None:
    """An accuracy may fall and an error may rise by the limit itself, and no further; a gain is always accepted."""
    assert is_accepted == (complaint(objective, before, after) is None)


@pytest.mark.parametrize(("objective", "expected"), [(RISING, 0.875), (FALLING, 1.125)])
def test_the_worst_score_is_the_last_that_is_accepted(objective: Objective, expected: float) -> None:
    """An accuracy may fall to it and an error rise to it; a little further there is a complaint."""
    budget = Budget(max_accuracy_drop=0.125)
    assert expected == worst_score(budget, objective, source(1.0))
    worse = expected - 0.01 if objective is RISING else expected + 0.01
    found = [drop_complaint(budget, objective, source(1.0), score) is None for score in (expected, worse)]
    assert [True, False] == found


@pytest.mark.parametrize(
    ("objective", "after", "expected"),
    [
        (RISING, 0.75, "accuracy on validation is 0.7500, 0.1500 worse than the source model's 0.9000; up to 0.01 is "),
        (FALLING, 1.25, "MAE on validation is 1.2500, 0.3500 worse than the source model's 0.9000; up to 0.01 is "),
    ],
)
def test_the_complaint_says_by_how_much(objective: Objective, after: float, expected: str) -> None:
    """The figure's name, both values, the loss and the limit stand in it."""
    assert expected + "accepted" == complaint(objective, 0.9, after)


@given(total=st.integers(1, 5000), wrong=st.integers(0, 50), lost=st.integers(0, 50))
def test_whole_samples_are_no_matter_of_rounding(total: int, wrong: int, lost: int) -> None:
    """Losing as many samples as the limit allows is accepted, one more is not, whatever the shares are in binary."""
    before = (total - wrong) / total
    limit = lost / total
    assert complaint(RISING, before, (total - wrong - lost) / total, limit=limit) is None
    assert complaint(RISING, before, (total - wrong - lost - 1) / total, limit=limit) is not None
    assert complaint(FALLING, 1 - before, (wrong + lost) / total, limit=limit) is None


def sizes(
    budget: Budget, flash_bytes: int = 1000, ram_bytes: int = 2000, mac_count: int = 3000, *, selftest_bytes: int = 0
) -> list[str]:
    """Judge what a model takes, most of the flash for code and a part of the RAM for the arena."""
    needs = Footprint(
        weight_bytes=flash_bytes // 4,
        code_parts=(CodePart(name="code", code_bytes=flash_bytes - flash_bytes // 4, source="made up"),),
        code_accuracy=0.1,
        arena_bytes=ram_bytes - 300,
        arena_source="made up",
        stack_bytes=200,
        static_bytes=100,
        selftest_bytes=selftest_bytes,
    )
    return list(size_complaints(budget, needs, mac_count))


def test_sizes_have_the_limits_that_are_given() -> None:
    """Without a limit nothing is too large; the limit itself is accepted, one more is not."""
    assert [] == sizes(Budget(), 10**12, 10**12, 10**12)
    assert [] == sizes(Budget(flash_bytes=1000, ram_bytes=2000, macs=3000))
    assert ["flash takes 1,000 bytes, and the budget is 999"] == sizes(Budget(flash_bytes=999))
    assert ["RAM takes 2,000 bytes, and the budget is 1,999"] == sizes(Budget(ram_bytes=1999))
    assert ["one inference takes 3,000 MACs, and the budget is 2,999"] == sizes(Budget(macs=2999))
    assert 3 == len(sizes(Budget(flash_bytes=1, ram_bytes=1, macs=1)))


def test_golden_vectors_are_not_in_the_budget() -> None:
    """The budget's flash is that of model and code, however many vectors the self-test has."""
    assert [] == sizes(Budget(flash_bytes=1000), selftest_bytes=10**9)
