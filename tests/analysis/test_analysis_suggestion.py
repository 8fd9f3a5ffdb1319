"""The suggested recipe: TOML, with the stages that the analysis speaks for, in order."""

from __future__ import annotations

import re
from typing import Any

import pytest
import tomli
from support.analyses import analysis, convolution, layer, rank_trial

from edgewright.pipeline.analysis import Analysis, suggest
from edgewright.pipeline.recipe import RecipeSettings

HOSTILE = 'a"""\n[[stages]]\nstage = "rm"\r\t\x7f\x00\\u'


def stages(text: str) -> list[str]:
    """Return the names of a recipe's stages."""
    return [stage["stage"] for stage in tomli.loads(text)["stages"]]


def dense(name: str, parameters_saved: int, change: float = 0.0) -> Any:
    """Return a Dense layer of 1,000 parameters that can be factorized."""
    return layer(name, ranks=(rank_trial(0.8, change, parameters_saved=parameters_saved),))


def test_convolutions() -> None:
    """A network whose layers may lose channels is pruned, trained again and quantized."""
    text = suggest(analysis())
    expected = {
        "name": "digits",
        "budget": {"max_accuracy_drop": 0.01},
        "stages": [
            {"stage": "prune", "structure": "channel", "amount": "auto"},
            {"stage": "distill", "student": "current"},
            {"stage": "qat", "when": "auto"},
            {"stage": "convert"},
        ],
    }
    assert expected == tomli.loads(text)


def test_comments_say_why() -> None:
    """Each stage has the figures that speak for it: the most robust layer, the most sensitive one, what stays."""
    text = " ".join(suggest(analysis()).replace("\n# ", " ").split())
    assert "2 layers with 66.7 % of the parameters may lose channels" in text
    assert (
        'Without half of its channels "first" changes accuracy by −2.0 points (outputs by 10.0 %), "second" by −10.0 '
        "points (outputs by 10.0 %)"
    ) in text
    assert 'These stay: "classes": it is the model\'s output.' in text
    assert "All layers together in int8 change accuracy by −0.1 points (outputs by 10.0 %)" in text
    assert '"second" alone, the most sensitive, by −1.0 points' in text


def test_dense_layers_of_low_rank() -> None:
    """Where Dense layers dominate and rank is cheap, they are factorized; nothing else can be done here."""
    text = suggest(analysis(dense("wide", 400), dense("classes", 100), int8=None))
    assert ["factorize", "convert"] == stages(text)
    assert "No channels are pruned" in text
    assert '"wide" at rank 5 saves 400 parameters' in text
    assert "No layer of this model can be trained in int8" in text


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (analysis(dense("wide", 400, -0.02)), "save only 0.0 % of all parameters"),
        (analysis(dense("wide", 50), layer("classes")), "save only 2.5 % of all parameters"),
        (analysis(convolution("first"), convolution("second"), dense("classes", 400)), None),
    ],
    ids=["expensive", "little", "few"],
)
def test_dense_layers_that_stay(found: Analysis, reason: str | None) -> None:
    """Nothing is factorized where it costs more than the budget, saves little, or Dense layers do not matter."""
    text = suggest(found)
    assert "factorize" not in stages(text)
    assert reason is None or reason in " ".join(text.replace("\n# ", " ").split())


def test_budget_decides() -> None:
    """What may be lost decides which rank is cheap, and stands in the recipe."""
    text = suggest(analysis(dense("wide", 400, -0.02)), max_drop=0.03)
    assert ["factorize", "qat", "convert"] == stages(text)
    assert {"max_accuracy_drop": 0.03} == tomli.loads(text)["budget"]


def test_error_has_no_budget_of_accuracy() -> None:
    """A score that is no share gets no budget of accuracy; its losses count against the baseline."""
    error = {"score_name": "error", "higher_is_better": False, "is_share": False, "baseline": 0.5}
    cheap, expensive = (analysis(dense("wide", 400, change), **error) for change in (0.004, 0.006))
    assert "budget" not in tomli.loads(suggest(cheap))
    assert "factorize" in stages(suggest(cheap))
    assert "factorize" not in stages(suggest(expensive))


def test_source() -> None:
    """Model and data are named where they are given."""
    text = suggest(analysis(), model="models/teacher.keras", data="data.npz")
    assert {"model": "models/teacher.keras", "data": "data.npz"} == tomli.loads(text)["source"]


def test_hostile_names() -> None:
    """No name breaks out of its string or its comment."""
    found = analysis(
        convolution(HOSTILE), layer("classes", channels_reason=f'"{HOSTILE}" (Odd) is not followed'), model=HOSTILE
    )
    content = tomli.loads(suggest(found, model=HOSTILE, data="not UTF-8 \udcff"))
    assert ["prune", "distill", "qat", "convert"] == [stage["stage"] for stage in content["stages"]]
    assert HOSTILE == content["name"] == content["source"]["model"]
    assert "not UTF-8 ?" == content["source"]["data"]


@pytest.mark.slow
def test_recipe_of_a_real_analysis(analyzed: Any) -> None:
    """The recipe of a real network names only layers that there are, and no unknown key above its stages."""
    text = suggest(analyzed.analysis)
    content = tomli.loads(text)
    assert "convert" == content.pop("stages")[-1]["stage"]
    del content["budget"]
    assert "digits" == RecipeSettings.model_validate(content).name
    comments = " ".join(line[1:] for line in text.splitlines() if line.startswith("#"))
    named = set(re.findall(r'"([^"]*)"', comments)) - {"auto"}
    assert named <= {layer.name for layer in analyzed.analysis.layers}
    assert {"classes", "deep"} <= named
