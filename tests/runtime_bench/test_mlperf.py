"""The yardstick: one architecture is measured in every test run, all of them in the complete one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.target import target_names
from edgewright.runtime_bench.bench import Limits
from edgewright.runtime_bench.bench.schema import IntervalSection
from edgewright.runtime_bench.mlperf.document import render_section
from edgewright.runtime_bench.mlperf.figures import LintResult, MlperfModel, MlperfResults, RatioResult
from edgewright.runtime_bench.mlperf.measurement import PLACES, measure_network, published_results
from edgewright.runtime_bench.networks import MLPERF
from edgewright.runtime_bench.sections import replace_section

DOCS = Path(__file__).parents[2] / "docs"
QUICK = Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=120.0)
SHARED_BYTES = 128
"""By which a file may be longer or shorter where two of its vectors happen to be equal."""
REDUCED = "anomaly_detection"
NAMES = [pytest.param(name, marks=[] if name == REDUCED else pytest.mark.full) for name in MLPERF]


def published() -> MlperfResults:
    """What stands in docs/benchmarks.json."""
    content = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    return MlperfResults.model_validate(content["mlperf"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_architecture_is_measured(network_cache: Cache, tmp_path: Path, name: str) -> None:
    """What docs/benchmarks.json says holds on every computer: counts and arenas exactly, bytes of files nearly.

    Statistics of samples differ in their last bit from one kind of processor to another, and equal vectors share bytes.
    """
    found = measure_network(name, tmp_path, network_cache, QUICK, lambda text: None)
    told = next(model for model in published().models if model.name == name)
    exact = {"parameter_count", "macs", "operator_count", "lint"}
    assert told.model_dump(include=exact) == found.model_dump(include=exact)
    assert [(one.kernels, one.arena_bytes, one.planned_bytes) for one in told.places] == [
        (one.kernels, one.arena_bytes, one.planned_bytes) for one in found.places
    ]
    assert [told.file_bytes, told.unstripped_bytes] == pytest.approx(
        [found.file_bytes, found.unstripped_bytes], abs=SHARED_BYTES
    )
    assert [one.flash_bytes for one in told.places] == pytest.approx(
        [one.flash_bytes for one in found.places], abs=SHARED_BYTES
    )
    assert [one.remark for one in told.estimates] == [one.remark for one in found.estimates]
    assert [one.latency_us or 0 for one in told.estimates] == pytest.approx(
        [one.latency_us or 0 for one in found.estimates]
    )
    assert list(target_names()) == [one.target for one in found.lint]
    tflm = [
        pair for pair in found.pairs if (pair.left, pair.right) == ("tflm/reference/1", "tflite_runtime/reference/1")
    ]
    assert [True] == [pair.holds for pair in tflm]


def test_every_architecture_is_published() -> None:
    """The four are there in their order, and no plan needs more than TFLM's own."""
    models = published().models
    assert list(MLPERF) == [model.name for model in models]
    for model in models:
        assert [place.title for place in PLACES] == [place.kernels for place in model.places]
        assert all(place.planned_bytes <= place.arena_bytes for place in model.places)


def test_the_published_section_is_that_of_its_figures() -> None:
    """docs/benchmarks.md holds what docs/benchmarks.json says, and nothing else in this section."""
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert page == replace_section(page, "mlperf", render_section(published()))


def test_published_measurements_are_those_of_the_facts() -> None:
    """Every measurement of a group that has rates stands in the table with its source."""
    told, found = published().published, tuple(published_results())
    assert [(one.board, one.network, one.source, one.measured_ms) for one in told] == [
        (one.board, one.network, one.source, pytest.approx(one.measured_ms)) for one in found
    ]
    assert [one.estimated_ms for one in told] == pytest.approx([one.estimated_ms for one in found])


def changed(**fields: object) -> MlperfModel:
    """The first published model with other fields."""
    return published().models[0].model_copy(update=fields)


def rendered(model: MlperfModel) -> str:
    """The section of one model alone."""
    return render_section(published().model_copy(update={"models": (model,)}))


def test_findings_are_told() -> None:
    """A target on which the lint finds something is named with the count of each."""
    one = LintResult(target="esp32", errors=1, warnings=2, notes=3)
    assert "The lint finds on 1 targets: keyword spotting on esp32: 1 error, 2 warnings." in rendered(
        changed(lint=(one,))
    )
    quiet = LintResult(target="esp32", errors=0, warnings=0, notes=3)
    assert "The lint finds no error and no warning on any of 1 targets." in rendered(changed(lint=(quiet,)))


def test_a_ratio_has_its_interval_or_is_not_told() -> None:
    """A ratio stands with both ends of its interval; one with too few turns is a dash."""
    ratio = IntervalSection(median=0.5, low=0.45, high=0.55)
    page = rendered(
        changed(
            ratios=(
                RatioResult(row="a/reference/1", over_row="b/reference/1", ratio=ratio),
                RatioResult(row="c/reference/1", over_row="b/reference/1", ratio=None),
            )
        )
    )
    assert "Latencies over that of b/reference/1" in page
    assert "| a/reference/1 | 0.500 (0.450 to 0.550) |" in page
    assert "| c/reference/1 | – |" in page


def test_a_broken_promise_is_marked() -> None:
    """Where engines differ by more than is promised, the cell says so."""
    pair = (
        published()
        .models[0]
        .pairs[0]
        .model_copy(update={"differing_sample_count": 3, "largest_lsb": 9, "tolerance_lsb": 2, "holds": False})
    )
    assert "| 9 in 3 samples ! |" in rendered(changed(pairs=(pair,)))
    assert "| 9 in 3 samples |" in rendered(changed(pairs=(pair.model_copy(update={"holds": True}),)))
