"""Latency on every engine that a bench measured, with the interval of each median."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgewright.pipeline.report.charts.canvas import LETTERS, SMALL_LETTERS, Canvas, fitted, width_of
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.evidence import BenchRowSection
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_microseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_POINTS = 22


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Rows that were measured."""

    rows: tuple[BenchRowSection, ...]


def subject(report: Report) -> Engines | None:
    """Take the rows with a latency."""
    rows = tuple(row for row in report.bench.rows if any(_drawn(row))) if report.bench else ()
    return Engines(rows=rows) if rows else None


def _drawn(row: BenchRowSection) -> tuple[float | None, ...]:
    """Return the figures of a row that are drawn: of one that is too noisy to tell the interval alone."""
    span = (row.low_us, row.high_us)
    return span if row.doubt else (*span, row.p99_us, row.median_us)


def draw(engines: Engines, canvas: Canvas) -> None:
    """Draw a line for each engine: the interval of its median, the median, and what 99 of 100 runs stay below."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    room = 170 if canvas.is_wide else 104
    names = [fitted(row.id, room, LETTERS - 0.5) for row in engines.rows]
    left = 16 + max(width_of(name, LETTERS - 0.5) for name in names)
    height = ROW_POINTS * len(names)
    canvas.open(22 + height + 34)
    axes = canvas.axes(left, 20, canvas.width - left - 16, height)
    ends = [value for row in engines.rows for value in _drawn(row) if value]
    axes.set_xscale("log")
    axes.set_xlim(min(ends) / 1.35, max(ends) * 1.35)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=10))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", length=0)
    axes.grid(axis="x", color=canvas.look.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    for place, row in enumerate(engines.rows):
        _row(axes, place, row, canvas)
        canvas.text(
            axes, 8 / canvas.width, (canvas.height - 20 - (place + 0.5) * ROW_POINTS) / canvas.height, names[place],
            transform=axes.figure.transFigure, va="center", fontsize=LETTERS - 0.5,
            color=canvas.look.muted if row.doubt else canvas.look.ink,
        )  # fmt: skip
    canvas.title(axes, "Latency of one inference")
    canvas.labels(axes, x="µs, logarithmic: median, its interval, 99 %")


def _row(axes: Axes, place: int, row: BenchRowSection, canvas: Canvas) -> None:
    tone = canvas.look.muted if row.doubt else canvas.look.tones[0]
    if row.low_us is not None and row.high_us is not None:
        (span,) = axes.plot([row.low_us, row.high_us], [place, place], color=tone, linewidth=5, alpha=0.45, zorder=3)
        if row.doubt:
            canvas.tip(span, f"{row.id}: {row.doubt}")
    if row.doubt or row.median_us is None:
        return
    median = row.median_us
    if row.p99_us:
        axes.plot([median, row.p99_us], [place, place], color=canvas.look.grid, linewidth=1.2, zorder=2)
        axes.plot([row.p99_us], [place], marker="|", markersize=7, color=canvas.look.muted, zorder=3)
    (drawn,) = axes.plot([median], [place], marker="o", markersize=6, zorder=4, color=tone)
    canvas.tip(drawn, f"{row.id}: {format_microseconds(median)}")
    canvas.text(
        axes, median, place - 0.22, format_microseconds(row.median_us), ha="center", va="bottom",
        fontsize=SMALL_LETTERS - 0.5, color=canvas.look.muted,
    )  # fmt: skip


ENGINES = Chart(name="latency", label="Latency on each engine, with its interval", subject=subject, draw=draw)
