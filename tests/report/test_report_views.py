"""Page, table and comparison: each a pure function of the report, whatever stands in it."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from support.reports import sample_report, stage

from edgewright.pipeline.report import Report, compare_reports, difference_table, render_page, stage_table
from edgewright.pipeline.report.difference import Change

AWKWARD = ("[/] [bold]x", "<script>alert(1)</script>", "a & b \"c\" 'd'", "{{ 7 * 7 }}", "größer\n模型", "[/]")


def shown(table: Table) -> str:
    """Return a table as a wide terminal shows it."""
    stream = io.StringIO()
    Console(file=stream, width=300, color_system=None).print(table)
    return stream.getvalue()


class Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an opening tag."""
        self.seen.append(tag)
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold a closing tag to the one that it closes."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def test_the_page_says_what_the_report_says() -> None:
    """Every stage, the verdict and the figures of arena, agreement and latency stand on the page."""
    page = Page(render_page(sample_report()))
    wanted = ("source", "prune", "convert", "87.5 %", "5.72 M", "2,048 B", "fits", "tflite_runtime", "12 µs", "397")
    assert [] == [text for text in wanted if text not in page.text]
    assert "does not fit" not in page.text
    assert "does not fit" in Page(render_page(sample_report(fits=False))).text


def test_the_page_is_whole_and_alone() -> None:
    """The page closes what it opens and loads nothing from anywhere."""
    text = render_page(sample_report())
    page = Page(text)
    assert [] == page.open
    assert [] == [tag for tag in page.seen if tag in ("script", "link", "img", "iframe")]
    assert "http" not in text


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_is_shown_as_it_is(name: str) -> None:
    """Names with markup of HTML, of the terminal or of templates arrive as text in page and tables."""
    report = sample_report(name=name, stages=(stage(name), stage("convert")))
    page = Page(render_page(report))
    assert 3 <= page.text.count(name)
    assert "script" not in page.seen
    first_line = name.splitlines()[0]
    assert 2 == shown(stage_table(report)).count(first_line)
    changes = compare_reports(report, sample_report(name=name, stages=(stage(name, accuracy=0.5), stage("convert"))))
    assert first_line in shown(difference_table(changes))


@given(name=st.text(min_size=1))
def test_no_name_breaks_a_view(name: str) -> None:
    """Any text at all can be shown."""
    report = sample_report(name=name, stages=(stage(name),))
    Page(render_page(report))
    shown(stage_table(report))


def test_optional_figures_may_be_missing() -> None:
    """A model without data has no accuracy, no latency and no agreement, and is shown all the same."""
    bare = sample_report(stages=(stage("given", accuracy=None),)).model_copy(
        update={"int8_accuracy": None, "latency": None, "agreements": ()}
    )
    text = Page(render_page(bare)).text
    assert "Latency" not in text
    assert "Agreement" not in text
    assert "given" in shown(stage_table(bare))


# ---- differences ---------------------------------------------------------------------------------------------------


def changes_of(before: Report, after: Report) -> dict[str, Change]:
    """Compare two reports, by the figure's name."""
    return {change.figure: change for change in compare_reports(before, after)}


def test_equal_reports_have_no_differences() -> None:
    """A report compared with itself has none."""
    assert () == compare_reports(sample_report(), sample_report())


def test_each_figure_knows_its_better_direction() -> None:
    """More accuracy and fewer bytes are better, the opposite is worse, and a seed is neither."""
    before = sample_report(stages=(stage("source"), stage("convert", accuracy=0.8, file_bytes=1000)))
    after = sample_report(stages=(stage("source"), stage("convert", accuracy=0.9, file_bytes=2000)), seed=2)
    changes = changes_of(before, after)
    assert {"convert: accuracy", "convert: file bytes", "convert: gzip bytes", "seed"} == set(changes)
    assert [True, False, None] == [
        changes[name].better for name in ("convert: accuracy", "convert: file bytes", "seed")
    ]
    back = changes_of(after, before)
    assert [False, True] == [back[name].better for name in ("convert: accuracy", "convert: file bytes")]
    text = shown(difference_table(tuple(changes.values())))
    assert [] == [part for part in ("0.8", "0.9", "+1,000 (+100.0%)") if part not in text]


def test_other_stages_are_compared_at_their_ends() -> None:
    """Two chains of different stages are compared at the source and at the final model."""
    before = sample_report(stages=(stage("source"), stage("prune"), stage("convert")))
    after = sample_report(stages=(stage("source"), stage("convert", file_bytes=10)))
    changes = changes_of(before, after)
    assert "source -> prune -> convert" == changes["stages"].before
    assert 10 == changes["convert: file bytes"].after


def test_a_figure_that_one_report_lacks() -> None:
    """An accuracy that is there in one report only is shown as such, and is neither better nor worse."""
    before = sample_report(stages=(stage("source", accuracy=None),))
    change = changes_of(before, sample_report(stages=(stage("source"),)))["source: accuracy"]
    assert (None, 0.9, None) == (change.before, change.after, change.better)
    assert "-" in shown(difference_table((change,)))
