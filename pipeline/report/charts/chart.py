"""A chart: what it takes from a report, and how it is drawn, on a page and as files."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from edgewright.pipeline.report.charts.canvas import LIGHT, THEMED, Canvas, drawing, for_page
from edgewright.pipeline.report.schema import Report


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One kind of chart."""

    name: str
    """Of its files."""
    label: str
    """What it shows, for those who do not see it."""
    subject: Callable[[Report], Hashable | None]
    """Takes from a report what is drawn; None where there is nothing to draw."""
    draw: Callable[[Any, Canvas], None]
    """Draws that."""


def page_chart(chart: Chart, report: Report) -> tuple[str, str] | None:
    """Return a chart as parts of a page, for wide and for narrow screens; None where there is nothing to draw."""
    subject = chart.subject(report)
    return None if subject is None else (_page(chart, subject, True), _page(chart, subject, False))


def chart_files(chart: Chart, report: Report) -> dict[str, bytes]:
    """Return a chart as files by their names; nothing where there is nothing to draw."""
    subject = chart.subject(report)
    if subject is None:
        return {}
    svg, png = _files(chart, subject)
    return {f"{chart.name}.png": png, f"{chart.name}.svg": svg}


@lru_cache(maxsize=256)
def _page(chart: Chart, subject: Hashable, is_wide: bool) -> str:
    with drawing():
        canvas = Canvas(THEMED, is_wide=is_wide)
        chart.draw(subject, canvas)
        return for_page(canvas.svg(f"{chart.name}-{canvas.width}"), label=chart.label)


@lru_cache(maxsize=256)
def _files(chart: Chart, subject: Hashable) -> tuple[bytes, bytes]:
    with drawing():
        canvas = Canvas(LIGHT, is_wide=True)
        chart.draw(subject, canvas)
        return canvas.svg(chart.name).encode(), canvas.png()
