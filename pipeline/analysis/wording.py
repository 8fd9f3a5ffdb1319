"""How the figures of an analysis are written for people, and how bad a loss looks."""

from __future__ import annotations

from bisect import bisect_left

from edgewright.pipeline.analysis.schema import Analysis, Trial
from edgewright.pipeline.report.text import format_share

LEVELS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25)
"""Losses up to the first are level 0, up to the second level 1, and so on."""


def relative_loss(analysis: Analysis, trial: Trial) -> float:
    """Return by how much a change makes the score worse: of 1 for a share, else of the baseline."""
    reference = 1.0 if analysis.is_share else abs(analysis.baseline) or 1.0
    return analysis.loss(trial) / reference


def loss_level(analysis: Analysis, trial: Trial) -> int:
    """Return how bad a loss is, 0 (none) to 7."""
    return bisect_left(LEVELS, round(relative_loss(analysis, trial), 9))


def level_names(analysis: Analysis) -> tuple[str, ...]:
    """Return what each level is called in a legend."""
    unit = "points" if analysis.is_share else f"% of {analysis.score_name}"
    bounds = [f"{100 * level:g}" for level in LEVELS]
    return ("no loss", *(f"to {bound}" for bound in bounds[1:]), f"over {bounds[-1]} {unit}")


def change_text(analysis: Analysis, trial: Trial) -> str:
    """Write a change of the score, in percentage points where it is a share."""
    text = f"{100 * trial.change:+.1f}" if analysis.is_share else f"{trial.change:+.3g}"
    return "0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def score_text(analysis: Analysis, score: float) -> str:
    """Write a score."""
    return format_share(score) if analysis.is_share else f"{score:.4g}"
