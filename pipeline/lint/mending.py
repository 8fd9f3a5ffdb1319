"""Repairing a model on its way through a build: only where it is wanted, and only what the firmware would run into."""

from __future__ import annotations

from edgewright.pipeline.lint.repairing import Repaired, repair
from edgewright.pipeline.lint.vocabulary import Context


def mend(context: Context, *, is_wanted: bool) -> Repaired:
    """Repair a model for its target, or leave it as it is.

    What is right as the firmware is configured stays: repairing it would cost memory for nothing.

    Args:
        context: the model and where it goes.
        is_wanted: whether the user asked for repairs.

    Raises:
        EdgewrightError: as `repair` does.
    """
    if not is_wanted:
        return Repaired(context=context, fixed=(), input_count=0)
    return repair(context, notes=False)
