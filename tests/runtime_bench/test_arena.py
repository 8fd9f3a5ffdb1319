"""Memory plans of whole networks: five in every test run, all of them in the complete one, and what the table says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.graphs import tiny_graph
from support.models import reference_models
from support.plannable import chain_graph

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.graph import write
from edgewright.pipeline.vocabulary import PlanEnding
from edgewright.runtime_bench.arena.__main__ import read_models
from edgewright.runtime_bench.arena.conversions import obtain_models
from edgewright.runtime_bench.arena.document import render_document
from edgewright.runtime_bench.arena.figures import ArenaResults, HostFigures, ModelResult, PlanRow
from edgewright.runtime_bench.arena.measurement import PLACES, measure_model
from edgewright.runtime_bench.arena.subjects import SUBJECTS

DOCS = Path(__file__).parents[2] / "docs"
HEADS = {
    "mobilenet_v1_025_96": (73728, 55296),
    "inception_32": (24576, 20480),
    "unet_32": (49152, 49152),
    "squeeze_excite_32": (20512, 20512),
    "mnist_student": (2352, 2352),
}
"""Of five networks: TFLM's head and ours, both as TFLM's own interpreter has them."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """One for all tests of this file, so that a network is converted once."""
    return Cache(root=tmp_path_factory.mktemp("arena"))


@pytest.fixture(scope="module")
def five(cache: Cache) -> dict[str, bytes]:
    """Five networks, converted in one process."""
    return obtain_models(HEADS, cache)


def row(**changes: object) -> PlanRow:
    """A plan that holds."""
    figures = {
        "kernels": "reference", "greedy_bytes": 320, "head_bytes": 256, "bound_bytes": 256,
        "ending": PlanEnding.AT_BOUND, "is_reordered": False, "seconds": 0.25, "arena_before_bytes": 1320,
        "arena_bytes": 1256, "compared_inputs": 100, **changes,
    }  # fmt: skip
    return PlanRow.model_validate(figures)


def result(*plans: PlanRow) -> ModelResult:
    """A model for which everything holds, if its plans do."""
    return ModelResult(
        name="bells",
        file_bytes=5000,
        planned_file_bytes=5200,
        operator_count=7,
        before=HostFigures(head_bytes=320, arena_bytes=1320, computed_bytes=1328),
        after=HostFigures(head_bytes=256, arena_bytes=1256, computed_bytes=1256),
        plans=plans or (row(), row(kernels="CMSIS-NN", is_reordered=True)),
    )


def results(*models: ModelResult, **refused: str) -> ArenaResults:
    """What a run measured."""
    return ArenaResults(
        commit="0123456789", command="make bench-arena", date="2000-01-01", models=models, refused=refused
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", HEADS)
def test_five_networks_hold(five: dict[str, bytes], cache: Cache, name: str) -> None:
    """The head is at its bound for every set of kernels, TFLM's interpreter has it, and outputs are equal."""
    measured = measure_model(name, five[name], cache)
    assert [] == list(measured.complaints())
    assert HEADS[name] == (measured.before.head_bytes, measured.after.head_bytes)
    gains = HEADS[name][0] > HEADS[name][1]
    assert [100 if gains else 0] * len(PLACES) == [plan.compared_inputs for plan in measured.plans]
    assert measured.before.arena_bytes - measured.after.arena_bytes == HEADS[name][0] - HEADS[name][1]


@pytest.mark.full
def test_every_network_holds(cache: Cache) -> None:
    """All families at all sizes, and the reference models."""
    models = {**obtain_models(SUBJECTS, cache), **read_models(reference_models())}
    assert 25 <= len(SUBJECTS)
    measured = results(*(measure_model(name, tflite, cache) for name, tflite in models.items()))
    assert () == measured.complaints()


@pytest.mark.slow
def test_a_converted_network_is_found_again(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache keeps what was converted: the second time nothing is started."""
    first = obtain_models(["anomaly_narrow"], cache)
    monkeypatch.setattr("edgewright.runtime_bench.arena.conversions.WORKER", "absent")
    assert first == obtain_models(["anomaly_narrow"], cache)


def test_a_model_of_ours_is_measured(cache: Cache) -> None:
    """A model whose plan gains has a larger file, and one whose plan does not stays the same."""
    chain, tiny = (measure_model("one", write(graph), cache, PLACES[:2]) for graph in (chain_graph(), tiny_graph()))
    assert (9216, 7168) == (chain.before.head_bytes, chain.after.head_bytes)
    assert chain.file_bytes < chain.planned_file_bytes
    assert tiny.file_bytes == tiny.planned_file_bytes
    assert [[], []] == [list(chain.complaints()), list(tiny.complaints())]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ending": PlanEnding.STEP_LIMIT, "bound_bytes": 240}, "the head 256 is above the bound 240: step_limit"),
        ({"arena_bytes": 1336}, "the plan takes more than TFLM's own"),
        ({"seconds": 10.5}, "the search took 10.5 s, and 10 are accepted"),
    ],
)
def test_what_does_not_hold_is_told(change: dict[str, object], complaint: str) -> None:
    """A head that is neither at its bound nor proved, an arena that grows, and a search that takes too long."""
    assert () == results(result()).complaints()
    (line,) = results(result(row(), row(kernels="esp-nn", **change))).complaints()
    assert f"bells, esp-nn: {complaint}" == line


def test_a_refuted_bound_holds() -> None:
    """Where the search proves that no plan reaches the bound, a head above it is as good as can be known."""
    for ending in (PlanEnding.PROVED, PlanEnding.BOUND_REFUTED):
        assert () == results(result(row(), row(ending=ending, bound_bytes=240))).complaints()


def test_a_head_that_tflm_does_not_have_is_told() -> None:
    """What is computed must be what the interpreter does."""
    (line,) = results(result(row(head_bytes=272, bound_bytes=272))).complaints()
    assert "TFLM's interpreter has heads of 320 and 256 bytes, and 320 and 272 were computed" in line


@pytest.mark.parametrize(("computed_bytes", "holds"), [(1255, False), (1256, True), (1512, True), (1528, False)])
def test_a_computed_arena_that_is_wrong_is_told(computed_bytes: int, *, holds: bool) -> None:
    """It must be enough, and at most 3 % or 256 bytes above what works."""
    host = HostFigures(head_bytes=256, arena_bytes=1256, computed_bytes=computed_bytes)
    told = results(result().model_copy(update={"after": host})).complaints()
    expected = () if holds else (f"bells: the host's arena is 1,256, and {computed_bytes:,} were computed",)
    assert expected == told


def test_a_refused_file_is_told() -> None:
    """A file that could not be measured is no success."""
    assert ("a.tflite: no",) == results(result(), **{"a.tflite": "no"}).complaints()


def test_the_table_has_both_plans() -> None:
    """One row for the host with bytes, ending and seconds, and one with the other kernels."""
    lines = render_document(results(result())).splitlines()
    assert (
        "| bells | 5,000 → 5,200 | 7 | 320 | 256 | 256 | at the bound | 0.25 | 1,320 | 1,256 | 1,256 | equal on 100 |"
        in lines
    )
    assert "| bells | 320 → 256 ↻ | 1,320 → 1,256 |" in lines
    assert any("at commit `0123456789` with `make bench-arena`" in line for line in lines)


def test_what_is_not_at_the_bound_is_marked() -> None:
    """The tables say how a search ended that did not reach the bound."""
    text = render_document(results(result(row(), row(ending=PlanEnding.PROVED, bound_bytes=240))))
    assert "| bells | 320 → 256 (proved the best) |" in text


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    """A mistyped folder is not an empty one."""
    with pytest.raises(DataError, match=r"holds no \.tflite; give a folder"):
        read_models(tmp_path / "absent")


def test_the_published_table_holds() -> None:
    """docs/arena.md is the document of docs/arena.json, in which every requirement holds for at least 25 networks."""
    published = ArenaResults.model_validate(json.loads((DOCS / "arena.json").read_text(encoding="utf-8")))
    assert (DOCS / "arena.md").read_text(encoding="utf-8") == render_document(published)
    assert () == published.complaints()
    assert set(SUBJECTS) <= {model.name for model in published.models}
