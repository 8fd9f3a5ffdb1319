"""How ranks are chosen, on layers that are made up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.surgery.decompositions import Decomposition
from edgewright.pipeline.surgery.ranks import (
    Candidate,
    Choice,
    FullRank,
    GivenRanks,
    LayerMacShare,
    ModelMacShare,
    RankRule,
    RetainedEnergy,
    choose,
)


def candidates(form: Decomposition, cost: int, energies: tuple[float, ...]) -> tuple[Candidate, ...]:
    """Make candidates of rising rank, each rank for the same cost in both currencies."""
    return tuple(
        Candidate(decomposition=form, rank=rank, macs=rank * cost, parameters=rank * cost, retained_energy=energy)
        for rank, energy in enumerate(energies, start=1)
    )


TWO_FORMS = Choice(
    layer="conv",
    macs=100,
    parameters=100,
    candidates=(
        *candidates(Decomposition.CHANNEL, 30, (0.6, 0.8, 0.95, 1.0)),
        *candidates(Decomposition.SPATIAL, 20, (0.3, 0.7, 0.85, 0.96, 1.0)),
    ),
)
DENSE = Choice(
    layer="dense", macs=50, parameters=50, candidates=candidates(Decomposition.DENSE, 10, (0.5, 0.9, 0.97, 0.99, 1.0))
)


def chosen(rule: RankRule, *choices: Choice, model_macs: int = 150) -> dict[str, tuple[str, int]]:
    """Choose, and return form and rank by layer."""
    found = choose(choices or (TWO_FORMS, DENSE), rule, model_macs=model_macs)
    return {layer: (candidate.decomposition.value, candidate.rank) for layer, candidate in found.items()}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.6, ("channel", 1)), (0.8, ("channel", 2)), (0.81, ("spatial", 3)), (0.96, ("spatial", 4))],
)
def test_energy_takes_the_cheaper_form(share: float, expected: tuple[str, int]) -> None:
    """For a share of energy, each form takes the first rank that has it, and the cheaper form is chosen."""
    assert {"conv": expected} == chosen(RetainedEnergy(share=share), TWO_FORMS)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.2, ("spatial", 1)), (0.3, ("channel", 1)), (0.4, ("spatial", 2)), (0.9, ("spatial", 4))]
)
def test_layer_share_takes_the_form_that_retains_more(share: float, expected: tuple[str, int]) -> None:
    """For a share of multiply-accumulates, the largest rank that fits, of the form that retains more energy."""
    assert {"conv": expected} == chosen(LayerMacShare(share=share), TWO_FORMS)


def test_layer_share_below_rank_one() -> None:
    """A layer that is above its share at rank 1 already is left alone."""
    assert {} == chosen(LayerMacShare(share=0.1))


def test_given_ranks() -> None:
    """A given rank is taken in the cheaper form that has it; a layer without one is left alone."""
    assert {"conv": ("spatial", 2)} == chosen(GivenRanks(ranks={"conv": 2}))
    assert {"conv": ("spatial", 5)} == chosen(GivenRanks(ranks={"conv": 5}))


@pytest.mark.parametrize("rank", [0, -1, 6])
def test_given_rank_out_of_range(rank: int) -> None:
    """A rank that no form has is refused with the range."""
    with pytest.raises(
        ModelError, match=rf'^factorize: the layer "conv" cannot have the rank {rank}; accepted are 1 to 5'
    ):
        chosen(GivenRanks(ranks={"conv": rank}))


def test_full_rank() -> None:
    """Every layer gets its full rank, in the cheaper form."""
    assert {"conv": ("spatial", 5), "dense": ("dense", 5)} == chosen(FullRank())


@pytest.mark.parametrize(
    "rule", [RetainedEnergy(share=0.0), RetainedEnergy(share=1.01), LayerMacShare(share=1.0), ModelMacShare(share=-0.5)]
)
def test_share_out_of_range(rule: RetainedEnergy | LayerMacShare | ModelMacShare) -> None:
    """A share outside its range is refused with the value."""
    with pytest.raises(ModelError, match=rf"^factorize: the share of .* is {rule.share}; accepted are numbers above 0"):
        chosen(rule)


def test_model_share_spends_where_it_costs_least() -> None:
    """The layer with little to lose is cut first; the last step saves no more than is needed."""
    assert {"dense": ("dense", 4)} == chosen(ModelMacShare(share=140 / 150))
    assert {"dense": ("dense", 4), "conv": ("spatial", 4)} == chosen(ModelMacShare(share=120 / 150))
    assert {"dense": ("dense", 3), "conv": ("spatial", 3)} == chosen(ModelMacShare(share=100 / 150))


def test_model_share_that_cannot_be_reached() -> None:
    """A share below that of rank 1 everywhere is refused, with what can be reached."""
    with pytest.raises(
        ModelError, match=r"^factorize: the model can be brought down to 0\.200 of its .* share of 0\.1 "
    ):
        chosen(ModelMacShare(share=0.1))


@st.composite
def choice_lists(draw: st.DrawFn) -> list[Choice]:
    """Draw up to three layers with rising energies."""
    made = []
    for index in range(draw(st.integers(1, 3))):
        size, cost = draw(st.integers(20, 60)), draw(st.integers(3, 12))
        energies = sorted(draw(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4)))
        made.append(
            Choice(
                layer=f"layer{index}",
                macs=size,
                parameters=size,
                candidates=candidates(Decomposition.DENSE, cost, (*energies, 1.0)),
            )
        )
    return made


@given(choice_lists(), st.floats(0.05, 0.95))
def test_model_share_is_kept(choices: list[Choice], share: float) -> None:
    """What is chosen is smaller layer by layer and within the share, unless nothing is."""
    macs = sum(choice.macs for choice in choices)
    least = sum(min([choice.macs, *(item.macs for item in choice.smaller)]) for choice in choices)
    rule = ModelMacShare(share=share)
    if least > share * macs:
        with pytest.raises(ModelError):
            choose(choices, rule, model_macs=macs)
        return
    found = choose(choices, rule, model_macs=macs)
    assert sum(found[choice.layer].macs if choice.layer in found else choice.macs for choice in choices) <= share * macs
    assert all(choice.is_smaller(found[choice.layer]) for choice in choices if choice.layer in found)


@given(choice_lists(), st.floats(0.2, 0.95))
def test_model_share_is_nearly_the_best(choices: list[Choice], share: float) -> None:
    """No choice within the share loses less by more than what one step costs."""
    macs = sum(choice.macs for choice in choices)
    options = [[None, *choice.smaller] for choice in choices]
    within = [
        sum(1 - item.retained_energy for item in combination if item)
        for combination in itertools.product(*options)
        if sum(item.macs if item else choice.macs for item, choice in zip(combination, choices, strict=True))
        <= share * macs
    ]
    if not within:
        return
    found = choose(choices, ModelMacShare(share=share), model_macs=macs)
    lost = sum(1 - candidate.retained_energy for candidate in found.values())
    steepest = max(1 - item.retained_energy for choice in choices for item in choice.smaller)
    assert lost <= min(within) + steepest + 1e-9
