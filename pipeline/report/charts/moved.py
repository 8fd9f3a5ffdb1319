"""Scores of test samples before and after, where a model tells no classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewright.pipeline.comparison import MovedFigures, PointFigures
from edgewright.pipeline.report.charts.canvas import SMALL_LETTERS, Canvas, width_of
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.schema import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 24


def subject(report: Report) -> MovedFigures | None:
    """Take the scores, if there are any."""
    moved = report.comparison.moved if report.comparison else None
    return moved if moved and moved.points else None


def draw(moved: MovedFigures, canvas: Canvas) -> None:
    """Draw the score after over the score before, and beside it how the score tells what it is for."""
    left, side, below = 46, 250 if canvas.is_wide else 220, 34
    block = 30 + side + below
    canvas.open(block if canvas.is_wide else 2 * block)
    width = (canvas.width - 2 * left - 24) / 2 if canvas.is_wide else canvas.width - left - 12
    first = canvas.axes(left, 26, width, side)
    place = (2 * left + width + 12, 26) if canvas.is_wide else (left, 26 + block)
    second = canvas.axes(*place, width, side)
    _scatter(first, moved, canvas)
    if moved.truth_is_mark:
        _histogram(second, moved, canvas)
    else:
        _truth(second, moved, canvas)
    for axes in (first, second):
        axes.grid(color=canvas.look.grid, linewidth=0.6)
        axes.set_axisbelow(True)


def _scatter(axes: Axes, moved: MovedFigures, canvas: Canvas) -> None:
    values = [value for point in moved.points for value in (point.before, point.after)]
    is_log = moved.truth_is_mark and min(values) > 0
    low, high = min(values), max(values)
    reach = 0.04 * ((high - low) or 1.0)
    ends = (low / 1.1, high * 1.1) if is_log else (low - reach, high + reach)
    if is_log:
        _logarithmic(axes, both=True)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.plot(ends, ends, color=canvas.look.muted, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    for name, tone, points in _groups(moved):
        axes.plot(
            [point.before for point in points], [point.after for point in points], linestyle="", marker="o",
            markersize=3, alpha=0.6, color=canvas.look.tones[tone], markeredgewidth=0, zorder=3, label=name,
        )  # fmt: skip
    canvas.title(axes, f"{moved.name}: after over before")
    canvas.labels(axes, x="float source model", y="result")
    _key(axes, moved, canvas)


def _histogram(axes: Axes, moved: MovedFigures, canvas: Canvas) -> None:
    import numpy as np

    after = [point.after for point in moved.points]
    is_log = min(after) > 0
    low, high = min(after), max(after) or 1.0
    edges = np.geomspace(low, max(high, low * 1.01), BINS) if is_log else np.linspace(low, high + 1e-9, BINS)
    if is_log:
        _logarithmic(axes, both=False)
    for _, tone, points in _groups(moved):
        axes.hist(
            [point.after for point in points], bins=list(edges), alpha=0.6, color=canvas.look.tones[tone], zorder=3
        )
    canvas.title(axes, f"{moved.name} of the result")
    canvas.labels(axes, x=moved.name, y="samples")


def _truth(axes: Axes, moved: MovedFigures, canvas: Canvas) -> None:
    values = [value for point in moved.points for value in (point.truth, point.after)]
    reach = 0.04 * ((max(values) - min(values)) or 1.0)
    ends = (min(values) - reach, max(values) + reach)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.plot(ends, ends, color=canvas.look.muted, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    axes.plot(
        [point.truth for point in moved.points], [point.after for point in moved.points], linestyle="", marker="o",
        markersize=3, alpha=0.6, color=canvas.look.tones[0], markeredgewidth=0, zorder=3,
    )  # fmt: skip
    canvas.title(axes, f"{moved.name} of the result over the true value")
    canvas.labels(axes, x="true value", y="result")


def _groups(moved: MovedFigures) -> list[tuple[str, int, list[PointFigures]]]:
    """Part the points by what they are."""
    if not moved.truth_is_mark:
        return [("samples", 0, list(moved.points))]
    return [
        (name, tone, [point for point in moved.points if point.truth == mark])
        for name, tone, mark in (("normal", 0, 0.0), ("anomaly", 2, 1.0))
    ]


def _logarithmic(axes: Axes, *, both: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    if both:
        axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis) if both else (axes.xaxis,):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _key(axes: Axes, moved: MovedFigures, canvas: Canvas) -> None:
    if not moved.truth_is_mark:
        return
    box = axes.get_window_extent()
    place = box.x0 + 8
    for name, tone, _ in _groups(moved):
        canvas.text(
            axes, place / 72, (box.y1 - 12) / 72, f"● {name}", transform=axes.figure.dpi_scale_trans,
            fontsize=SMALL_LETTERS, color=canvas.look.tones[tone], va="baseline",
        )  # fmt: skip
        place += width_of(f"● {name}", SMALL_LETTERS) + 12


MOVED = Chart(name="scores", label="Scores of test samples before and after", subject=subject, draw=draw)
