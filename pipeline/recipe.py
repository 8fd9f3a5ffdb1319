"""The recipe: a TOML file that says which model, which data, which stages in which order, and with what seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.errors import RecipeError, nearest
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.stages import STAGES, ArtefactKind, Stage, StageSettings
from edgewright.pipeline.tomlfile import describe_validation_error, read_toml


class Source(Settings):
    """What is compressed and on what; the command line's --model and --data go first."""

    model: str | None = None
    """A model file, or `file.py:function` that trains one; a relative path counts from the recipe."""
    data: str | None = None
    """An `.npz`, or `file.py:function`; a relative path counts from the recipe."""


class RecipeSettings(Settings):
    """Everything in a recipe but its stages."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "model"
    """What the model is called in reports and in the firmware."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    labels: tuple[str, ...] = ()
    """A name for each class, where the data has none."""
    source: Source = Source()
    augmentation: Augmentation = Augmentation()


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
    content = read_toml(path, RecipeError)
    stages = content.pop("stages", None)
    if not isinstance(stages, list) or not stages:
        raise RecipeError(f'{path}: stages: is missing or empty; list at least [[stages]] with stage = "convert".')
    try:
        settings = RecipeSettings.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{path}: {_describe(error, RecipeSettings, ['stages'])}") from None
    chain = tuple(_load_stage(path, position, table) for position, table in enumerate(stages))
    _check_order(path, [stage for stage, _ in chain])
    return Recipe(settings=settings, stages=chain, folder=path.parent)


def default_stages() -> tuple[tuple[Stage, StageSettings], ...]:
    """Return every stage with its default settings: what a model without a recipe goes through."""
    return tuple((stage, stage.settings(stage=stage.name)) for stage in STAGES)


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
