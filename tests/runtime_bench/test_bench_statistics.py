"""Intervals: what they promise holds for figures that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.runtime_bench.bench.statistics import (
    FEWEST,
    Interval,
    halves_differ,
    interval_rank,
    median_interval,
    spread,
)

FIGURES = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=60)


def test_the_fewest_figures_are_the_fewest() -> None:
    """One figure less than the constant says has no interval at all."""
    assert (0, 1) == (interval_rank(FEWEST - 1), interval_rank(FEWEST))


@pytest.mark.parametrize("count", [13, 21, 40])
def test_a_repetitions_median_lies_within(count: int) -> None:
    """Of measurements that are drawn twice, in at most one in a hundred the second median is beyond the interval."""
    generator = np.random.default_rng(count)
    beyond = 0
    for _ in range(2000):
        first, second = 1 + 0.05 * generator.exponential(size=(2, count))
        interval = median_interval(list(first), resolution=0.0)
        assert interval is not None
        beyond += not interval.low <= np.median(second) <= interval.high
    assert beyond <= 0.012 * 2000


@given(FIGURES)
def test_an_interval_holds_its_median_and_the_resolution(figures: list[float]) -> None:
    """However the figures lie, the median is inside, and two per cent to either side of it as well."""
    interval = median_interval(figures)
    assert (interval is None) == (len(figures) < FEWEST)
    if interval is not None:
        assert interval.low <= 0.98 * interval.median < interval.median < 1.02 * interval.median <= interval.high
        assert interval.half_width >= 0.02 - 1e-12


def test_equal_figures_are_known_to_the_resolution() -> None:
    """Figures that do not differ at all leave the resolution as the interval."""
    assert Interval(median=200.0, low=196.0, high=204.0) == median_interval([200.0] * 13)


@given(FIGURES, st.floats(1.5, 10))
def test_a_step_is_a_drift_and_a_shuffle_is_none(figures: list[float], factor: float) -> None:
    """Where everything later is larger, the halves differ; figures that take turns do not."""
    span = max(figures) / min(figures)
    step = [*figures, *(figure * span * factor for figure in figures)]
    assert (len(figures) >= 2) == halves_differ(step, 0.02)
    assert not halves_differ([1.0, factor] * 8, 0.02)


def test_the_spread_is_that_of_the_quartiles() -> None:
    """One figure that is far off does not count, and a few figures have none."""
    assert 0.0 == spread([1.0, 9.0, 1.0])
    assert 0.0 == spread([5.0] * 20 + [500.0])
    assert 0.4 == spread([8.0, 10.0, 12.0] * 10)
