"""Low-rank factorization: Dense layers and convolutions become two smaller ones, then the whole is fine-tuned.

Sources: truncated SVD of Dense and 1 x 1 convolutions (Denil et al., "Predicting Parameters in Deep Learning", 2013);
k x k convolutions as k x 1 and 1 x k (Jaderberg et al., "Speeding up Convolutional Neural Networks with Low Rank
Expansions", 2014) or as k x k and 1 x 1 (Zhang et al., 2016), whichever keeps more at the same cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.surgery.factorization import LayerPlan, factorize, plan_factorization
from edgewright.pipeline.surgery.ranks import FullRank, GivenRanks, ModelMacShare, RankRule, RetainedEnergy
from edgewright.pipeline.training import SoftTargetSettings, TrainingSettings, fit

TRIAL_ENERGIES = (0.99, 0.975, 0.95, 0.925, 0.9, 0.875, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4)
"""What `amount = "auto"` chooses from."""


class FactorizeSettings(StageSettings):
    """How ranks are chosen, by one of four rules, and how the factors are trained."""

    stage: Literal["factorize"] = "factorize"
    energy: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of each kernel's energy (the sum of its squares) that its rank keeps; 1 is full rank."""
    macs: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the model's multiply-accumulates that may be left."""
    ranks: Annotated[dict[str, Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None
    """A rank for each layer that is factorized, by the layer's name."""
    amount: Literal["auto"] | None = None
    """The lowest energy that the budget bears."""
    keep: tuple[str, ...] = ()
    """Layers that stay as they are."""
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=15)

    @model_validator(mode="after")
    def _one_rule(self) -> FactorizeSettings:
        given = [name for name in ("energy", "macs", "ranks", "amount") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given together; give one of energy, macs, ranks and amount")
        return self

    @property
    def rule(self) -> RankRule:
        """The rule by which ranks are chosen; by default nine tenths of the energy stay."""
        if self.macs is not None:
            return ModelMacShare(share=self.macs)
        if self.ranks is not None:
            return GivenRanks(ranks=self.ranks)
        if self.energy == 1:
            return FullRank()
        return RetainedEnergy(share=self.energy or 0.9)

    @property
    def trials(self) -> Sequence[FactorizeSettings]:
        """One for each energy."""
        if self.amount is None:
            return ()
        return [self.model_copy(update={"amount": None, "energy": energy}) for energy in TRIAL_ENERGIES]

    def shortened(self) -> FactorizeSettings:
        """Train for a third of the epochs."""
        return self.model_copy(update={"training": self.training.shortened()})


def check(settings: FactorizeSettings, model: KerasModel, folder: Path) -> None:
    """Refuse a model of which no layer can be factorized.

    Raises:
        ModelError: a layer that is kept by name does not exist, or every layer must stay, and why.
    """
    rule = settings.rule if settings.ranks else FullRank()
    plans = plan_factorization(model, rule, keep=settings.keep, only_smaller=False)
    if not any(plan.is_factorized for plan in plans):
        reasons = "; ".join(f'"{plan.layer}": {plan.reason}' for plan in plans[:3]) or "it has no layer with a kernel"
        raise ModelError(f'factorize: no layer of this model can be factorized ({reasons}); leave "factorize" out.')


def run(settings: FactorizeSettings, work: StageWork) -> None:
    """Factorize what becomes smaller by it, and train the result; where nothing does, leave the model as it is.

    Raises:
        ModelError: the share of multiply-accumulates cannot be reached.
        DivergedError: training became NaN.
    """
    model = load_model(work.input_path, trust=True)
    plans = plan_factorization(model, settings.rule, keep=settings.keep, only_smaller=settings.energy != 1)
    work.notes.extend(_describe(plan) for plan in plans)
    if any(plan.is_factorized for plan in plans):
        model = factorize(model, plans)
        training_set = work.training_set(model)
        fit(
            model, training_set, settings.training, work.reporter, title="factorize",
            teacher=work.teacher(training_set, settings.soft_targets), log_folder=work.log_folder,
        )  # fmt: skip
    save_model(model, work.output_path)


def _describe(plan: LayerPlan) -> str:
    if plan.decomposition is None:
        return f"{plan.layer} stays: {plan.reason}"
    return (
        f"{plan.layer} has rank {plan.rank} of {plan.full_rank} ({plan.decomposition.value}, "
        f"{plan.retained_energy:.1%} of its energy): {plan.macs_before:,} -> {plan.macs_after:,} MACs"
    )


def why_not_smaller(settings: FactorizeSettings) -> str:
    """Say why factorization need not save anything."""
    return (
        "at these ranks the factors are hardly smaller than the layers, and each factorized layer holds one more "
        'activation in the arena; prune channels instead (stage = "prune", structure = "channel")'
    )


STAGE = Stage(
    name="factorize",
    settings=FactorizeSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    check=check,
    why_not_smaller=why_not_smaller,
    modules=("stages/factorize.py", *TRAINING),
)
