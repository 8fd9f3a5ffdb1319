"""Pruning: channels that are removed, single weights that become zero, or two of every four weights.

Sources: iterative channel pruning by L1 (Li et al., "Pruning Filters for Efficient ConvNets", 2017) or first-order
Taylor importance (Molchanov et al., 2019); unstructured pruning on a polynomial schedule (Zhu, Gupta, "To prune, or not
to prune", 2017) and 2:4 sparsity, both done by tensorflow-model-optimization.
Only removed channels make the `.tflite` smaller and faster: zeros change its size after gzip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.narrowing import channel_counts, check_channels, describe_channels, remove_channels
from edgewright.pipeline.sparsity import Sparsity, check_sparsity, train_sparse
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.surgery.importance import ImportanceKind
from edgewright.pipeline.training import SoftTargetSettings, TrainingSettings, fit

TRIAL_AMOUNTS = (0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.725, 0.75, 0.775, 0.8, 0.82, 0.84, 0.86, 0.88, 0.9)
"""What `amount = "auto"` chooses from."""
LONGEST_STEP = 0.3
"""Share of the channels that one step of iterative pruning removes at most."""
DEFAULT_AMOUNTS = {"channel": 0.5, "unstructured": 0.9, "2:4": 0.5}


class PruneSettings(StageSettings):
    """What is pruned, how much of it, and how the rest is trained."""

    stage: Literal["prune"] = "prune"
    structure: Literal["channel", "unstructured", "2:4"] = "channel"
    amount: Annotated[float, Field(gt=0, lt=1)] | Literal["auto"] | None = None
    """Share of the channels, or of the weights, that goes; "auto": as much as the budget bears; by default 0.5 of the
    channels, 0.9 of the weights. 2:4 is one half by definition."""
    importance: ImportanceKind = ImportanceKind.TAYLOR
    """By what channels are ranked within a layer."""
    step_epochs: Annotated[int, Field(ge=0, le=10_000)] = 3
    """Epochs between two steps of channel pruning; 0 removes all at once."""
    multiple_of: Annotated[int, Field(ge=1, le=64)] = 1
    """The channels that are left are a multiple of this, where there were as many."""
    keep: tuple[str, ...] = ()
    """Layers that keep all their channels."""
    initial_amount: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the weights that is zero from the first step on (unstructured)."""
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=30, learning_rate=3e-3)

    @model_validator(mode="after")
    def _fits_structure(self) -> PruneSettings:
        if self.structure == "2:4" and self.amount not in (None, 0.5):
            raise ValueError(f"amount = {self.amount} does not go with structure 2:4, which is one half; leave it out")
        if self.structure == "unstructured" and self.initial_amount > self.share:
            raise ValueError(f"initial_amount {self.initial_amount} is above amount {self.share}; it must not be")
        return self

    @property
    def share(self) -> float:
        """The amount as a number."""
        return self.amount if isinstance(self.amount, float) else DEFAULT_AMOUNTS[self.structure]

    @property
    def trials(self) -> Sequence[PruneSettings]:
        """One for each amount."""
        if self.amount != "auto":
            return ()
        return [
            self.model_copy(update={"amount": amount, "initial_amount": min(self.initial_amount, amount)})
            for amount in TRIAL_AMOUNTS
        ]

    def shortened(self) -> PruneSettings:
        """Train for a third of the epochs, and one between steps."""
        return self.model_copy(update={"training": self.training.shortened(), "step_epochs": min(self.step_epochs, 1)})


def check(settings: PruneSettings, model: KerasModel, folder: Path) -> None:
    """Refuse a model in which nothing can be pruned.

    Raises:
        ModelError: no layer has channels, or weights, that can go, and why.
    """
    if settings.structure == "channel":
        check_channels(model, settings.keep)
    else:
        check_sparsity(model, Sparsity(settings.structure))


def run(settings: PruneSettings, work: StageWork) -> None:
    """Prune a model while it is trained on its targets and on the source model's outputs.

    Raises:
        ModelError: a layer cannot be pruned.
        DivergedError: training became NaN.
    """
    model = load_model(work.input_path, trust=True)
    if settings.structure == "channel":
        model = _prune_channels(model, settings, work)
    else:
        training_set = work.training_set(model)
        notes = train_sparse(
            model, training_set, settings.training, work.reporter,
            sparsity=Sparsity(settings.structure), initial=settings.initial_amount, final=settings.share,
            teacher=work.teacher(training_set, settings.soft_targets), log_folder=work.log_folder,
        )  # fmt: skip
        work.notes.extend(notes)
    save_model(model, work.output_path)


def _prune_channels(model: KerasModel, settings: PruneSettings, work: StageWork) -> KerasModel:
    before = channel_counts(model)
    work.notes.extend(describe_channels(model, settings.keep))
    shares = steps_to(settings.share, one_step=settings.step_epochs == 0)
    training_set = work.training_set(model)
    teacher = work.teacher(training_set, settings.soft_targets)
    for position, share in enumerate(shares):
        counts = {group: max(1, int((1 - share) * count + 0.5)) for group, count in before.items()}
        model = remove_channels(
            model, counts, training_set, importance=settings.importance, multiple_of=settings.multiple_of,
            keep=settings.keep,
        )  # fmt: skip
        is_last = position == len(shares) - 1
        training = settings.training if is_last else settings.training.lasting(settings.step_epochs)
        title = "prune" if is_last else f"prune: step {position + 1} of {len(shares) - 1}"
        fit(model, training_set, training, work.reporter, title=title, teacher=teacher, log_folder=work.log_folder)
    after = channel_counts(model)
    work.notes.extend(f"{group}: {before[group]} -> {after.get(group, 1)} channels" for group in before)
    return model


def steps_to(share: float, *, one_step: bool = False) -> tuple[float, ...]:
    """Return the shares of channels that are gone after each step of iterative pruning.

    Every step removes the same share of what is left, at most three tenths.

    >>> [round(step, 2) for step in steps_to(0.75)]
    [0.29, 0.5, 0.65, 0.75]
    """
    left, count = 1.0, 1
    while not one_step and (1 - share) ** (1 / count) < 1 - LONGEST_STEP - 0.01:
        count += 1
    shares = []
    for _ in range(count):
        left *= (1 - share) ** (1 / count)
        shares.append(1 - left)
    return tuple(shares)


def why_not_smaller(settings: PruneSettings) -> str:
    """Say why pruning need not save anything."""
    if settings.structure == "channel":
        return "so few channels went that no layer became narrower; give a larger amount"
    return f'{settings.structure} zeros change only the gzip size; use structure = "channel"'


STAGE = Stage(
    name="prune",
    settings=PruneSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    check=check,
    why_not_smaller=why_not_smaller,
    modules=("stages/prune.py", "narrowing.py", "sparsity.py", *TRAINING),
)
