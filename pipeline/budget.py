"""The budget: how much worse a model may become, and what it may take of the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.tasks import Objective

TOLERANCE = 1e-9
"""Shares of whole samples are not exact in floating point."""


class Budget(Settings):
    """Limits of the result; what is left out has none but the target's."""

    max_accuracy_drop: Annotated[float, Field(ge=0)] = 0.01
    """How much worse than the float source model the deciding figure may be on the validation split, in its units."""
    flash_bytes: Annotated[int, Field(gt=0)] | None = None
    """Of model and code; what the target has if not given."""
    ram_bytes: Annotated[int, Field(gt=0)] | None = None
    """Of arena, stack and variables; what the target has if not given."""
    macs: Annotated[int, Field(gt=0)] | None = None
    """Multiply-accumulates of one inference."""


def worst_score(budget: Budget, objective: Objective, source: Metrics) -> float:
    """Return what the deciding figure may fall to, or rise to where lower is better.

    Args:
        budget: the limit.
        objective: which way is worse.
        source: the source model; its float score is the reference.
    """
    drop = budget.max_accuracy_drop
    return source.float_score - drop if objective.metric.higher_is_better else source.float_score + drop


def drop_complaint(budget: Budget, objective: Objective, source: Metrics, score: float) -> str | None:
    """Say how much too bad a score is, or return None where it is good enough.

    Args:
        budget: the limit.
        objective: which way is worse.
        source: the source model; its float score is the reference.
        score: on the validation split.
    """
    drop = objective.loss_by(source.float_score, score)
    if drop <= budget.max_accuracy_drop + TOLERANCE:
        return None
    return (
        f"{objective.metric.name} on validation is {score:.4f}, {drop:.4f} worse than the source model's "
        f"{source.float_score:.4f}; up to {budget.max_accuracy_drop:g} is accepted"
    )


def size_complaints(budget: Budget, needs: Footprint, mac_count: int) -> Iterator[str]:
    """Yield what is over the limits that the budget itself gives; those of the target are checked for every model."""
    for name, value, limit, unit in (
        ("flash", needs.program_bytes, budget.flash_bytes, "bytes"),
        ("RAM", needs.ram_bytes, budget.ram_bytes, "bytes"),
        ("one inference", mac_count, budget.macs, "MACs"),
    ):
        if limit is not None and value > limit:
            yield f"{name} takes {value:,} {unit}, and the budget is {limit:,}"
