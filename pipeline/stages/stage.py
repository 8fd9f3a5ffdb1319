"""What a stage is: its name, its settings, what it takes and gives, and the function that does the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import model_validator

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.settings import Settings


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


@dataclass(frozen=True, kw_only=True)
class StageWork:
    """All that a stage may look at, and where it leaves its result."""

    input_path: Path
    """The artefact so far, a `.keras`."""
    source_path: Path
    """The source model, a `.keras`: the teacher."""
    data: DataSource
    augmentation: Augmentation
    seed: int
    output_path: Path
    """Where the stage writes its artefact."""
    reporter: Reporter


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One technique. `run(settings, work)` writes `work.output_path`."""

    name: str
    settings: type[StageSettings]
    accepts: ArtefactKind
    produces: ArtefactKind
    run: Callable[[Any, StageWork], None]
    modules: tuple[str, ...]
    """Names of the modules under `pipeline/` whose code decides the result: a change in one is a new cache entry."""
