"""What compression does to single test samples."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.comparison import ChangedFigures, ComparisonFigures
from edgewright.pipeline.report.charts import CONFUSION, MOVED, SAMPLES, class_names
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.views.blocks import Block, Details, Section, pictures, row, say, table


def sample_sections(report: Report) -> Iterator[Section]:
    """Yield confusion and changed samples, or how scores moved; nothing without data."""
    comparison = report.comparison
    if comparison is None:
        return
    if comparison.changed is not None:
        matrix = pictures(CONFUSION, report) or (
            say("The model tells too many classes apart for a matrix that could be read."),
        )
        yield Section(title="Confusion before and after", anchor="confusion", blocks=matrix)
        blocks = tuple(_changed(report, comparison, comparison.changed))
        yield Section(title="Samples that changed class", anchor="changed", blocks=blocks)
    elif comparison.moved is not None:
        drawn = f"{len(comparison.moved.points):,} of {comparison.sample_count:,} test samples are drawn."
        yield Section(title="Scores before and after", anchor="scores", blocks=(*pictures(MOVED, report), say(drawn)))


def _changed(report: Report, comparison: ComparisonFigures, changed: ChangedFigures) -> Iterator[Block]:
    if not changed.count:
        yield say(f"All {comparison.sample_count:,} test samples get the class that they had before.")
        return
    rest = changed.count - changed.worsened_count - changed.improved_count
    yield say(
        f"{changed.count:,} of {comparison.sample_count:,} test samples get another class than from the float source "
        f"model: {changed.worsened_count:,} were right before, {changed.improved_count:,} are right now, and {rest:,} "
        "are wrong before and after."
    )
    yield from pictures(SAMPLES, report)
    if len(changed.samples) < changed.count:
        yield say(f"{len(changed.samples)} of them are shown.")
    names = class_names(report)
    rows = (row(str(one.index), names[one.truth], names[one.before], names[one.after]) for one in changed.samples)
    yield Details(summary="As a table", blocks=(table(("sample", "is", "before", "after"), rows),))
