"""Layer by layer: measured time and quantization noise after a bench, else multiply-accumulates and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgewright.pipeline.report.charts.canvas import BOLD, LETTERS, SMALL_LETTERS, Canvas, fitted, width_of
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_count, format_small_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 40
ROW_POINTS = 15.0


@dataclass(frozen=True, kw_only=True)
class Column:
    """One panel: a bar for each operator."""

    title: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    tone: int


@dataclass(frozen=True, kw_only=True)
class Layers:
    """What is drawn of the operators."""

    names: tuple[str, ...]
    operators: tuple[str, ...]
    columns: tuple[Column, Column]
    left_out: int


def subject(report: Report) -> Layers | None:
    """Take what a bench measured, else what the model itself says."""
    measured = report.bench.layers if report.bench else ()
    if measured and any(row.time_us is not None for row in measured):
        noises = tuple(row.added_noise for row in measured)
        times = Column(
            title="time, µs", values=tuple(row.time_us for row in measured), tone=0,
            texts=tuple("" if row.time_us is None else f"{row.time_us:,.1f}" for row in measured),
        )  # fmt: skip
        second = (
            Column(
                title="quantization noise", values=noises, tone=3,
                texts=tuple("" if noise is None else format_small_share(noise) for noise in noises),
            )
            if any(noise is not None for noise in noises)
            else _macs(tuple(row.macs for row in measured))
        )  # fmt: skip
        return _kept(tuple((row.layer, row.operator) for row in measured), (times, second))
    if not report.layers:
        return None
    weights = tuple(row.weight_bytes for row in report.layers)
    columns = (
        _macs(tuple(row.macs for row in report.layers)),
        Column(title="weights", values=weights, texts=tuple(format_bytes(one) for one in weights), tone=1),
    )
    return _kept(tuple((row.layer, row.operator) for row in report.layers), columns)


def _macs(counts: tuple[int, ...]) -> Column:
    return Column(title="MACs", values=counts, texts=tuple(format_count(count) for count in counts), tone=0)


def _kept(names: tuple[tuple[str, str], ...], columns: tuple[Column, Column]) -> Layers:
    """Leave out what is least in the first column, where there are very many operators."""
    order = sorted(range(len(names)), key=lambda index: -(columns[0].values[index] or 0))
    kept = sorted(order[:MOST_ROWS])
    first, second = (
        Column(
            title=column.title, tone=column.tone, values=tuple(column.values[index] for index in kept),
            texts=tuple(column.texts[index] for index in kept),
        )
        for column in columns
    )  # fmt: skip
    return Layers(
        names=tuple(names[index][0] for index in kept),
        operators=tuple(names[index][1] for index in kept),
        columns=(first, second),
        left_out=len(names) - len(kept),
    )


def draw(layers: Layers, canvas: Canvas) -> None:
    """Draw two panels of bars beside the operators' names."""
    room = 190 if canvas.is_wide else 92
    names = [fitted(name, room - 10, LETTERS - 0.5) for name in layers.names]
    left = min(room, 14 + max(width_of(name, LETTERS - 0.5) for name in names))
    if canvas.is_wide:
        left += max(width_of(operator, SMALL_LETTERS - 0.5) for operator in layers.operators) + 10
    note = 16 if layers.left_out else 4
    height = ROW_POINTS * len(names)
    canvas.open(28 + height + note)
    gap = 14
    width = (canvas.width - left - gap - 4) / 2
    for index, column in enumerate(layers.columns):
        axes = canvas.axes(left + index * (width + gap), 24, width, height)
        _panel(axes, column, layers, canvas, width)
        if index == 0:
            _names(axes, names, layers, canvas, left)
    if layers.left_out:
        canvas.text(
            axes, 1, 0, f"{layers.left_out} operators with less are left out", transform=axes.transAxes, ha="right",
            va="top", fontsize=SMALL_LETTERS, color=canvas.look.muted,
        )  # fmt: skip


def _panel(axes: Axes, column: Column, layers: Layers, canvas: Canvas, width: float) -> None:
    values = [max(value or 0.0, 0.0) for value in column.values]
    longest = max(values) or 1.0
    room = max(width_of(text, SMALL_LETTERS) for text in column.texts) + 8
    axes.set_xlim(0, longest * width / max(width - room, 1))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    bars = axes.barh(range(len(values)), values, height=0.68, color=canvas.look.tones[column.tone], zorder=3)
    for row, bar in enumerate(bars):
        text = column.texts[row] or "not known"
        canvas.tip(bar, f"{layers.names[row]} ({layers.operators[row]}): {text}")
        canvas.text(
            axes, values[row] + 3 * axes.get_xlim()[1] / width, row, column.texts[row] or "–", va="center",
            fontsize=SMALL_LETTERS, color=canvas.look.muted,
        )  # fmt: skip
    title = fitted(column.title, width / BOLD, LETTERS - 0.5)
    canvas.text(axes, 0, -0.6, title, va="bottom", weight="bold", fontsize=LETTERS - 0.5)


def _names(axes: Axes, names: list[str], layers: Layers, canvas: Canvas, left: float) -> None:
    """Write the layers' names at the left edge and, where there is room, the operators beside the bars."""
    unit = axes.get_xlim()[1] / axes.get_window_extent().width
    for row, name in enumerate(names):
        canvas.text(axes, -left * unit, row, name, va="center", fontsize=LETTERS - 0.5)
        if canvas.is_wide:
            canvas.text(
                axes, -6 * unit, row, layers.operators[row], va="center", ha="right", fontsize=SMALL_LETTERS - 0.5,
                color=canvas.look.muted,
            )  # fmt: skip


LAYERS = Chart(name="layers", label="What each layer costs", subject=subject, draw=draw)
