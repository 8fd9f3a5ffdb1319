"""Recipes: what is accepted, and the sentence that each mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.recipe import default_stages, load_recipe
from edgewright.pipeline.run import EXAMPLE_RECIPE
from edgewright.pipeline.stages import STAGES, ArtefactKind

CONVERT = '[[stages]]\nstage = "convert"\n'


def written(folder: Path, text: str | bytes) -> Path:
    """Write a recipe."""
    path = folder / "recipe.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_examples_recipe_is_read() -> None:
    """The built-in example names its own model and data, and ends in the conversion."""
    recipe = load_recipe(EXAMPLE_RECIPE)
    assert "convert" == recipe.stages[-1][0].name
    assert ("mnist", EXAMPLE_RECIPE.parent) == (recipe.settings.name, recipe.folder)
    assert recipe.settings.source.model is not None
    assert recipe.settings.source.data is not None


def test_stages_keep_the_recipes_order_and_settings(tmp_path: Path) -> None:
    """Stages come in the order in which they stand, each with what the recipe says and defaults for the rest."""
    text = (
        '[[stages]]\nstage = "prune"\nfinal_sparsity = 0.7\n[[stages]]\nstage = "distill"\nwidth = 0.25\n'
        '[[stages]]\nstage = "prune"\n' + CONVERT
    )
    stages = load_recipe(written(tmp_path, text)).stages
    assert ["prune", "distill", "prune", "convert"] == [stage.name for stage, _ in stages]
    said = [settings.model_dump().get("final_sparsity") for _, settings in stages]
    assert [0.7, None, 0.8, None] == said
    assert 0.25 == stages[1][1].model_dump()["width"]


def test_without_a_recipe_there_is_a_chain_that_converts() -> None:
    """A model that comes without a recipe goes through stages in a possible order, the conversion last."""
    stages = [stage for stage, _ in default_stages()]
    assert all(stage in STAGES for stage in stages)
    assert ArtefactKind.TFLITE is stages[-1].produces


MISTAKES = {
    "unknown stage": ('[[stages]]\nstage = "distil"\n', 'stages[0]: unknown stage "distil"; did you mean "distill"'),
    "unknown key": ("sede = 1\n" + CONVERT, 'sede: unknown key; did you mean "seed"'),
    "unknown section": ("[sorce]\n" + CONVERT, 'sorce: unknown key; did you mean "source"'),
    "unknown key in a section": ('[source]\nmodle = "x"\n' + CONVERT, 'modle: unknown key; did you mean "model"'),
    "unknown key in a stage": ('[[stages]]\nstage = "convert"\nper_channel = true\n', 'mean "per_channel_dense"'),
    "unknown key below a stage": (
        '[[stages]]\nstage = "prune"\ntraining = { epoch = 3 }\n' + CONVERT,
        'training.epoch: unknown key; did you mean "epochs"',
    ),
    "no stages": ('name = "x"\n', 'list at least [[stages]] with stage = "convert"'),
    "empty stages": ("stages = []\n", "stages: is missing or empty"),
    "stages of a wrong type": ("stages = 3\n", "stages: is missing or empty"),
    "stage without a name": ("[[stages]]\nwidth = 0.5\n" + CONVERT, 'stages[0]: has no stage = "…"; accepted: convert'),
    "stage that is no table": ('stages = ["convert"]\n', 'stages[0]: has no stage = "…"'),
    "stage after the conversion": (CONVERT + '[[stages]]\nstage = "prune"\n', 'stages[1]: "prune" takes a model.keras'),
    "two conversions": (CONVERT + CONVERT, 'stages[1]: "convert" takes a model.keras'),
    "no conversion": ('[[stages]]\nstage = "distill"\n', 'the last one is "distill"; end with stage = "convert"'),
    "value out of range": (
        '[[stages]]\nstage = "distill"\nwidth = 1.5\n' + CONVERT,
        "width: Input should be less than",
    ),
    "value of a wrong type": ('seed = "many"\n' + CONVERT, "seed: Input should be a valid integer"),
    "seed out of range": (f"seed = {2**31}\n" + CONVERT, "(got 2147483648)"),
    "empty name": ('name = ""\n' + CONVERT, "name: "),
    "values that contradict": (
        '[[stages]]\nstage = "prune"\ninitial_sparsity = 0.9\n' + CONVERT,
        "initial_sparsity 0.9 is above final_sparsity 0.8",
    ),
    "broken TOML": ("[[stages]\n", "is not valid TOML: "),
    "a key twice": ("seed = 1\nseed = 2\n", "is not valid TOML: "),
}


@pytest.mark.parametrize(("text", "fragment"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_its_sentence(tmp_path: Path, text: str, fragment: str) -> None:
    """Each mistake names the file, the place, and what would be right, in one line."""
    path = written(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fragment in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


def test_a_recipe_that_is_not_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused as such."""
    with pytest.raises(RecipeError, match="is not UTF-8 text"):
        load_recipe(written(tmp_path, b"\xff\xfe\x00"))


@pytest.mark.parametrize("name", ["nothing.toml", "."])
def test_a_recipe_that_is_not_there(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are refused with the reason."""
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / name)
