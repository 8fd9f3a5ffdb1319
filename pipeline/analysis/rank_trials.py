"""What the score loses when a layer's kernel gets a lower rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.analysis.channel_trials import Compare
from edgewright.pipeline.analysis.schema import RETAINED_ENERGIES, RankTrial
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.decompositions import Decomposition, approximate
from edgewright.pipeline.surgery.factorization import LayerPlan, plan_factorization
from edgewright.pipeline.surgery.ranks import RetainedEnergy
from edgewright.pipeline.surgery.rebuild import KerasLayer


@dataclass(frozen=True, kw_only=True)
class RankFigures:
    """What became of the rank of one layer."""

    trials: tuple[RankTrial, ...] = ()
    reason: str | None = None


class RankTrials:
    """Gives one layer after the other the kernel that its two factors have together."""

    def __init__(self, model: KerasModel) -> None:
        """Choose the ranks.

        Args:
            model: functional, without models inside; its weights are changed while a trial runs.
        """
        self._model = model
        self._plans: dict[str, list[tuple[float, LayerPlan]]] = {}
        for share in RETAINED_ENERGIES:
            for plan in plan_factorization(model, RetainedEnergy(share=share)):
                self._plans.setdefault(plan.layer, []).append((share, plan))

    def count(self, layers: Sequence[KerasLayer]) -> int:
        """Return how many trials there will be."""
        return sum(plan.is_factorized for layer in layers for _, plan in self._plans.get(layer.name, []))

    def measure(self, layer: KerasLayer, compare: Compare) -> RankFigures:
        """Try every energy at which the two factors are smaller than the layer."""
        plans = self._plans.get(layer.name)
        if plans is None:
            return RankFigures(reason=f"{type(layer).__name__} has no kernel")
        trials = tuple(
            self._try(layer, share, plan, plan.decomposition, compare) for share, plan in plans if plan.decomposition
        )
        return RankFigures(trials=trials, reason=next((plan.reason for _, plan in plans if plan.reason), None))

    def _try(
        self, layer: KerasLayer, share: float, plan: LayerPlan, decomposition: Decomposition, compare: Compare
    ) -> RankTrial:
        kernel, *others = weights = layer.get_weights()
        try:
            layer.set_weights([approximate(kernel, decomposition, plan.rank), *others])
            trial = compare(layer.name, self._model)
        finally:
            layer.set_weights(weights)
        return RankTrial(
            **trial.model_dump(),
            retained_energy=share,
            rank=plan.rank,
            decomposition=decomposition.value,
            macs_saved=plan.macs_before - plan.macs_after,
            parameters_saved=plan.parameters_before - plan.parameters_after,
        )
