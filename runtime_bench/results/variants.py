"""What is measured of an example: the facts in its `variants.toml`, and its recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.recipe import Recipe, parse_recipe
from edgewright.pipeline.tomlfile import read_toml, read_toml_as

EXAMPLES = Path(str(files("edgewright.examples")))
RECIPE, VARIANTS = "recipe.toml", "variants.toml"
OWN_TITLE = "the recipe of the example"


class Group(str, Enum):
    """Why a variant is measured."""

    RECIPE = "recipe"
    REFERENCES = "references"
    ALONE = "alone"
    CHAINS = "chains"


class VariantFacts(BaseModel):
    """One variant of `variants.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    model: str | None = None
    """Another source model than the recipe's, `file.py:function`."""
    stages: tuple[dict[str, Any], ...] = ()
    """Tables as they stand in a recipe, without the conversion."""


class ExampleFacts(BaseModel):
    """`variants.toml` of one example."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str = ""
    """What people should know about the figures."""
    references: tuple[VariantFacts, ...] = ()
    alone: tuple[VariantFacts, ...] = ()
    chains: tuple[VariantFacts, ...] = ()


class Variant(BaseModel):
    """A recipe to be measured."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    title: str
    group: Group
    recipe: Recipe
    is_own_model: bool
    """Whether the source model is another than that of the example."""


def example_names(folder: Path = EXAMPLES) -> tuple[str, ...]:
    """Return the names of all examples that have variants."""
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{VARIANTS}")))


def load_note(name: str, folder: Path = EXAMPLES) -> str:
    """Return what people should know about the figures of an example."""
    return read_toml_as(folder / name / VARIANTS, ExampleFacts, RecipeError).note


def load_variants(name: str, folder: Path = EXAMPLES) -> Iterator[Variant]:
    """Yield what is measured of an example: its recipe first.

    No variant has a budget, since a stage that is rolled back shows nothing.

    Raises:
        RecipeError: a file is broken.
    """
    path = folder / name / RECIPE
    content = {key: value for key, value in read_toml(path, RecipeError).items() if key != "budget"}
    facts = read_toml_as(folder / name / VARIANTS, ExampleFacts, RecipeError)
    yield Variant(title=OWN_TITLE, group=Group.RECIPE, recipe=parse_recipe(content, path), is_own_model=False)
    for group in (Group.REFERENCES, Group.ALONE, Group.CHAINS):
        for variant in getattr(facts, group.value):
            yield _variant(variant, group, content, path)


def _variant(facts: VariantFacts, group: Group, content: Mapping[str, Any], path: Path) -> Variant:
    source = {**content["source"], **({"model": facts.model} if facts.model else {})}
    own = {**content, "source": source, "stages": [*facts.stages, {"stage": "convert"}]}
    return Variant(title=facts.title, group=group, recipe=parse_recipe(own, path), is_own_model=facts.model is not None)
