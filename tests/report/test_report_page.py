"""The page's sections: their order, what a bench adds, and what stands there where something is missing."""

from __future__ import annotations

import re

import pytest
from support.full_reports import (
    WAVE,
    bench_row,
    full_report,
    sample_bench,
    sample_comparison,
    sample_scores,
    sample_timeline,
)
from support.reports import sample_report

from edgewright.pipeline.figures import LatencyFigures
from edgewright.pipeline.report import Report, render_page
from edgewright.pipeline.report.views import Card, cards, sections


def text_of(report: Report) -> str:
    """Return the page without drawings and tags."""
    without = re.sub(r"<(svg|style).*?</\1>", "", render_page(report), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", without)


def card(report: Report, name: str) -> Card:
    """Return one of the large figures."""
    return next(one for one in cards(report) if one.name == name)


def test_the_sections_are_in_their_order() -> None:
    """The summary comes first, then the story, memories, layers, engines, samples, warnings and where it came from."""
    titles = [section.title for section in sections(full_report())]
    assert [
        "Stage by stage", "Result", "What the device needs", "Arena", "Layer by layer", "Bench",
        "Confusion before and after", "Samples that changed class", "Calibration", "Hazards on this target",
        "Provenance",
    ] == titles  # fmt: skip
    page = render_page(full_report())
    assert page.index('class="cards"') < page.index('id="stages"')
    assert [] == [section.anchor for section in sections(full_report()) if f'href="#{section.anchor}"' not in page]


def test_the_summary_says_whether_it_fits_how_accurate_and_how_fast() -> None:
    """Five figures: the verdict with the shares of the memories, the score, the latency, the size and the arena."""
    found = cards(full_report())
    assert ["fits", "87.5 %", "41.7 µs", "1,000 B", "2,048 B"] == [one.figure for one in found]
    assert ("good", ("flash 62.5 %",)) == (found[0].tone, found[0].notes)
    assert "float source model 96.9 %" in found[1].notes
    assert "40.9 µs to 42.5 µs on a computer (litert/xnnpack/1)" in found[2].notes
    assert "4 times smaller than the source model" in found[3].notes
    assert ("does not fit", "bad") == (cards(full_report(fits=False))[0].figure, cards(full_report(fits=False))[0].tone)


def test_what_is_over_the_budget_is_no_success() -> None:
    """A model that fits the board and not the budget is not shown as a good one."""
    verdict = cards(sample_report(complaints=("flash takes 9 bytes",)))[0]
    assert ("fits", "bad", True) == (verdict.figure, verdict.tone, "over the budget" in verdict.notes)


def test_a_latency_that_cannot_be_told_is_no_large_figure() -> None:
    """Where a bench found noise alone, the latency of the build stands there; without that, the operations."""
    noisy = sample_bench().model_copy(update={"rows": (bench_row("litert/xnnpack/1", 10.0, doubt="noise"),)})
    report = full_report().model_copy(update={"bench": noisy})
    assert "12.3 µs" == card(report, "an inference").figure
    assert "too noisy to tell" in text_of(report)
    bare = report.model_copy(update={"latency": None})
    assert "5.72 M" == card(bare, "multiply-accumulates").figure


def test_a_bench_has_its_section() -> None:
    """Latencies with intervals, why one is missing or not to be told, scores, and at which layer engines part."""
    found = text_of(full_report())
    wanted = (
        "400 µs", "392 µs to 408 µs", "too noisy to tell (the interval is 9 % wide)", "serial: it is not installed",
        "3 LSB", "parts at", "87.5 %", "80.0 % to 90.0 %", "conv1 (CONV_2D) takes longest, 97% of all",
        "Most is lost to quantization at digits (FULLY_CONNECTED): noise of 0.27 %",
    )  # fmt: skip
    assert [] == [text for text in wanted if text not in found]
    assert "Latency on the machine that built this" not in found
    before = text_of(full_report().model_copy(update={"bench": None}))
    assert [True, True] == [
        text in before for text in ("measured by edgewright bench", "Latency on the machine that built this")
    ]


def test_samples_that_changed_are_counted() -> None:
    """How many changed in which way, and a table beside the pictures; none is told as such."""
    found = text_of(full_report())
    assert "3 of 20 test samples get another class" in found
    assert "2 were right before, 1 are right now, and 0 are wrong before and after" in found
    same = sample_comparison(WAVE, shown=0)
    assert same.changed is not None
    nothing = same.changed.model_copy(update={"count": 0, "worsened_count": 0, "improved_count": 0})
    report = full_report().model_copy(update={"comparison": same.model_copy(update={"changed": nothing})})
    assert "All 20 test samples get the class that they had before." in text_of(report)


def test_very_many_classes_have_no_matrix() -> None:
    """A matrix that nobody could read is a sentence."""
    many = sample_comparison().model_copy(update={"confusion": None})
    assert "too many classes" in text_of(full_report().model_copy(update={"comparison": many}))


@pytest.mark.parametrize("truth_is_mark", [True, False])
def test_other_tasks_have_scores(truth_is_mark: bool) -> None:
    """Without classes there is no confusion, and scores instead."""
    scores = sample_scores(truth_is_mark=truth_is_mark)
    found = text_of(full_report().model_copy(update={"comparison": scores}))
    assert "40 of 40 test samples are drawn" in found
    assert "Confusion" not in found


def test_warnings_are_told_or_said_to_be_none() -> None:
    """Calibration and lint have a sentence each where nothing was found."""
    assert "Warning: there are few samples" in text_of(full_report())
    clean = full_report().model_copy(update={"calibration": (), "lint": ()})
    assert "Nothing speaks against the representative samples." in text_of(clean)
    assert "No rule finds a hazard of this model on this target." in text_of(clean)


def test_the_arena_says_who_places_tensors() -> None:
    """Either the model does or TensorFlow Lite Micro; another runtime has no picture of it."""
    offline = sample_timeline().model_copy(update={"is_offline": True})
    assert "the .tflite says where they lie" in text_of(full_report().model_copy(update={"timeline": offline}))
    assert "TensorFlow Lite Micro places them" in text_of(full_report())
    assert "Each block" not in text_of(full_report().model_copy(update={"timeline": None}))


def test_provenance_has_every_digest() -> None:
    """Inputs, the model itself, configuration, seed and packages."""
    found = text_of(sample_report())
    assert [] == [text for text in ("1" * 64, "2" * 64, "3" * 64, "0" * 64, "2.21.0", "seed") if text not in found]


def test_the_bench_takes_the_place_of_the_builds_latency() -> None:
    """The build's own latency is told as long as nothing better was measured."""
    latency = LatencyFigures(
        engine="litert", version="1", threads=1, run_count=5, median_us=1500.0, p90_us=1600.0, minimum_us=1400.0
    )
    assert "median 1.5 ms" in text_of(sample_report().model_copy(update={"latency": latency}))
