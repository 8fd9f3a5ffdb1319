"""Intervals without assumptions about distributions: order statistics of repeated measurements.

The interval of a median holds the median of another measurement of as many figures, so that whoever repeats it finds
his median there; the usual interval for the true median is narrower by the square root of 2, and a repetition lies
beyond it far too often. How many of another sample's figures lie below the k-th smallest of this one follows a law
that is the same for every distribution (E. J. Gumbel, H. von Schelling, The Distribution of the Number of Exceedances,
1950).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.99
"""With which a repetition's median lies in the interval."""
RESOLUTION = 0.02
"""No interval is narrower than this share of the median to either side: a machine that does nothing else is as much
faster or slower an hour later, which nobody sees while he measures."""
PAIRED_RESOLUTION = 0.005
"""The same for a ratio of figures that were measured next to each other."""
FEWEST = 13
"""Figures that an interval of that confidence takes."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A median, and the interval that holds the median of a repetition."""

    median: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The longer side of the interval, as a share of the median; infinite for a median of 0."""
        if self.median <= 0:
            return math.inf
        return max(self.high - self.median, self.median - self.low) / self.median

    def overlaps(self, other: Interval) -> bool:
        """Tell whether the two intervals have something in common."""
        return self.low <= other.high and other.low <= self.high


def median_interval(figures: Sequence[float], resolution: float = RESOLUTION) -> Interval | None:
    """Return the median of repeated measurements, and the interval that holds that of a repetition.

    Args:
        figures: at least one; each from a measurement of its own.
        resolution: the interval is at least this share of the median wide, to either side.

    Returns:
        None where they are fewer than an interval of the confidence takes.
    """
    rank = interval_rank(len(figures))
    if rank == 0:
        return None
    ordered = sorted(figures)
    median = statistics.median(ordered)
    margin = abs(median) * resolution
    return Interval(
        median=median, low=min(ordered[rank - 1], median - margin), high=max(ordered[-rank], median + margin)
    )


def interval_rank(count: int, confidence: float = CONFIDENCE) -> int:
    """Return the largest k for which the k-th smallest and k-th largest figure enclose the median of a repetition.

    Args:
        count: figures of either measurement.
        confidence: with which they do.

    Returns:
        0 where not even the smallest and the largest do with that confidence.

    >>> interval_rank(12), interval_rank(13), interval_rank(40)
    (0, 1, 9)
    """
    rank = 0
    while rank < (count + 1) // 2 and 2 * _probability_below(count, rank + 1) <= 1 - confidence:
        rank += 1
    return rank


def _probability_below(count: int, rank: int) -> float:
    """Return the probability that a repetition's median lies below the figure of that rank.

    At least half of the repetition's figures lie there then, of which so many do in so many of all orders.
    """
    half = (count + 1) // 2
    orders = sum(
        math.comb(rank - 1 + below, below) * math.comb(2 * count - rank - below, count - below)
        for below in range(half, count + 1)
    )
    return orders / math.comb(2 * count, count)


def halves_differ(figures: Sequence[float], share: float) -> bool:
    """Tell whether what was measured first differs from what was measured last: a drift.

    Args:
        figures: in the order of time.
        share: of the median, by which the medians of the halves differ at least.
    """
    half = len(figures) // 2
    if half < 2:
        return False
    first, last = figures[:half], figures[-half:]
    apart = max(first) < min(last) or max(last) < min(first)
    change = abs(statistics.median(last) - statistics.median(first))
    return apart and change > share * statistics.median(figures)


def spread(figures: Sequence[float]) -> float:
    """Return the distance of the quartiles as a share of the median; 0 for fewer than four figures."""
    if len(figures) < 4:
        return 0.0
    low, middle, high = statistics.quantiles(figures, n=4)
    return (high - low) / middle if middle > 0 else math.inf
