"""Low-rank factorization: a layer becomes two smaller ones, its kernel the product of theirs.

    plans = plan_factorization(model, RetainedEnergy(share=0.9))
    smaller = factorize(model, plans)

Dense layers and convolutions are factorized (see `decompositions`); a layer whose factors would not be smaller stays.
The second of the two keeps the name, bias and activation; the first is called `<name>_lowrank`.
On networks that may lose channels, channel pruning is better at the same size, and two layers for one mean one more
activation: this is for models that may not, and for those that consist of large Dense layers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from edgewright.pipeline.errors import ModelError, nearest
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.decompositions import Decomposition, full_rank
from edgewright.pipeline.surgery.factor_choices import choice_of
from edgewright.pipeline.surgery.factors import make_factors, set_factors
from edgewright.pipeline.surgery.layer_costs import layer_macs, layer_parameters, model_macs
from edgewright.pipeline.surgery.ranks import Candidate, Choice, GivenRanks, ModelMacShare, RankRule, choose
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, clone, copy_weights, copying, rebuild, unique_name

ALL_DECOMPOSITIONS = frozenset(Decomposition)


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """What becomes of one layer that has a kernel."""

    layer: str
    kind: str
    """The layer's class."""
    decomposition: Decomposition | None
    """How it is written as two; None where it stays."""
    full_rank: int
    """The rank that reproduces it; 0 where it cannot be factorized."""
    rank: int
    """The rank that is chosen; the full one where it stays."""
    macs_before: int
    macs_after: int
    parameters_before: int
    parameters_after: int
    retained_energy: float
    """Sum of the squares of the kernel that is left, as a share."""
    reason: str | None
    """Why the layer stays; None where it does not."""

    @property
    def is_factorized(self) -> bool:
        """Tell whether the layer becomes two."""
        return self.decomposition is not None


def plan_factorization(
    model: KerasModel,
    rule: RankRule,
    *,
    decompositions: Collection[Decomposition] = ALL_DECOMPOSITIONS,
    keep: Collection[str] = (),
    only_smaller: bool = True,
) -> tuple[LayerPlan, ...]:
    """Decide for each layer with a kernel whether, how and to which rank it is factorized.

    Args:
        model: a built Sequential or functional tf_keras model with fixed shapes; models inside it are inlined, and
            layers called by the names that they have then.
        rule: how ranks are chosen.
        decompositions: the forms that may be used.
        keep: names of layers that stay.
        only_smaller: a layer whose factors would not be smaller stays; else it is factorized all the same.

    Returns:
        A plan for each layer with a kernel, in the order of the model.

    Raises:
        ModelError: a layer that is named does not exist or cannot be factorized, a share or rank is out of range, or
            the model cannot be brought down to the share that is asked for.
    """
    flat = clone(model)
    layers = [layer for layer in flat.layers if any(len(weight.shape) > 1 for weight in layer.weights)]
    reasons = {layer.name: _reason_to_stay(layer, keep) for layer in layers}
    _check_names(reasons, rule, keep)
    choices = {layer.name: choice_of(layer, decompositions) for layer in layers if reasons[layer.name] is None}
    chosen = choose(list(choices.values()), rule, model_macs=model_macs(flat))
    for name, choice in choices.items():
        reasons[name] = _reason_not_to_factorize(choice, chosen.get(name), rule, only_smaller=only_smaller)
    return tuple(_plan(layer, choices.get(layer.name), chosen.get(layer.name), reasons[layer.name]) for layer in layers)


def factorize(model: KerasModel, plans: Sequence[LayerPlan]) -> KerasModel:
    """Return a copy of a model in which layers are written as two.

    Args:
        model: the model that was planned for, of the same structure at least; it is not changed.
        plans: what becomes of each layer; one without a plan stays.

    Raises:
        ModelError: a planned layer does not exist.
    """
    flat = clone(model)
    planned = {plan.layer: (plan.decomposition, plan.rank) for plan in plans if plan.decomposition}
    names = {layer.name for layer in flat.layers}
    for name in planned:
        if name not in names:
            raise ModelError(f'factorize: the model has no layer "{name}": {nearest(name, names)}.')
    layers: dict[KerasLayer, KerasLayer] = {}
    pairs: dict[KerasLayer, tuple[KerasLayer, KerasLayer]] = {}
    copy = copying(layers, lambda layer: layer.get_config())

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        if layer.name not in planned:
            return copy(layer, arguments, options)
        if layer not in pairs:
            pairs[layer] = make_factors(layer, *planned[layer.name], unique_name(f"{layer.name}_lowrank", names))
        first, second = pairs[layer]
        return second(first(arguments[0]))

    factorized = rebuild(flat, apply)
    copy_weights(layers)
    for old, pair in pairs.items():
        set_factors(old, *planned[old.name], pair)
    return factorized


def _reason_to_stay(layer: KerasLayer, keep: Collection[str]) -> str | None:
    kind = type(layer).__name__
    if layer.name in keep:
        return "it is kept by name"
    if kind == "DepthwiseConv2D":
        return "a depthwise kernel filters each channel alone, so there is nothing to share between channels"
    if kind not in ("Dense", "Conv2D"):
        return f"{kind} is not factorized, only Dense and Conv2D are"
    if kind == "Conv2D" and layer.groups > 1:
        return f"its channels are in {layer.groups} groups, and only convolutions of all channels are factorized"
    return None


def _check_names(reasons: dict[str, str | None], rule: RankRule, keep: Collection[str]) -> None:
    ranks = rule.ranks if isinstance(rule, GivenRanks) else {}
    for name in (*keep, *ranks):
        if name not in reasons:
            raise ModelError(f'factorize: the model has no layer with a kernel "{name}": {nearest(name, reasons)}.')
    for name in ranks:
        if reasons[name]:
            raise ModelError(f'factorize: the layer "{name}" cannot have a rank: {reasons[name]}; leave it out.')


def _plan(layer: KerasLayer, choice: Choice | None, candidate: Candidate | None, reason: str | None) -> LayerPlan:
    chosen = None if reason else candidate
    ranks = [full_rank(tuple(layer.kernel.shape), form) for form in _forms(choice, chosen)]
    full = min(ranks, default=0)
    macs, parameters = layer_macs(layer), layer_parameters(layer)
    return LayerPlan(
        layer=layer.name,
        kind=type(layer).__name__,
        decomposition=chosen.decomposition if chosen else None,
        full_rank=full,
        rank=chosen.rank if chosen else full,
        macs_before=macs,
        macs_after=chosen.macs if chosen else macs,
        parameters_before=parameters,
        parameters_after=chosen.parameters if chosen else parameters,
        retained_energy=chosen.retained_energy if chosen else 1.0,
        reason=reason,
    )


def _forms(choice: Choice | None, chosen: Candidate | None) -> set[Decomposition]:
    """Return the form that is chosen, else all that are possible."""
    return {item.decomposition for item in ((chosen,) if chosen else choice.candidates if choice else ())}


def _reason_not_to_factorize(
    choice: Choice, candidate: Candidate | None, rule: RankRule, *, only_smaller: bool
) -> str | None:
    if candidate is None:
        if not choice.candidates:
            return "none of the decompositions that are allowed fits its kernel"
        if isinstance(rule, GivenRanks):
            return "no rank is given for it"
        if isinstance(rule, ModelMacShare):
            return "the share of the model is reached without it"
        return "at rank 1 its factors already take more than the share of its multiply-accumulates"
    if only_smaller and not choice.is_smaller(candidate):
        return (
            f"at rank {candidate.rank} its factors take {candidate.macs:,} multiply-accumulates and "
            f"{candidate.parameters:,} parameters, and it has {choice.macs:,} and {choice.parameters:,}"
        )
    return None
