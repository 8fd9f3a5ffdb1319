"""Size against the deciding figure, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgewright.pipeline.report.charts.canvas import (
    LETTERS,
    POINTS_PER_INCH,
    SMALL_LETTERS,
    Canvas,
    fitted,
    format_axis_bytes,
    width_of,
)
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_RATIO = 6
"""Sizes that differ more are shown by their ratios."""
LONGEST_NAME = 120
MARGIN = 0.22
"""Of the span, around the points."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one stage led to; several stages with equal figures are one point."""

    names: tuple[str, ...]
    file_bytes: int
    score: float
    is_back: bool
    """Whether it was rolled back."""

    @property
    def label(self) -> str:
        """The stages' names."""
        return ", ".join(self.names)


@dataclass(frozen=True, kw_only=True)
class Story:
    """All points in the order of the stages."""

    metric: str
    is_share: bool
    points: tuple[Point, ...]


def subject(report: Report) -> Story | None:
    """Take size and score of each stage; None without data."""
    if report.metric is None:
        return None
    points: dict[tuple[int, float, bool], list[str]] = {}
    for stage in report.stages:
        score = next(iter(stage.metrics.int8_scores.values()), None)
        if score is not None:
            points.setdefault((stage.metrics.file_bytes, score, stage.rolled_back is not None), []).append(stage.name)
    if not points:
        return None
    return Story(
        metric=report.metric.name,
        is_share=report.metric.is_share,
        points=tuple(
            Point(names=tuple(names), file_bytes=file_bytes, score=score, is_back=is_back)
            for (file_bytes, score, is_back), names in points.items()
        ),
    )


def draw(story: Story, canvas: Canvas) -> None:
    """Draw the points, and a line through those that led on."""
    height = 250 if canvas.is_wide else 230
    canvas.open(height)
    left, right = 46, 14
    axes = canvas.axes(left, 26, canvas.width - left - right, height - 26 - 32)
    _scale(axes, story)
    axes.grid(color=canvas.look.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    kept = [point for point in story.points if not point.is_back]
    axes.plot(
        [point.file_bytes for point in kept], [point.score for point in kept], color=canvas.look.muted, linewidth=1,
        linestyle=(0, (3, 2)), zorder=2,
    )  # fmt: skip
    last = kept[-1] if kept else None
    for point in story.points:
        color = canvas.look.tones[1] if point is last else canvas.look.tones[0]
        (drawn,) = axes.plot(
            [point.file_bytes], [point.score], color=color, marker="o", markersize=8 if point is last else 7, zorder=3,
            markerfacecolor="none" if point.is_back else color, markeredgecolor=canvas.look.muted if point.is_back
            else color,
        )  # fmt: skip
        score = format_score(point.score, is_share=story.is_share)
        back = ", rolled back" if point.is_back else ""
        canvas.tip(drawn, f"{point.label}: {format_bytes(point.file_bytes)}, {story.metric} {score}{back}")
    _name(axes, story, canvas)
    canvas.title(axes, f"{story.metric} in int8 on the validation split")
    canvas.labels(axes, x="bytes of the .tflite" + (", logarithmic" if axes.get_xscale() == "log" else ""))


def _scale(axes: Axes, story: Story) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    sizes, scores = ([getattr(point, name) for point in story.points] for name in ("file_bytes", "score"))
    low, high = max(min(sizes), 1), max(*sizes, 1)
    if high / low > LOG_RATIO:
        axes.set_xscale("log")
        reach = (high / low) ** MARGIN
        axes.set_xlim(low / reach, high * reach)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="minor", length=0)
    else:
        reach = MARGIN * max(high - low, 0.2 * high)
        axes.set_xlim(max(0, low - reach), high + reach)
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_axis_bytes(value)))
    span = max(max(scores) - min(scores), 0.01 if story.is_share else 0.02 * abs(max(scores, key=abs)), 1e-6)
    axes.set_ylim(min(scores) - 0.35 * span, max(scores) + 0.45 * span)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if story.is_share:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))


def _name(axes: Axes, story: Story, canvas: Canvas) -> None:
    """Put each name beside its point, where it covers no other name and no point."""
    bounds = axes.get_window_extent()
    places = [axes.transData.transform((point.file_bytes, point.score)) for point in story.points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    for point, (x, y) in zip(story.points, places, strict=True):
        text = fitted(point.label, LONGEST_NAME if canvas.is_wide else 90, SMALL_LETTERS + 1)
        width, height = width_of(text, SMALL_LETTERS + 1), LETTERS
        corners = [
            (x - width / 2, y + 9), (x - width / 2, y - 9 - height), (x + 10, y - height / 2),
            (x - 10 - width, y - height / 2), (x + 6, y + 8), (x - 6 - width, y - 8 - height),
            (x - width / 2, y + 20), (x - width / 2, y - 20 - height),
        ]  # fmt: skip
        boxes = [(left, low, left + width, low + height) for left, low in corners]
        free = (
            box
            for box in boxes
            if box[0] >= bounds.x0 and box[2] <= bounds.x1 and box[1] >= bounds.y0 and box[3] <= bounds.y1
            and not any(_overlap(box, other) for other in taken)
        )  # fmt: skip
        box = next(free, None)
        if box is None:
            continue
        taken.append(box)
        canvas.text(
            axes, box[0] / POINTS_PER_INCH, (box[1] + 1.5) / POINTS_PER_INCH, text,
            transform=canvas.figure.dpi_scale_trans, fontsize=SMALL_LETTERS + 1, va="baseline",
            color=canvas.look.muted if point.is_back else canvas.look.ink,
        )  # fmt: skip


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


STORY = Chart(name="stages", label="Size against the deciding figure after each stage", subject=subject, draw=draw)
