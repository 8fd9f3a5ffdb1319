"""The recipe: a TOML file that says which model, which data, which stages in which order, and with what seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.budget import Budget
from edgewright.pipeline.data import DataSettings, Validation
from edgewright.pipeline.errors import RecipeError, nearest
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.stages import STAGES, ArtefactKind, Stage, StageSettings
from edgewright.pipeline.static_runtime import StaticSettings
from edgewright.pipeline.tasks import TaskSettings
from edgewright.pipeline.tomlfile import describe_validation_error, read_toml


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class Source(Settings):
    """What is compressed and on what; the command line's --model and --data go first."""

    model: str | None = None
    """A model file, or `file.py:function` that trains one; a relative path counts from the recipe."""
    data: str | None = None
    """An `.npz`, a folder of images by class, or `file.py:function`; a relative path counts from the recipe."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of each class that becomes the test split of a folder of images without one."""


class RecipeSettings(Settings):
    """Everything in a recipe but its stages."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "model"
    """What the model is called in reports and in the firmware."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    labels: tuple[str, ...] = ()
    """A name for each class, where the data has none."""
    source: Source = Source()
    task: TaskSettings = TaskSettings()
    preprocessing: Annotated[tuple[Preprocessing, ...], BeforeValidator(_as_list)] = ()
    """What is done to every sample, here and on the device: one table for all inputs, or one for each."""
    validation: Validation = Validation()
    augmentation: Augmentation = Augmentation()
    budget: Budget | None = None
    static: StaticSettings = StaticSettings()
    """Of the static runtime."""

    @property
    def data_settings(self) -> DataSettings:
        """How the data is read."""
        return DataSettings(
            preprocessing=self.preprocessing, validation=self.validation, test_share=self.source.test_share
        )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A validated recipe and the folder that its relative paths count from."""

    settings: RecipeSettings
    stages: tuple[tuple[Stage, StageSettings], ...]
    folder: Path


def load_recipe(path: Path) -> Recipe:
    """Read and validate a recipe.

    Raises:
        RecipeError: not TOML, an unknown key or stage, a value out of range, or stages in an impossible order.
    """
    return parse_recipe(read_toml(path, RecipeError), path)


def parse_recipe(content: Mapping[str, object], path: Path) -> Recipe:
    """Validate a recipe that was read, or put together.

    Args:
        content: what the file says.
        path: the file, for messages; its relative paths count from the folder.

    Raises:
        RecipeError: an unknown key or stage, a value out of range, or stages in an impossible order.
    """
    stages = content.get("stages")
    if not isinstance(stages, list) or not stages:
        raise RecipeError(f'{path}: stages: is missing or empty; list at least [[stages]] with stage = "convert".')
    try:
        settings = RecipeSettings.model_validate({key: value for key, value in content.items() if key != "stages"})
    except ValidationError as error:
        raise RecipeError(f"{path}: {_describe(error, RecipeSettings, ['stages'])}") from None
    chain = tuple(_load_stage(path, position, table) for position, table in enumerate(stages))
    _check_order(path, [stage for stage, _ in chain])
    return Recipe(settings=settings, stages=chain, folder=path.parent)


def default_stages() -> tuple[tuple[Stage, StageSettings], ...]:
    """Return the stages of a model without a recipe: it is converted."""
    return tuple((stage, stage.settings(stage=stage.name)) for stage in STAGES if stage.name == "convert")


def _describe(error: ValidationError, model: type[Settings], extra: list[str]) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        key = str(first["loc"][0])
        return f"{key}: unknown key; {nearest(key, [*model.model_fields, *extra])}."
    return describe_validation_error(error, model)


def _load_stage(path: Path, position: int, table: object) -> tuple[Stage, StageSettings]:
    place = f"{path}: stages[{position}]"
    by_name = {stage.name: stage for stage in STAGES}
    if not isinstance(table, dict) or not isinstance(table.get("stage"), str):
        raise RecipeError(f'{place}: has no stage = "…"; accepted: {", ".join(sorted(by_name))}.')
    name = table["stage"]
    if name not in by_name:
        raise RecipeError(f'{place}: unknown stage "{name}"; {nearest(name, by_name)}.')
    stage = by_name[name]
    try:
        return stage, stage.settings.model_validate(table)
    except ValidationError as error:
        raise RecipeError(f"{place} ({name}): {describe_validation_error(error, stage.settings)}") from None


def _check_order(path: Path, stages: list[Stage]) -> None:
    kind = ArtefactKind.KERAS
    for position, stage in enumerate(stages):
        if stage.accepts is not kind:
            raise RecipeError(
                f'{path}: stages[{position}]: "{stage.name}" takes a {stage.accepts.value}, but what stands before it '
                f"gives a {kind.value}; put it before the stage that converts."
            )
        kind = stage.produces
    if kind is not ArtefactKind.TFLITE:
        raise RecipeError(f'{path}: stages: the last one is "{stages[-1].name}"; end with stage = "convert".')
