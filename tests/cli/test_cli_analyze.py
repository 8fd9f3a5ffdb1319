"""`edgewright analyze` on the digits: what it leaves, and that its recipe can be built."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.command import assert_refused, contents, edgewright
from support.json_schema import violations
from support.project import Project

from edgewright.pipeline.analysis import Analysis
from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.recipe import load_recipe
from edgewright.pipeline.tomlfile import read_toml

pytestmark = pytest.mark.slow

SCHEMA = Path(__file__).parents[2] / "docs" / "analysis.schema.json"


def analyze(project: Project, folder: Path, *options: str) -> CompletedProcess[str]:
    """Analyze the project's model into `out` below a folder."""
    given = ("--model", project.folder / "digits.h5", "--data", project.folder / "digits.npz", "--samples", "100")
    return edgewright("analyze", *given, "--out", "out", "--cache", project.cache, *options, cwd=folder)


@pytest.fixture(scope="module")
def analyzed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the model was analyzed."""
    folder = tmp_path_factory.mktemp("analyze")
    finished = analyze(project, folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "conv1" in finished.stdout
    assert finished.stdout.endswith("  edgewright build --target esp32 --recipe out/recipe.toml\n")
    return folder


def test_what_is_left(analyzed: Path) -> None:
    """The figures keep to the published schema; page, recipe and manifest lie beside them."""
    found = contents(analyzed / "out")
    assert {"analysis.json", "analysis.html", "recipe.toml", "manifest.json"} == set(found)
    assert [] == violations(json.loads(found["analysis.json"]), json.loads(SCHEMA.read_text()))
    analysis = Analysis.model_validate_json(found["analysis.json"])
    assert ["conv1", "conv2", "hidden", "digits"] == [layer.name for layer in analysis.layers]
    assert (100, "accuracy") == (analysis.sample_count, analysis.score_name)
    assert analysis.baseline > 0.9
    assert b"conv2" in found["analysis.html"]


def test_the_suggested_recipe_is_one(analyzed: Path) -> None:
    """It holds stages that exist with settings that are accepted, and finds model and data from where it lies."""
    recipe = load_recipe(analyzed / "out" / "recipe.toml")
    assert ["prune", "distill"] == [stage.name for stage, _ in recipe.stages][:2]
    assert "convert" == recipe.stages[-1][0].name
    finished = edgewright("build", "--target", "host", "--recipe", "out/recipe.toml", "--dry-run", cwd=analyzed)
    assert (0, "") == (finished.returncode, finished.stderr)


def test_the_task_of_a_recipe_is_taken_over(project: Project, tmp_path: Path) -> None:
    """What the recipe says of task, validation and augmentation decides, and stands in the suggestion."""
    (tmp_path / "metric.py").write_text(
        "def half(y, predictions):\n    return 0.5 * (y == predictions.argmax(1)).mean()\n"
    )
    (tmp_path / "mine.toml").write_text(
        '[task]\nmetric = "metric.py:half"\n[validation]\nshare = 0.25\n[augmentation]\nnoise = 0.5\n'
        '[[stages]]\nstage = "convert"\n'
    )
    finished = analyze(project, tmp_path, "--recipe", "mine.toml")
    assert (0, "") == (finished.returncode, finished.stderr)
    analysis = Analysis.model_validate_json((tmp_path / "out" / "analysis.json").read_text())
    assert ("half", False) == (analysis.score_name, analysis.is_share)
    assert 0.4 < analysis.baseline <= 0.5
    suggested = read_toml(tmp_path / "out" / "recipe.toml", RecipeError)
    assert {"metric": "../metric.py:half"} == suggested["task"]
    assert ({"share": 0.25}, {"noise": 0.5}) == (suggested["validation"], suggested["augmentation"])
    load_recipe(tmp_path / "out" / "recipe.toml")


def test_the_same_again_changes_nothing(project: Project, analyzed: Path) -> None:
    """A second analysis finds the same figures; an edited recipe is not overwritten."""
    before = contents(analyzed / "out")
    assert analyze(project, analyzed).stdout.splitlines()[-2] == "out: unchanged"
    (analyzed / "out" / "recipe.toml").write_text("mine")
    assert_refused(analyze(project, analyzed), "recipe.toml was edited", "--force")
    assert b"mine" == contents(analyzed / "out")["recipe.toml"]
    (analyzed / "out" / "recipe.toml").write_bytes(before["recipe.toml"])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Data that does not exist is one sentence, and nothing is written."""
    assert_refused(
        edgewright("analyze", "--model", "no.h5", "--data", "no.npz", cwd=tmp_path), "no.h5 does not exist", ".keras"
    )
    assert [] == list(tmp_path.iterdir())
