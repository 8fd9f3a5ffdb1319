"""The charts: every one is drawn, the same on every run, and nothing that a user named is markup."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from support.command import python
from support.full_reports import WAVE, full_report, sample_comparison, sample_scores, sample_timeline
from support.reports import sample_report, stage

from edgewright.pipeline.digest import digest_bytes
from edgewright.pipeline.report import Report, render_page, report_files
from edgewright.pipeline.report.charts import CHARTS, CONFUSION, LAYERS, SAMPLES, STORY, TIMELINE, Chart, page_chart
from edgewright.pipeline.report.charts.canvas import THEMED
from edgewright.pipeline.report.evidence import LayerSection

HOSTILE = "<script>alert(1)</script>&\"'$\\frac{}$\n\x07"
SVG = "{http://www.w3.org/2000/svg}"


def texts(chart: Chart, report: Report) -> list[str]:
    """Return the letters of a chart on a wide page."""
    parts = page_chart(chart, report)
    assert parts is not None
    return re.findall(r"<text[^>]*>([^<]*)</text>", parts[0])


def titles(chart: Chart, report: Report) -> list[str]:
    """Return the tips of a chart on a wide page."""
    parts = page_chart(chart, report)
    assert parts is not None
    return re.findall(r"<title>([^<]*)</title>", parts[0])


def test_every_chart_is_a_png_and_an_svg_beside_the_report() -> None:
    """Of a report that has everything, each chart but that of other tasks' scores is left in both forms."""
    files = report_files(full_report())
    names = {f"figures/{chart.name}.{ending}" for chart in CHARTS for ending in ("png", "svg")}
    assert names - {"figures/scores.png", "figures/scores.svg"} | {"report.json", "report.html"} == files.keys()
    for name, content in files.items():
        if name.endswith(".png"):
            assert "PNG" == Image.open(io.BytesIO(content)).format
        elif name.endswith(".svg"):
            assert f"{SVG}svg" == ET.fromstring(content).tag  # noqa: S314 -- made here


@pytest.mark.slow
def test_another_process_draws_the_same_bytes(tmp_path: Path) -> None:
    """Data, page and figures of a report are the same bytes on every run."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from support.full_reports import full_report\n"
        "from edgewright.pipeline.digest import digest_bytes\n"
        "from edgewright.pipeline.report import report_files\n"
        "print({name: digest_bytes(content) for name, content in report_files(full_report()).items()})\n"
    )
    own = {name: digest_bytes(content) for name, content in report_files(full_report()).items()}
    finished = python(script, Path(__file__).parents[1], cwd=tmp_path)
    assert (f"{own}\n", "") == (finished.stdout, finished.stderr)


def test_a_page_draws_in_its_own_colours() -> None:
    """Every colour of a page's chart is one of the page's variables, so that light and dark are one drawing."""
    page = render_page(full_report())
    assert [] == [tone for tone in (THEMED.ink, THEMED.back, *THEMED.tones) if tone in page]
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert {"var(--ink)", "var(--muted)", "var(--line)", "var(--tone0)"} <= set(re.findall(r"var\(--\w+\)", drawn))
    assert set() == set(re.findall(r"(?:fill|stroke): (#\w+)", drawn)) - {"#000000", "#ffffff"}


@pytest.mark.parametrize("chart", [CONFUSION, SAMPLES, TIMELINE, LAYERS, STORY], ids=lambda chart: chart.name)
def test_names_are_text(chart: Chart) -> None:
    """A label or a layer with markup, formulas and control characters is drawn as text, and no tag of its own."""
    report = full_report(labels=(HOSTILE, "one"), layer=HOSTILE).model_copy(
        update={"stages": (stage(HOSTILE), stage("convert", file_bytes=9))}
    )
    parts = page_chart(chart, report)
    assert parts is not None
    for part in parts:
        assert "<script" not in part
        ET.fromstring(part)  # noqa: S314 -- made here
    assert "&lt;script" in parts[0]


def test_blocks_of_the_arena_have_tips() -> None:
    """Each block says what it is, how large, where, and how long."""
    found = titles(TIMELINE, full_report())
    assert "conv1 (activation), 2,304 B at 784 to 3,088, needed conv1 to pool1" in found
    assert "conv1 (scratch), 160 B at 3,088 to 3,248, needed conv1" in found
    assert {"head 3,248 B", "conv1", "digits", "scratch"} <= set(texts(TIMELINE, full_report()))


def test_layers_are_measured_ones_where_there_are_any() -> None:
    """After a bench the panels are time and noise, before it multiply-accumulates and weights."""
    assert {"time, µs", "quantization noise", "28.5", "0.27 %"} <= set(texts(LAYERS, full_report()))
    assert {"MACs", "weights", "5.70 M", "640 B"} <= set(texts(LAYERS, sample_report()))


def test_of_very_many_layers_the_largest_are_drawn() -> None:
    """So many rows as can be read, in the model's order, and how many are left out."""
    rows = tuple(
        LayerSection(layer=f"layer{index}", operator="ADD", macs=index, weight_bytes=1, activation_bytes=1)
        for index in range(100)
    )
    found = texts(LAYERS, sample_report().model_copy(update={"layers": rows}))
    assert "60 operators with less are left out" in found
    assert ["layer60", "layer99"] == [name for name in found if name in ("layer59", "layer60", "layer99")]


def test_equal_stages_are_one_point() -> None:
    """Stages that changed neither size nor score share a point and its name."""
    same = (stage("source", file_bytes=9000), stage("qat"), stage("convert"))
    found = texts(STORY, sample_report(stages=same))
    assert {"qat, convert", "source"} <= set(found)


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8, 3), WAVE, (64,), (64, 1, 1)], ids=str)
def test_samples_of_any_shape_are_shown(shape: tuple[int, ...]) -> None:
    """Pictures are pixels, anything thinner is lines, and each says what it was taken for."""
    report = full_report().model_copy(update={"comparison": sample_comparison(shape)})
    parts = page_chart(SAMPLES, report)
    assert parts is not None
    is_picture = shape[0] == 8
    assert is_picture == ("data:image/png;base64," in parts[0])
    assert 2 == texts(SAMPLES, report).count("zero → one")


def test_scores_are_drawn_for_other_tasks() -> None:
    """Where no classes are told apart, scores before and after are drawn, with or without marks of the truth."""
    for truth_is_mark in (True, False):
        report = full_report().model_copy(update={"comparison": sample_scores(truth_is_mark=truth_is_mark)})
        files = report_files(report)
        assert {"figures/scores.svg", "figures/scores.png"} <= files.keys()
        assert (b"normal" in files["figures/scores.svg"]) == truth_is_mark
        assert "Scores before and after" in render_page(report)


CHANGES: dict[str, Callable[[Report], Report]] = {
    "many classes": lambda report: report.model_copy(
        update={
            "labels": tuple(f"a long name of class {index}" for index in range(40)),
            "comparison": sample_comparison(class_count=40),
        }
    ),
    "no labels": lambda report: report.model_copy(update={"labels": ()}),
    "an empty timeline": lambda report: report.model_copy(
        update={"timeline": sample_timeline().model_copy(update={"blocks": (), "head_bytes": 0})}
    ),
    "scores of zero": lambda report: report.model_copy(
        update={"stages": (stage("source", score=0.0), stage("convert", score=0.0, file_bytes=0))}
    ),
    "no operators": lambda report: report.model_copy(update={"layers": (), "bench": None}),
    "too large": lambda _: full_report(fits=False),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_unusual_reports_are_drawn(change: Callable[[Report], Report]) -> None:
    """Whatever is missing, empty or very large, every file is there and is whole."""
    files = report_files(change(full_report()))
    assert b"</html>" in files["report.html"]
    assert [] == [name for name, content in files.items() if name.endswith(".svg") and b"</svg>" not in content]
