"""What a user gives, found and validated before anything runs: recipe, task, model and data."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSource, open_data
from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.recipe import Recipe, RecipeSettings, default_stages, load_recipe
from edgewright.pipeline.sources import ModelSource, open_model
from edgewright.pipeline.tasks import Objective, open_objective

EXAMPLE_RECIPE = Path(str(files("edgewright.examples"))) / "mnist" / "recipe.toml"
"""What is taken when nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class InputRequest:
    """Where a run's inputs are; paths count from the working folder."""

    recipe: Path | Recipe | None = None
    """A file, or a recipe that was put together."""
    model: str | None = None
    data: str | None = None
    seed: int | None = None
    trust_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Inputs that were all found; nothing has run yet."""

    recipe: Recipe
    objective: Objective
    seed: int
    source: ModelSource
    data: DataSource


def open_inputs(request: InputRequest, data_cache: Cache) -> Inputs:
    """Find and validate a run's inputs.

    Args:
        request: where they are.
        data_cache: takes what a data function returns.

    Raises:
        EdgewrightError: something is missing or cannot be used.
    """
    recipe = _recipe(request)
    model, model_base = _choose(request.model, recipe.settings.source.model, recipe, "model")
    data, data_base = _choose(request.data, recipe.settings.source.data, recipe, "data")
    return Inputs(
        recipe=recipe,
        objective=open_objective(recipe.settings.task, recipe.folder),
        seed=recipe.settings.seed if request.seed is None else request.seed,
        source=open_model(model, model_base, trust=request.trust_model),
        data=open_data(data, data_base, data_cache, recipe.settings.data_settings),
    )


def _recipe(request: InputRequest) -> Recipe:
    if isinstance(request.recipe, Recipe):
        return request.recipe
    if request.recipe is not None:
        return load_recipe(request.recipe)
    if request.model is None and request.data is None:
        return load_recipe(EXAMPLE_RECIPE)
    name = Path(request.model or "model").stem or "model"
    return Recipe(settings=RecipeSettings(name=name), stages=default_stages(), folder=Path())


def _choose(given: str | None, in_recipe: str | None, recipe: Recipe, key: str) -> tuple[str, Path]:
    if given is not None:
        return given, Path()
    if in_recipe is not None:
        return in_recipe, recipe.folder
    raise RecipeError(f'{key}: is missing; give --{key} (make: {key}=…), or {key} = "…" under [source] in the recipe.')
