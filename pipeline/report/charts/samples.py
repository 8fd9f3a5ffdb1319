"""Test samples that changed their class, as pictures or waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgewright.pipeline.comparison import SampleFigures
from edgewright.pipeline.report.charts.canvas import LETTERS, SMALL_LETTERS, Canvas, fitted
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.charts.confusion import class_names
from edgewright.pipeline.report.schema import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE_DEPTHS = (1, 3, 4)
NARROWEST = 5
"""Something thinner is a wave with one line for each column."""
MOST_LINES = 8
GAP = 14
CAPTION = 26


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Samples and the names of the classes."""

    labels: tuple[str, ...]
    samples: tuple[SampleFigures, ...]


def subject(report: Report) -> Samples | None:
    """Take the samples that can be shown."""
    changed = report.comparison.changed if report.comparison else None
    shown = tuple(sample for sample in changed.samples if sample.values) if changed else ()
    return Samples(labels=class_names(report), samples=shown) if shown else None


def is_picture(shape: tuple[int, ...]) -> bool:
    """Tell whether a sample is a picture: rows, columns and one to four colours, neither side a mere line."""
    return len(shape) == 3 and shape[2] in PICTURE_DEPTHS and min(shape[:2]) >= NARROWEST


def draw(samples: Samples, canvas: Canvas) -> None:
    """Draw the samples in rows."""
    pictures = is_picture(samples.samples[0].shape)
    columns = (6 if canvas.is_wide else 3) if pictures else (3 if canvas.is_wide else 1)
    columns = min(columns, max(len(samples.samples), columns - 2))
    width = (canvas.width - (columns - 1) * GAP - 8) / columns
    height = min(width, 110) if pictures else 84
    rows = -(-len(samples.samples) // columns)
    canvas.open(rows * (CAPTION + height + GAP) - GAP + 4)
    for place, sample in enumerate(samples.samples):
        row, column = divmod(place, columns)
        axes = canvas.axes(4 + column * (width + GAP), CAPTION + row * (CAPTION + height + GAP), width, height)
        values = np.asarray(sample.values, np.float32).reshape(sample.shape)
        (_picture if pictures else _wave)(axes, values, canvas)
        _caption(axes, sample, samples.labels, canvas, width)


def _picture(axes: Axes, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], canvas: Canvas) -> None:
    low, high = float(values.min()), float(values.max())
    scaled = ((values - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    gray = scaled[..., 0] if values.shape[2] == 1 else scaled[..., :3]
    axes.imshow(gray, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_anchor("NW")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(canvas.look.grid)


def _wave(axes: Axes, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], canvas: Canvas) -> None:
    lines = values.reshape(len(values), -1)
    for column in range(min(lines.shape[1], MOST_LINES)):
        tone = canvas.look.tones[column % len(canvas.look.tones)]
        axes.plot(lines[:, column], color=tone, linewidth=1, linestyle="-" if column < len(canvas.look.tones) else "--")
    axes.set_xlim(0, max(len(lines) - 1, 1))
    axes.set_xticks([])
    axes.set_yticks([])


def _caption(axes: Axes, sample: SampleFigures, labels: tuple[str, ...], canvas: Canvas, width: float) -> None:
    before, after, truth = (labels[place] for place in (sample.before, sample.after, sample.truth))
    color = canvas.look.bad if sample.before == sample.truth else canvas.look.ink
    color = canvas.look.good if sample.after == sample.truth else color
    half = (width - 14) / 2
    told = f"{fitted(before, half, LETTERS)} → {fitted(after, half, LETTERS)}"
    above = axes.get_window_extent()
    for text, lift, style in (
        (told, 14, {"color": color, "weight": "bold"}),
        (fitted(f"is {truth}, no. {sample.index}", width, SMALL_LETTERS), 4,
         {"color": canvas.look.muted, "fontsize": SMALL_LETTERS}),
    ):  # fmt: skip
        canvas.text(
            axes, above.x0 / 72, (above.y1 + lift) / 72, text, transform=axes.figure.dpi_scale_trans, va="baseline",
            **style,
        )  # fmt: skip


SAMPLES = Chart(name="changed", label="Test samples that changed their class", subject=subject, draw=draw)
