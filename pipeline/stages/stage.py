"""What a stage is: its name, its settings, what it takes and gives, and the functions that do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import model_validator

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Data, DataSource
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.models import output_shapes
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.tasks import Objective
from edgewright.pipeline.teacher import open_teacher
from edgewright.pipeline.training import SoftTargetSettings, Teacher


class ArtefactKind(str, Enum):
    """What a stage takes or gives; the value is the file's name."""

    KERAS = "model.keras"
    TFLITE = "model.tflite"


class StageSettings(Settings):
    """Base of every stage's settings: `stage` names the stage."""

    stage: str

    @model_validator(mode="before")
    @classmethod
    def _accept_text(cls, value: object) -> object:
        return {"stage": value} if isinstance(value, str) else value

    @property
    def trials(self) -> Sequence[StageSettings]:
        """Settings from the weakest to the strongest, for a stage that is to find its own; else none."""
        return ()

    @property
    def minds_budget(self) -> bool:
        """Whether the stage itself looks at how much worse the budget lets the model become."""
        return False

    def shortened(self) -> StageSettings:
        """Return the settings of a quick trial of these."""
        return self


@dataclass(frozen=True, kw_only=True)
class StageWork:
    """All that a stage may look at, and where it leaves its result."""

    input_path: Path
    """The artefact so far, a `.keras`."""
    source_path: Path
    """The source model, a `.keras`: the teacher."""
    recipe_folder: Path
    """The folder that a user's files are looked for in."""
    data: DataSource
    objective: Objective
    augmentation: Augmentation
    seed: int
    output_path: Path
    """Where the stage writes its artefact."""
    reporter: Reporter
    cache: Cache
    measure: Callable[[Path], Metrics]
    """Measures a `.keras` on the final artefact's terms, on the validation split."""
    worst_score: float | None = None
    """What the deciding figure may fall to (or rise to) on the validation split; None without a budget."""
    log_folder: Path | None = None
    """Where summaries for TensorBoard go, if anywhere."""
    notes: list[str] = field(default_factory=list)
    """What the report should say about this run of the stage."""

    def load_data(self, model: KerasModel) -> Data:
        """Load the data with targets that fit a model's outputs."""
        return self.objective.prepare(self.data.load(), output_shapes(model), self.data.origin)

    def training_set(self, model: KerasModel) -> TrainingSet:
        """Return what a model is trained on."""
        return TrainingSet(
            split=self.load_data(model).train,
            task=self.objective.task,
            output_shapes=output_shapes(model),
            augmentation=self.augmentation,
            seed=self.seed,
        )

    def teacher(self, training_set: TrainingSet, settings: SoftTargetSettings) -> Teacher | None:
        """Return the source model as the teacher; None where its outputs would not count."""
        if settings.alpha == 0:
            return None
        return open_teacher(self.source_path, self.data.digest, training_set, settings, self.cache)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One technique. `run(settings, work)` writes `work.output_path`."""

    name: str
    settings: type[StageSettings]
    accepts: ArtefactKind
    produces: ArtefactKind
    run: Callable[[Any, StageWork], None]
    check: Callable[[Any, KerasModel, Path], None]
    """`(settings, source model, recipe's folder)`: refuses, before any training, what the stage cannot work on."""
    why_not_smaller: Callable[[Any], str]
    """`(settings)`: what to tell people where the stage saved nothing."""
    files: Callable[[Any, Path], tuple[Path, ...]] = lambda settings, folder: ()
    """`(settings, recipe's folder)`: files of the user's that decide the result."""
    modules: tuple[str, ...]
    """Names of the modules under `pipeline/` whose code decides the result: a change in one is a new cache entry."""
