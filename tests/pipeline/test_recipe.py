"""Recipes: what is accepted, and the sentence that each mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.inputs import EXAMPLE_RECIPE
from edgewright.pipeline.recipe import default_stages, load_recipe

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
        '[[stages]]\nstage = "prune"\namount = 0.7\n[[stages]]\nstage = "distill"\nstudent = "width:0.25"\n'
        '[[stages]]\nstage = "prune"\n' + CONVERT
    )
    stages = load_recipe(written(tmp_path, text)).stages
    assert ["prune", "distill", "prune", "convert"] == [stage.name for stage, _ in stages]
    said = [settings.model_dump() for _, settings in stages]
    assert [0.7, None, None, None] == [settings.get("amount") for settings in said]
    assert ["channel", None, "channel", None] == [settings.get("structure") for settings in said]
    assert "width:0.25" == said[1]["student"]


def test_without_a_recipe_a_model_is_converted() -> None:
    """A model that comes without a recipe goes through the conversion alone."""
    assert ["convert"] == [stage.name for stage, _ in default_stages()]


def test_tables_beside_the_stages(tmp_path: Path) -> None:
    """Task, budget, validation and preprocessing are read; what a recipe does not say has its default."""
    text = (
        '[task]\nkind = "regression"\nmetric = "mine.py:score"\nhigher_is_better = false\n'
        '[budget]\nmax_accuracy_drop = 2\nflash_bytes = 1000\n[validation]\nby = "group"\n'
        "[preprocessing]\nscale = 0.5\n" + CONVERT
    )
    settings = load_recipe(written(tmp_path, text)).settings
    assert ("regression", "mine.py:score", False) == (
        settings.task.kind, settings.task.metric, settings.task.higher_is_better,
    )  # fmt: skip
    assert settings.budget is not None
    assert (2, 1000, None, None) == (
        settings.budget.max_accuracy_drop, settings.budget.flash_bytes, settings.budget.ram_bytes, settings.budget.macs,
    )  # fmt: skip
    assert ("group", 0.1) == (settings.validation.by, settings.validation.share)
    assert 1 == len(settings.preprocessing) == len(settings.data_settings.preprocessing)
    bare = load_recipe(written(tmp_path, CONVERT)).settings
    assert (None, "classification", ()) == (bare.budget, bare.task.kind, bare.preprocessing)
    two = load_recipe(written(tmp_path, "[[preprocessing]]\n[[preprocessing]]\nscale = 0.5\n" + CONVERT)).settings
    assert 2 == len(two.preprocessing)


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
    "unknown task": ('[task]\nkind = "clustering"\n' + CONVERT, "task.kind: Input should be 'classification'"),
    "unknown limit": ("[budget]\nmax_acuracy_drop = 0.1\n" + CONVERT, 'did you mean "max_accuracy_drop"'),
    "a negative limit": ("[budget]\nmacs = -1\n" + CONVERT, "budget.macs: Input should be greater than 0 (got -1)"),
    "a student that is none": (
        '[[stages]]\nstage = "distill"\nstudent = "half"\n' + CONVERT,
        'student = "half" is not one; give "current", "width:0.5" or "file.py:function"',
    ),
    "a student and a search": (
        '[[stages]]\nstage = "distill"\nstudent = "width:0.5"\namount = "auto"\n' + CONVERT,
        'amount = "auto" looks for a width itself; leave student out',
    ),
    "an amount for 2:4": (
        '[[stages]]\nstage = "prune"\nstructure = "2:4"\namount = 0.7\n' + CONVERT,
        "amount = 0.7 does not go with structure 2:4, which is one half; leave it out",
    ),
    "two rules for ranks": (
        '[[stages]]\nstage = "factorize"\nenergy = 0.5\nmacs = 0.5\n' + CONVERT,
        "stages[0] (factorize): energy and macs are given together; give one of",
    ),
    "a boundary that does not go": (
        '[[stages]]\nstage = "convert"\nactivations = "int16"\nboundary = "uint8"\n',
        "stages[0] (convert): boundary: ",
    ),
    "unknown key in a list": (
        "[[preprocessing]]\n[[preprocessing]]\nscal = 2\n" + CONVERT,
        'preprocessing.1.scal: unknown key; did you mean "scale"',
    ),
    "unknown key in a choice": (
        "[preprocessing]\nnormalization = { mean = [0], std = [1], sdt = [2] }\n" + CONVERT,
        'did you mean "std"? Accepted: mean, std.',
    ),
    "value out of range": (
        '[[stages]]\nstage = "distill"\nstudent = "width:1.5"\n' + CONVERT,
        'student = "width:1.5" has no width above 0 and at most 1',
    ),
    "value of a wrong type": ('seed = "many"\n' + CONVERT, "seed: Input should be a valid integer"),
    "seed out of range": (f"seed = {2**31}\n" + CONVERT, "(got 2147483648)"),
    "empty name": ('name = ""\n' + CONVERT, "name: "),
    "values that contradict": (
        '[[stages]]\nstage = "prune"\nstructure = "unstructured"\namount = 0.8\ninitial_amount = 0.9\n' + CONVERT,
        "initial_amount 0.9 is above amount 0.8",
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
    assert "Value error" not in str(caught.value)
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
