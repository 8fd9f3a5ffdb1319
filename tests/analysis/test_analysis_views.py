"""The table and the page: every figure is there, nothing comes from elsewhere, and no name is markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from support.analyses import analysis, channel_trial, convolution, layer, rank_trial, trial
from support.json_schema import violations

from edgewright.pipeline.analysis import Analysis, analysis_table, json_schema, render_analysis, suggest
from edgewright.pipeline.analysis.grid import COLUMNS, rows_of
from edgewright.pipeline.analysis.wording import LEVELS, change_text, level_names, loss_level

HOSTILE = "<script>alert(1)</script><img src=\"http://example.org/x\" onerror='x'>[red]&amp;"
TAGS = frozenset(
    "html head meta title style body h1 h2 p div b i small table caption thead tbody tr th td ul li pre footer".split()
)
"""What the template is made of; anything else came out of a name."""


class Page(HTMLParser):
    """Collects tags, attributes and text of a page, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def printed(found: Analysis, width: int = 120) -> str:
    """Return the table as it looks on a terminal."""
    console = Console(width=width, file=StringIO(), color_system=None)
    console.print(analysis_table(found))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def full() -> Analysis:
    """Return an analysis in which everything occurs: all trials, partners, savings, reasons."""
    ranks = (rank_trial(0.95, 0.01), rank_trial(0.9, 0.0), rank_trial(0.8, -0.3))
    return analysis(
        convolution("first", shares_channels_with=("second",), ranks=ranks, ranks_reason=None),
        convolution("second", shares_channels_with=("first",), channels_reason="3 of its channels stay: why not"),
        layer("classes", ranks=ranks[1:]),
    )


def test_grid() -> None:
    """Each trial stands in the column of its share or energy, the missing ones as a dash with the reason."""
    first, second, classes = rows_of(full())
    assert len(COLUMNS) == len(first.cells) == len(classes.cells)
    assert ["−0.5", "−2.0", "−16.0", "+1.0", "0", "−30.0", "−0.2"] == [cell.text for cell in first.cells]
    assert [1, 3, 6, 0, 0, 7, 1] == [cell.level for cell in first.cells]
    assert ["–", "–", "–", "–", "0", "−30.0", "–"] == [cell.text for cell in classes.cells]
    assert "classes: not measured, it is the model's output" == classes.cells[0].detail
    assert (
        "first: 8 of 16 channels removed, together with second; accuracy 88.0 %; outputs change by 10.0 %; saves 1000 "
        "MACs and 100 parameters"
    ) == first.cells[1].detail
    assert "first: rank 5, dense; accuracy 91.0 %" in first.cells[3].detail
    assert (("channels", "3 of its channels stay: why not"), ("rank", "its factors are larger")) == second.reasons


def test_bars_compare_with_the_largest() -> None:
    """A bar's length is the layer's share of the largest figure of its kind."""
    found = analysis(layer("small", macs=250, int8_weight_bytes=0), layer("large", macs=1000, int8_weight_bytes=0))
    small, large = rows_of(found)
    assert [("250", 25.0), ("0", 0.0), ("16", 100.0)] == [(bar.text, bar.percent) for bar in small.bars]
    assert 100.0 == large.bars[0].percent


@pytest.mark.parametrize(
    ("change", "level"),
    [(0.1, 0), (0.0, 0), (-0.004, 1), (-0.005, 1), (-0.006, 2), (-0.02, 3), (-0.021, 4), (-0.25, 6), (-0.3, 7)],
)
def test_levels(change: float, level: int) -> None:
    """A level holds the losses up to its bound; a better score is no loss, whichever direction is better."""
    assert level == loss_level(analysis(), trial(change))
    error = analysis(higher_is_better=False, is_share=False, baseline=0.5)
    assert level == loss_level(error, trial(0.5 * -change))


def test_legend_names_every_level() -> None:
    """The legend has a name for each level, with the unit of the score."""
    assert len(LEVELS) + 1 == len(level_names(analysis()))
    assert "over 25 points" == level_names(analysis())[-1]
    assert "over 25 % of error" == level_names(analysis(score_name="error", is_share=False))[-1]


def test_changes_are_written_in_points_or_as_they_are() -> None:
    """A share changes by percentage points, anything else by its own figures; nothing is `-0.0`."""
    assert ["−1.2", "+1.2", "0"] == [change_text(analysis(), trial(change)) for change in (-0.0123, 0.0123, -0.0001)]
    assert "−0.0123" == change_text(analysis(is_share=False), trial(-0.0123))


def test_table() -> None:
    """The table fits a terminal of 120 columns, with a row for each layer and its score in the title."""
    text = printed(full())
    assert max(map(len, text.splitlines())) <= 120
    assert "digits: accuracy 90.0 %, and its change in points; all in int8 −0.1" in text
    row = next(line for line in text.splitlines() if "first" in line)
    assert ["first", "1000", "1000", "256", "−0.5", "−2.0", "−16.0", "+1.0", "0", "−30.0", "−0.2"] == re.findall(
        r"[^\s│┃]+", row
    )


def test_page_shows_everything() -> None:
    """Every layer, figure, reason and the recipe stand in the page, as text and not by colour alone."""
    found = full()
    recipe = suggest(found)
    page = Page(render_analysis(found, recipe=recipe))
    for row in rows_of(found):
        shown = (row.name, row.kind, row.shape, *(bar.text for bar in row.bars), *(cell.text for cell in row.cells))
        assert all(text in page.text for text in shown)
        assert all(reason in page.text for _, reason in row.reasons)
        assert {("title", cell.detail) for cell in row.cells} <= set(page.attributes)
    assert recipe in page.text
    assert all(name in page.text for name in level_names(found))
    assert "all in int8, emulated (−0.1)" in page.text


def test_page_without_int8_and_recipe() -> None:
    """What there is not is left out."""
    page = Page(render_analysis(analysis(int8=None)))
    assert "all in int8" not in page.text
    assert "pre" not in page.tags


def test_page_is_accessible() -> None:
    """The page has a language, a caption, and header cells that say what they are headers of."""
    page = Page(render_analysis(full()))
    assert ("lang", "en") in page.attributes
    assert "caption" in page.tags
    scopes = [value for name, value in page.attributes if name == "scope"]
    assert page.tags.count("th") == len(scopes)
    assert 3 == scopes.count("row")


def test_page_needs_nothing_else() -> None:
    """The page refers to no file, no address and no script."""
    page = Page(render_analysis(full(), recipe=suggest(full())))
    assert TAGS >= set(page.tags)
    assert {"src", "href", "srcset", "data", "action"}.isdisjoint(name for name, _ in page.attributes)
    text = render_analysis(full())
    assert not re.search(r"https?:|url\(|@import|//", text)


def test_hostile_names() -> None:
    """A layer's name is shown as it is: no markup for the page, none for the terminal."""
    found = analysis(
        convolution(HOSTILE, kind=HOSTILE, shares_channels_with=(HOSTILE,), channels_reason=HOSTILE),
        layer(HOSTILE, ranks_reason=HOSTILE),
        model=HOSTILE,
        score_name=HOSTILE,
    )
    page = Page(render_analysis(found, recipe=suggest(found)))
    assert TAGS >= set(page.tags)
    assert {name for name, _ in page.attributes} <= {name for name, _ in Page(render_analysis(full())).attributes}
    assert page.text.count(HOSTILE) > 5
    assert "[red]&amp;" in "".join(printed(found, width=400).split())


def test_json() -> None:
    """An analysis is written and read as JSON of a published schema, with its version."""
    plain: dict[str, Any] = json.loads(full().model_dump_json())
    assert 1 == plain["schema_version"]
    assert [] == violations(plain, json_schema())
    assert full() == Analysis.model_validate(plain)
    plain["layers"][0]["channels"][0]["removed_count"] = -1
    assert [] != violations(plain, json_schema())
    assert channel_trial(0.25, -0.5 / 100) == full().layers[0].channels[0]
