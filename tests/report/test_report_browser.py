"""The page in a real browser: nothing is cut or fetched, nothing complains, at three widths, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import open_browser, visit
from support.full_reports import full_report, sample_comparison, sample_scores
from support.project import Project

from edgewright.pipeline.report import Report, load_report, render_page

WIDTHS = (360, 800, 1440)
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
LONG = "a_very_long_name_of_a_layer_or_a_class_without_any_blank_" * 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for all tests of this module."""
    with open_browser() as started:
        yield started


def look(browser: Any, report: Report, name: str, folder: Path) -> None:
    """Open a report at every width in light and dark, and hold it to what a page must be."""
    page = folder / "report.html"
    page.write_text(render_page(report), encoding="utf-8")
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            picture = PICTURES / f"{name}-{width}-{scheme}.png"
            seen = visit(browser, page, width=width, scheme=scheme, picture=picture)
            outside = [url for url in seen.requests if not url.startswith(("file:", "data:"))]
            assert ([], [], [], []) == (outside, seen.complaints, seen.cut, seen.overlaps), f"{name} {width} {scheme}"
            assert 1 == sum(url.startswith("file:") for url in seen.requests)
            assert picture.stat().st_size > 0


def test_a_full_report(browser: Any, tmp_path: Path) -> None:
    """A report with every section is whole on a phone, a tablet and a desk."""
    look(browser, full_report(), "full", tmp_path)


def test_a_report_of_long_and_hostile_names(browser: Any, tmp_path: Path) -> None:
    """Names as long as a line are cut by us and by nothing else, and a script in a label does not run."""
    labels = (f"<script>document.title = 'taken'</script>{LONG}", "<img src=x onerror=alert(1)>")
    look(browser, full_report(labels=labels, layer=LONG, fits=False), "long", tmp_path)


def test_a_report_of_many_classes(browser: Any, tmp_path: Path) -> None:
    """Forty classes share a matrix without lying on each other."""
    labels = tuple(f"class number {index}" for index in range(40))
    report = full_report(labels=labels).model_copy(update={"comparison": sample_comparison(class_count=40)})
    look(browser, report, "classes", tmp_path)


def test_a_report_of_scores(browser: Any, tmp_path: Path) -> None:
    """A task without classes shows its scores."""
    look(browser, full_report().model_copy(update={"comparison": sample_scores()}), "scores", tmp_path)


def test_a_built_report(browser: Any, project: Project, tmp_path: Path) -> None:
    """What a build leaves is held to the same."""
    look(browser, load_report(project.out / "report.json"), "built", tmp_path)


def test_a_printed_report(browser: Any, tmp_path: Path) -> None:
    """On paper the page is light, and what a reader could open is open."""
    page = tmp_path / "report.html"
    page.write_text(render_page(full_report()), encoding="utf-8")
    context = browser.new_context(color_scheme="dark", viewport={"width": 794, "height": 1123})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.emulate_media(media="print")
    assert "rgb(255, 255, 255)" == tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    heights = tab.evaluate(
        "() => [...document.querySelectorAll('details table')].map(one => one.getBoundingClientRect().height)"
    )
    assert [] == [height for height in heights if height == 0]
    assert tab.pdf().startswith(b"%PDF")
    context.close()
