"""Which rank each layer gets: by energy, by multiply-accumulates of each layer or of the whole model, or as given."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.surgery.decompositions import Decomposition


@dataclass(frozen=True, kw_only=True)
class RetainedEnergy:
    """The smallest rank that keeps this share of each kernel's energy, the sum of its squares; in (0, 1]."""

    share: float


@dataclass(frozen=True, kw_only=True)
class LayerMacShare:
    """The largest rank at which each layer takes at most this share of its multiply-accumulates; in (0, 1)."""

    share: float


@dataclass(frozen=True, kw_only=True)
class ModelMacShare:
    """Ranks at which the model takes at most this share of its multiply-accumulates; in (0, 1).

    Layers are treated alike: what is saved next is saved where it costs the smallest share of a layer's energy. On
    three convolutions and two Dense layers trained on digits (97.8 %), a quarter of the multiply-accumulates leaves
    97.7 % before any training; a quarter of each layer's leaves 28.6 %.
    """

    share: float


@dataclass(frozen=True, kw_only=True)
class GivenRanks:
    """A rank for each layer named; all others stay."""

    ranks: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class FullRank:
    """Every layer at the smallest rank that reproduces it."""


RankRule: TypeAlias = RetainedEnergy | LayerMacShare | ModelMacShare | GivenRanks | FullRank


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One way to write a layer as two."""

    decomposition: Decomposition
    rank: int
    macs: int
    parameters: int
    retained_energy: float


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A layer and all the ways to write it as two, for each decomposition by rising rank."""

    layer: str
    macs: int
    parameters: int
    candidates: tuple[Candidate, ...]

    @property
    def smaller(self) -> tuple[Candidate, ...]:
        """The candidates that are smaller than the layer."""
        return tuple(candidate for candidate in self.candidates if self.is_smaller(candidate))

    def is_smaller(self, candidate: Candidate) -> bool:
        """Tell whether a candidate takes fewer multiply-accumulates and fewer parameters than the layer."""
        return candidate.macs < self.macs and candidate.parameters < self.parameters


def choose(choices: Sequence[Choice], rule: RankRule, *, model_macs: int) -> dict[str, Candidate]:
    """Choose one way to write each layer as two.

    Where decompositions differ, the one that takes fewer multiply-accumulates is chosen for a rule about energy or a
    given rank, the one that retains more energy for a rule about multiply-accumulates; but always one that is smaller
    than the layer, if there is one.

    Args:
        choices: the layers that can be factorized.
        rule: how.
        model_macs: multiply-accumulates of the whole model.

    Returns:
        By layer; a layer without an entry stays as it is. Under all rules but `ModelMacShare` a candidate need not be
        smaller than the layer.

    Raises:
        ModelError: a share is not in its range, a rank that is given is not possible, or the model cannot be brought
            down to the share.
    """
    if isinstance(rule, RetainedEnergy | LayerMacShare | ModelMacShare):
        _check_share(rule)
    if isinstance(rule, ModelMacShare):
        return _choose_for_model(choices, rule.share, model_macs)
    chosen = {choice.layer: _choose_for_layer(choice, rule) for choice in choices}
    return {layer: candidate for layer, candidate in chosen.items() if candidate is not None}


def _check_share(rule: RetainedEnergy | LayerMacShare | ModelMacShare) -> None:
    is_energy = isinstance(rule, RetainedEnergy)
    if not (0 < rule.share < 1 or (is_energy and rule.share == 1)):
        what = "energy that is retained" if is_energy else "multiply-accumulates"
        accepted = "up to" if is_energy else "below"
        raise ModelError(
            f"factorize: the share of {what} is {rule.share}; accepted are numbers above 0 and {accepted} 1."
        )


def _choose_for_layer(choice: Choice, rule: RetainedEnergy | LayerMacShare | GivenRanks | FullRank) -> Candidate | None:
    if isinstance(rule, LayerMacShare):
        fitting = [candidate for candidate in choice.candidates if candidate.macs <= rule.share * choice.macs]
        return max(fitting, key=lambda item: (choice.is_smaller(item), item.retained_energy), default=None)
    found = [_first(candidates, choice.layer, rule) for _, candidates in itertools.groupby(choice.candidates, _form)]
    if isinstance(rule, GivenRanks) and choice.layer in rule.ranks and not any(found):
        most = max(candidate.rank for candidate in choice.candidates)
        raise ModelError(
            f'factorize: the layer "{choice.layer}" cannot have the rank {rule.ranks[choice.layer]}; accepted are 1 to '
            f"{most}."
        )
    possible = [candidate for candidate in found if candidate is not None]
    return min(possible, key=lambda item: (not choice.is_smaller(item), item.macs, item.parameters), default=None)


def _first(
    candidates: Iterable[Candidate], layer: str, rule: RetainedEnergy | GivenRanks | FullRank
) -> Candidate | None:
    """Return the first candidate of one decomposition, by rising rank, that a rule accepts."""
    if isinstance(rule, RetainedEnergy):
        return next((item for item in candidates if item.retained_energy >= rule.share), None)
    if isinstance(rule, GivenRanks):
        return next((item for item in candidates if item.rank == rule.ranks.get(layer)), None)
    return list(candidates)[-1]


def _form(candidate: Candidate) -> Decomposition:
    return candidate.decomposition


def _choose_for_model(choices: Sequence[Choice], share: float, model_macs: int) -> dict[str, Candidate]:
    """Save multiply-accumulates step by step, each time where a saved one costs the smallest share of energy."""
    target = share * model_macs
    steps = sorted((step for choice in choices for step in _steps(choice)), key=lambda step: step.price)
    by_layer = {choice.layer: choice for choice in choices}
    chosen: dict[str, Candidate] = {}
    macs = model_macs
    for step in steps:
        if macs <= target:
            break
        before = chosen.get(step.layer)
        macs -= (before.macs if before else by_layer[step.layer].macs) - step.candidate.macs
        chosen[step.layer] = step.candidate
        if macs <= target:
            # The last step may save more than is needed.
            allowed = step.candidate.macs + target - macs
            fitting = [item for item in by_layer[step.layer].smaller if item.macs <= allowed]
            chosen[step.layer] = max(fitting, key=lambda item: item.retained_energy)
    if macs > target:
        raise ModelError(
            f"factorize: the model can be brought down to {macs / model_macs:.3f} of its multiply-accumulates at most, "
            f"and a share of {share} is asked for; give a larger one, or prune channels."
        )
    return chosen


@dataclass(frozen=True, kw_only=True)
class _Step:
    """From one candidate of a layer, or from the layer itself, to the next smaller one."""

    layer: str
    candidate: Candidate
    price: float
    """Share of the layer's energy that is lost for each multiply-accumulate that is saved."""


def _steps(choice: Choice) -> Iterator[_Step]:
    """Yield the steps along the convex hull of lost energy over multiply-accumulates, so that prices rise."""
    macs, retained = choice.macs, 1.0
    remaining = list(choice.smaller)
    while remaining:
        prices = {item: (retained - item.retained_energy) / (macs - item.macs) for item in remaining}
        best = min(remaining, key=lambda item: (prices[item], item.macs))
        yield _Step(layer=choice.layer, candidate=best, price=prices[best])
        macs, retained = best.macs, best.retained_energy
        remaining = [item for item in remaining if item.macs < macs]
