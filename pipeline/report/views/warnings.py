"""What was found wrong: with the representative samples, and by the lint."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.lint import Severity
from edgewright.pipeline.lint.document import FindingSection
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.views.blocks import Items, Row, Section, cell, row, say, table


def warning_sections(report: Report) -> Iterator[Section]:
    """Yield calibration and lint."""
    if report.calibration:
        lines = tuple(
            say(
                f"{'Warning' if one.is_warning else 'Note'}: {one.sentence.removeprefix('calibration: ')}",
                "bad" if one.is_warning else "",
            )
            for one in report.calibration
        )
        yield Section(title="Calibration", anchor="calibration", blocks=(Items(lines=lines),))
    elif report.comparison is not None:
        nothing = say("Nothing speaks against the representative samples.", "good")
        yield Section(title="Calibration", anchor="calibration", blocks=(nothing,))
    if report.lint:
        rows = table(("rule", "layer", "why", "repair"), (_finding(one) for one in report.lint), style="words")
        yield Section(title="Hazards on this target", anchor="lint", blocks=(rows,))
    else:
        clean = say("No rule finds a hazard of this model on this target.", "good")
        yield Section(title="Lint", anchor="lint", blocks=(clean,))


def _finding(one: FindingSection) -> Row:
    is_bad = one.severity is Severity.ERROR and not one.is_repaired
    state = "repaired" if one.is_repaired else one.severity.value
    return row(
        cell(f"{one.rule} ({state})", "bad" if is_bad else ""), one.layer, one.why, one.repair,
        style="back" if one.is_repaired else "",
    )  # fmt: skip
