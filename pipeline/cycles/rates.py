"""Cycles for one multiply-accumulate, by class of operator, from published measurements.

There are few measurements, and some networks have one class alone. So the rates are a least-squares fit of relative
errors that is drawn towards one rate for all classes (ridge regression; Hoerl and Kennard, 1970): with one measurement
every class gets its rate, and a class that nobody measured gets that of the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.cycles.classes import MacClass, MacCounts

PULL = 0.1
"""Weight of a class's relative distance from the common rate against a measurement's relative error, both squared."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measured network."""

    network: str
    macs: MacCounts
    cycles: float


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Cycles for one multiply-accumulate by class."""

    by_class: Mapping[MacClass, float]

    def cycles(self, macs: MacCounts) -> float:
        """Return what a network takes."""
        return sum(self.by_class[one] * count for one, count in macs.items())


def fit_rates(samples: Sequence[Sample]) -> Rates:
    """Return the rates that fit measurements best.

    Args:
        samples: at least one.
    """
    logarithms = [math.log(one.cycles / sum(one.macs.values())) for one in samples]
    common = math.exp(sum(logarithms) / len(samples))
    measured = [[one.macs[key] / one.cycles for key in MacClass] for one in samples]
    pull = math.sqrt(PULL)
    matrix = np.vstack([np.asarray(measured), np.eye(len(MacClass)) * pull / common])
    wanted = np.concatenate([np.ones(len(samples)), np.full(len(MacClass), pull)])
    found = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return Rates(by_class={key: float(rate) for key, rate in zip(MacClass, found, strict=True)})


def left_out_errors(samples: Sequence[Sample]) -> tuple[float, ...]:
    """Return how far each measurement is missed by rates that were fitted without its network.

    Returns:
        For each measurement the estimate over what was measured, less 1; nothing where there is one network only.
    """
    if len({one.network for one in samples}) < 2:
        return ()
    rates = {
        name: fit_rates([one for one in samples if one.network != name]) for name in {one.network for one in samples}
    }
    return tuple(rates[one.network].cycles(one.macs) / one.cycles - 1 for one in samples)
