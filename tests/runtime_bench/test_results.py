"""The results of the examples: what is measured, how it is shown, and that what was published keeps its promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.digits import tiny_arrays, write_npz

from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.report import MetricSection
from edgewright.runtime_bench.latency import measure_figures
from edgewright.runtime_bench.results.document import render_document
from edgewright.runtime_bench.results.figures import ExampleResult, Results, Run, VariantResult
from edgewright.runtime_bench.results.measurement import measure_example
from edgewright.runtime_bench.results.variants import OWN_TITLE, Group, example_names, load_variants

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = ("anomaly", "mnist", "motion")


def run(seed: int, score: float, file_bytes: int = 1000, macs: int = 50) -> Run:
    """Return a run whose source model scores 0.9 with 8,000 bytes and 200 MACs."""
    return Run(
        seed=seed, source_score=0.9, score=score, source_float_bytes=8000, file_bytes=file_bytes, gzip_bytes=700,
        source_macs=200, macs=macs, arena_bytes=640, seconds=9.6,
    )  # fmt: skip


def example(*, higher_is_better: bool = True, is_share: bool = True) -> ExampleResult:
    """Return an example with its recipe and one variant of another source model."""
    runs = (run(1, 0.875), run(2, 0.885, file_bytes=3000, macs=150))
    return ExampleResult(
        name="bells",
        metric=MetricSection(name="accuracy", higher_is_better=higher_is_better, is_share=is_share),
        variants=(
            VariantResult(title=OWN_TITLE, group=Group.RECIPE, is_own_model=False, runs=runs),
            VariantResult(title="from scratch", group=Group.REFERENCES, is_own_model=True, runs=(run(1, 0.95),)),
        ),
    )


def document(one: ExampleResult) -> str:
    """Render results of one example."""
    return render_document(Results(commit="0123456789", command="make results", date="2000-01-01", examples=(one,)))


def test_a_row_holds_means_and_what_they_are_worth() -> None:
    """Score, score of each seed, difference to the source, bytes, MACs and their factors, arena and seconds."""
    text = document(example())
    assert (
        f"| {OWN_TITLE} | 88.0 % | 87.50 88.50 | −2.00 points | 2,000 | 4.0 | 700 | 100 | 2.0 | 640 | 10 |"
        in text.splitlines()
    )
    assert "with each of the seeds 1, 2;" in text
    assert "at commit `0123456789` with `make results`" in text


def test_a_model_from_scratch_has_no_stages_to_time() -> None:
    """Its seconds are those of a training that is not counted for the others either."""
    rows = [line for line in document(example()).splitlines() if line.startswith("| from scratch")]
    assert ["| from scratch | 95.0 % | 95.00 | +5.00 points | 1,000 | 8.0 | 700 | 50 | 4.0 | 640 | – |"] == rows


def test_a_figure_that_should_be_low() -> None:
    """For an error a lower figure is a gain, and it is not written in per cent."""
    one = example(higher_is_better=False, is_share=False)
    assert -0.02 == pytest.approx(one.loss(one.variants[0]))
    assert "| 0.88 | 0.8750 0.8850 | +0.0200 |" in document(one)


def test_the_examples_have_variants() -> None:
    """Every example is measured by its own recipe first, then by variants with titles of their own, without budgets."""
    assert EXAMPLES == example_names()
    for name in EXAMPLES:
        variants = list(load_variants(name))
        assert [OWN_TITLE] == [variant.title for variant in variants if variant.group is Group.RECIPE]
        assert OWN_TITLE == variants[0].title
        assert len(variants) == len({variant.title for variant in variants})
        assert {"convert"} == {variant.recipe.stages[-1][0].name for variant in variants}
        assert {None} == {variant.recipe.settings.budget for variant in variants}
        stages = {stage.name for variant in variants for stage, _ in variant.recipe.stages}
        assert {"factorize", "prune", "distill", "qat", "convert"} == stages


TEACHER = """
def train(data, seed, reporter):
    from edgewright.pipeline.frameworks import load_keras, seed_everything
    seed_everything(seed)
    layers = load_keras().layers
    return load_keras().Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(10),
    ])
"""
RECIPE = """
name = "tiny"
[source]
model = "teacher.py:train"
data = "data.npz"
[budget]
max_accuracy_drop = 0.0
[[stages]]
stage = "prune"
step_epochs = 0
training = { epochs = 1 }
[[stages]]
stage = "convert"
"""
VARIANTS = '[[references]]\ntitle = "plain int8"\n'


@pytest.mark.slow
def test_an_example_is_measured(tmp_path: Path) -> None:
    """Each variant is built with each seed, and its figures are those of the builds' reports."""
    folder = tmp_path / "examples" / "tiny"
    folder.mkdir(parents=True)
    for name, text in (("teacher.py", TEACHER), ("recipe.toml", RECIPE), ("variants.toml", VARIANTS)):
        (folder / name).write_text(text)
    write_npz(folder / "data.npz", tiny_arrays())
    work = tmp_path / "work"
    found = measure_example("tiny", (1, 2), work, SilentReporter(), measure_figures, examples=tmp_path / "examples")
    assert [OWN_TITLE, "plain int8"] == [variant.title for variant in found.variants]
    pruned, plain = found.variants
    for position, variant in enumerate(found.variants):
        for one in variant.runs:
            report = json.loads((work / "tiny" / str(one.seed) / str(position) / "report.json").read_text())
            source, final = report["stages"][0]["metrics"], report["stages"][-1]["metrics"]
            assert (report["seed"], report["test"]["result"]["accuracy"]) == (one.seed, one.score)
            assert report["test"]["source"]["accuracy"] == one.source_score
            assert (source["float_bytes"], source["mac_count"]) == (one.source_float_bytes, one.source_macs)
            assert (final["file_bytes"], final["mac_count"]) == (one.file_bytes, one.macs)
    assert 2 * pruned.mean("macs") == plain.mean("macs") == found.teacher_macs


def published() -> Results:
    """Return what was published."""
    return Results.model_validate_json((DOCS / "results.json").read_text())


def test_the_document_is_that_of_the_figures() -> None:
    """docs/results.md is rendered from docs/results.json, and both were measured at a commit without changes."""
    results = published()
    assert (DOCS / "results.md").read_text() == render_document(results)
    assert "+" not in results.commit
    assert EXAMPLES == tuple(one.name for one in results.examples)
    for one in results.examples:
        assert [variant.title for variant in load_variants(one.name)] == [variant.title for variant in one.variants]
        assert {(1, 2, 3)} == {tuple(run.seed for run in variant.runs) for variant in one.variants}


@pytest.mark.parametrize(
    ("name", "bytes_factor", "macs_factor"), [("mnist", 50, 24), ("motion", 35, 14), ("anomaly", 10, 1)]
)
def test_what_was_published_keeps_its_promises(name: str, bytes_factor: float, macs_factor: float) -> None:
    """In the mean of three seeds the recipe's int8 model is within a point of the float source model, and smaller."""
    one = next(one for one in published().examples if one.name == name)
    recipe = one.variants[0]
    assert one.loss(recipe) <= 0.01
    assert bytes_factor * recipe.mean("file_bytes") <= one.teacher_bytes
    assert macs_factor * recipe.mean("macs") <= one.teacher_macs
