"""Page, table and comparison: each a pure function of the report, whatever stands in it."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from support.reports import ACCURACY, MAE, finding, sample_report, sample_scales, stage

from edgewright.pipeline.lint import Severity
from edgewright.pipeline.report import Report, compare_reports, difference_table, render_page, stage_table
from edgewright.pipeline.report.difference import Change
from edgewright.pipeline.report.text import format_plan

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
    assert "Over the budget" not in page.text
    assert "does not fit" in Page(render_page(sample_report(fits=False))).text


def test_what_went_wrong_is_told() -> None:
    """A stage that was rolled back says why, notes of stages are kept, and each complaint of the budget is shown."""
    stages = (
        stage("source"),
        stage("prune", notes=("conv1 keeps 4 channels & more",), rolled_back="accuracy <0.5> is too low"),
        stage("convert"),
    )
    report = sample_report(stages=stages, complaints=("flash takes 9 bytes", "RAM takes 8 bytes"))
    page = Page(render_page(report))
    wanted = ("prune (rolled back)", "accuracy <0.5> is too low", "conv1 keeps 4 channels & more", "Over the budget")
    assert [] == [text for text in (*wanted, "flash takes 9 bytes", "RAM takes 8 bytes") if text not in page.text]
    assert 1 == shown(stage_table(report)).count("(rolled back)")


def test_hazards_are_told() -> None:
    """Each finding stands on the page with rule, layer, reason and repair; a model without any has no section."""
    report = sample_report(
        lint=(finding(Severity.ERROR, layer="<b>"), finding(Severity.NOTE), finding(is_repaired=True))
    )
    page = Page(render_page(report)).text
    wanted = (
        "Hazards on this target",
        "unaligned-buffer",
        "<b>",
        "at odd places",
        "write the file anew",
        "error",
        "note",
    )
    assert [] == [text for text in (*wanted, "repaired") if text not in page]
    assert "Hazards" not in Page(render_page(sample_report())).text


def test_chosen_scales_are_told_layer_by_layer() -> None:
    """The page has the figures of the choice and of its two ends, and a row for each layer; without a choice none."""
    report = sample_report()
    told = Page(render_page(report.model_copy(update={"scales": sample_scales(layer="<b>odd")}))).text
    wanted = (
        "Scales of the weights",
        "93.8 %",
        "4,444 B",
        "1,666 B",
        "<b>odd",
        "17",
        "0.0625",
        "136 B",
        "384 B",
        "321",
    )
    assert [] == [text for text in (*wanted, "saves RAM", "one scale costs too much alone") if text not in told]
    assert "Scales of the weights" not in Page(render_page(report)).text


def test_a_figure_that_is_no_share() -> None:
    """An error is shown as a number under its own name, an accuracy in per cent; other figures are numbers."""
    stages = (stage("source", score=0.9, metric="MAE"), stage("convert", score=1.25, metric="MAE"))
    report = sample_report(stages=stages, metric=MAE, test_score=1.5)
    page, table = Page(render_page(report)).text, shown(stage_table(report))
    assert [] == [text for text in ("MAE", "1.25", "1.5", "0.25") if text not in page]
    assert ("%" in table, "MAE on the validation split" in table, "1.25" in table) == (False, True, True)
    shares = Page(render_page(sample_report())).text
    assert [] == [text for text in ("96.9 %", "87.5 %", "0.25", "0.125") if text not in shares]


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
    changes = compare_reports(report, sample_report(name=name, stages=(stage(name, file_bytes=5), stage("convert"))))
    assert first_line in shown(difference_table(changes))


@settings(max_examples=25)  # each draws
@given(name=st.text(min_size=1))
def test_no_name_breaks_a_view(name: str) -> None:
    """Any text at all can be shown."""
    report = sample_report(name=name, stages=(stage(name, notes=(name,), rolled_back=name),), complaints=(name,))
    Page(render_page(report))
    shown(stage_table(report))


def test_optional_figures_may_be_missing() -> None:
    """A model without data has no score, budget, latency or agreement, and is shown all the same."""
    nothing = {"metric": None, "test": None, "budget": None, "latency": None, "agreements": ()}
    bare = sample_report(stages=(stage("given", score=None),)).model_copy(update=nothing)
    text = Page(render_page(bare)).text
    assert None is bare.int8_score
    assert [] == [word for word in ("Latency", "Agreement", "Budget", "accuracy", "validation") if word in text]
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
    before = sample_report(stages=(stage("source"), stage("convert", score=0.8, file_bytes=1000)), test_score=0.75)
    after = sample_report(stages=(stage("source"), stage("convert", score=0.9, file_bytes=2000)), seed=2)
    changes = changes_of(before, after)
    names = ["int8 accuracy", "convert: int8 accuracy", "convert: file bytes", "convert: gzip bytes", "seed"]
    assert set(names) == set(changes)
    assert [True, True, False, False, None] == [changes[name].better for name in names]
    back = changes_of(after, before)
    assert [False, False, True, True, None] == [back[name].better for name in names]
    text = shown(difference_table(tuple(changes.values())))
    assert [] == [part for part in ("0.8", "0.9", "0.875", "+1,000 (+100.0%)") if part not in text]


def test_an_error_is_better_when_it_falls() -> None:
    """Where less of the deciding figure is better, so is a smaller one."""
    before, after = (sample_report(metric=MAE, test_score=score) for score in (0.5, 0.25))
    assert (True, False) == (changes_of(before, after)["int8 MAE"].better, changes_of(after, before)["int8 MAE"].better)


def test_reports_that_judge_by_different_figures() -> None:
    """An accuracy and an error are shown beside each other, and neither is better."""
    changes = changes_of(sample_report(metric=ACCURACY, test_score=0.5), sample_report(metric=MAE, test_score=0.75))
    change = changes["int8 accuracy / MAE"]
    assert (0.5, 0.75, None) == (change.before, change.after, change.better)


def test_other_stages_are_compared_at_their_ends() -> None:
    """Two chains of different stages are compared at the source and at the final model."""
    before = sample_report(stages=(stage("source"), stage("prune"), stage("convert")))
    after = sample_report(stages=(stage("source"), stage("convert", file_bytes=10)))
    changes = changes_of(before, after)
    assert "source -> prune -> convert" == changes["stages"].before
    assert 10 == changes["convert: file bytes"].after


def test_a_figure_that_one_report_lacks() -> None:
    """A score that is there in one report only is shown as such, and is neither better nor worse."""
    bare = sample_report().model_copy(update={"metric": None, "test": None, "budget": None})
    change = changes_of(bare, sample_report())["int8 accuracy"]
    assert (None, 0.875, None) == (change.before, change.after, change.better)
    assert "-" in shown(difference_table((change,)))


def test_the_plan_says_what_it_saves() -> None:
    """One line has head and arena before and after, whether the bound is reached, and how much was compared."""
    figures = sample_report().plan
    assert figures is not None
    line = "head 1,536 -> 1,024 B (the bound), arena 2,560 -> 2,048 B; outputs equal on 100 inputs"
    assert line == format_plan(figures)
    assert f"Memory plan: {line.replace('>', '&gt;')}." in render_page(sample_report())
    moved = figures.model_copy(update={"is_reordered": True, "bound_bytes": 1008})
    assert "head 1,536 -> 1,024 B, arena 2,560 -> 2,048 B, operators in another order; out" in format_plan(moved)


def test_a_plan_that_stays_says_whose_it_is() -> None:
    """Nothing was compared, since no byte changed."""
    figures = sample_report().plan
    assert figures is not None
    kept = figures.model_copy(update={"compared_inputs": 0})
    assert "the model's own stays, head 1,024 B (the bound)" == format_plan(kept)
    assert "TFLM's own stays, head 1,024 B (the bound)" == format_plan(kept.model_copy(update={"is_offline": False}))


def test_without_tflm_the_page_has_no_plan() -> None:
    """A phone's interpreter allocates by itself."""
    assert "Memory plan" not in render_page(sample_report().model_copy(update={"plan": None}))
