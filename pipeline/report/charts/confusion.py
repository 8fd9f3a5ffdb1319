"""Which class was taken for which: the float source model beside the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgewright.pipeline.comparison import ConfusionFigures
from edgewright.pipeline.report.charts.canvas import LETTERS, SMALL_LETTERS, Canvas, fitted, width_of
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.schema import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_NAME = 74
SMALLEST_CELL = 14
"""Points; the figures in smaller cells could not be read."""
FEWEST_POINTS = 8.5
"""Between two names, so that they stand apart."""
BETWEEN = 16
EDGE = 16


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Both matrices with the names of the classes."""

    labels: tuple[str, ...]
    figures: ConfusionFigures


def subject(report: Report) -> Confusion | None:
    """Take the matrices, if there are any."""
    figures = report.comparison.confusion if report.comparison else None
    return Confusion(labels=class_names(report), figures=figures) if figures else None


def class_names(report: Report) -> tuple[str, ...]:
    """Return a name for each class, its number where nobody gave one."""
    figures = report.comparison.confusion if report.comparison else None
    count = len(figures.before) if figures else len(report.labels)
    return report.labels if len(report.labels) == count else tuple(map(str, range(count)))


def draw(confusion: Confusion, canvas: Canvas) -> None:
    """Draw both matrices, side by side or one below the other."""
    names = [fitted(name, LONGEST_NAME if canvas.is_wide else 60, SMALL_LETTERS) for name in confusion.labels]
    longest = max(width_of(name, SMALL_LETTERS) for name in names)
    left, below = longest + 10 + EDGE, (longest if longest > 16 else 8) + 10 + EDGE
    columns = 2 if canvas.is_wide else 1
    side = min((canvas.width - columns * left - (columns - 1) * BETWEEN - 8) / columns, 300)
    block = 24 + side + below
    canvas.open(block * (2 // columns) - 4)
    titles = ("Before", "After")
    for index, (title, counts) in enumerate(
        zip(titles, (confusion.figures.before, confusion.figures.after), strict=True)
    ):
        across, down = (index, 0) if canvas.is_wide else (0, index)
        start = (canvas.width - columns * (left + side) - (columns - 1) * BETWEEN) / 2
        axes = canvas.axes(start + left + across * (left + side + BETWEEN), 22 + down * block, side, side)
        _matrix(axes, counts, confusion.labels, canvas, side)
        _ticks(axes, names, longest, side)
        right = sum(counts[place][place] for place in range(len(counts)))
        total = sum(map(sum, counts))
        canvas.title(axes, f"{title}, {right:,} of {total:,} right")
        canvas.labels(axes, x="told", y="true")
        axes.yaxis.labelpad = axes.xaxis.labelpad = 2


def _matrix(
    axes: Axes, counts: tuple[tuple[int, ...], ...], labels: tuple[str, ...], canvas: Canvas, side: float
) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    count = len(counts)
    axes.set_xlim(0, count)
    axes.set_ylim(count, 0)
    for row, cells in enumerate(counts):
        total = sum(cells) or 1
        for column, cell in enumerate(cells):
            if cell == 0:
                continue
            share = cell / total
            tone = canvas.look.good if row == column else canvas.look.bad
            alpha = 0.06 + 0.44 * share if row == column else min(0.16 + 1.6 * share, 0.6)
            patch = Rectangle((column, row), 1, 1, facecolor=(*to_rgba(tone)[:3], alpha), edgecolor="none")
            axes.add_patch(patch)
            canvas.tip(patch, f"{labels[row]} told as {labels[column]}: {cell:,} of {total:,}")
            if side / count >= max(SMALLEST_CELL, width_of(str(cell), SMALL_LETTERS) + 2):
                canvas.text(axes, column + 0.5, row + 0.5, str(cell), ha="center", va="center", fontsize=SMALL_LETTERS)
    for place in range(count + 1):
        axes.axhline(place, color=canvas.look.grid, linewidth=0.4)
        axes.axvline(place, color=canvas.look.grid, linewidth=0.4)


def _ticks(axes: Axes, names: list[str], longest: float, side: float) -> None:
    points = side / len(names)
    step = max(1, round(FEWEST_POINTS / points + 0.49))
    shown = range(0, len(names), step)
    places = [place + 0.5 for place in shown]
    texts = [names[place] for place in shown]
    axes.set_xticks(places)
    axes.set_xticklabels(texts, rotation=90 if longest > min(16, points) else 0, parse_math=False)
    axes.set_yticks(places)
    axes.set_yticklabels(texts, parse_math=False)
    axes.tick_params(length=0, labelsize=min(SMALL_LETTERS, LETTERS))


CONFUSION = Chart(
    name="confusion", label="Confusion matrices of the float source model and of the result", subject=subject, draw=draw
)
