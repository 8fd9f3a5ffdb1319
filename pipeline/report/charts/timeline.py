"""The arena over time: every buffer as a block, its address upwards, the operators from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewright.pipeline.report.charts.canvas import (
    LETTERS,
    SMALL_LETTERS,
    Canvas,
    fitted,
    format_axis_bytes,
    width_of,
)
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.evidence import BlockSection, TimelineSection
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes
from edgewright.pipeline.vocabulary import BlockKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TONES = {BlockKind.INPUT: 1, BlockKind.ACTIVATION: 0, BlockKind.OUTPUT: 2, BlockKind.SCRATCH: 3}
LONGEST_TICK = 80
FEWEST_POINTS = 11
"""Between the names of two operators, so that they stand apart."""
BEFORE = "inputs"


def subject(report: Report) -> TimelineSection | None:
    """Take the arena's plan, if there is one."""
    return report.timeline if report.timeline and report.timeline.blocks else None


def draw(timeline: TimelineSection, canvas: Canvas) -> None:
    """Draw the blocks."""
    names = (BEFORE, *timeline.moments)
    ticks = [fitted(name, LONGEST_TICK, SMALL_LETTERS) for name in names]
    below = 12 + max(width_of(tick, SMALL_LETTERS) for tick in ticks) * 0.8
    left, above = 44, 44
    plot_height = 250 if canvas.is_wide else 210
    canvas.open(above + plot_height + below)
    axes = canvas.axes(left, above, canvas.width - left - 10, plot_height)
    axes.set_xlim(0, len(names))
    top = timeline.head_bytes * 1.06
    axes.set_ylim(0, top)
    scale = ((canvas.width - left - 10) / len(names), plot_height / top)
    for block in timeline.blocks:
        _draw_block(axes, block, timeline, canvas, scale)
    axes.axhline(timeline.head_bytes, color=canvas.look.bad, linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
    _ticks(axes, ticks, canvas, scale[0])
    canvas.title(axes, "Addresses (bytes) over the time of one inference")
    canvas.text(
        axes, 1, 1.01 * timeline.head_bytes, f"head {format_bytes(timeline.head_bytes)}",
        transform=axes.get_yaxis_transform(), ha="right", va="bottom", color=canvas.look.bad, fontsize=SMALL_LETTERS,
        bbox={"facecolor": canvas.look.back, "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip
    _key(axes, timeline, canvas)


def _draw_block(
    axes: Axes, block: BlockSection, timeline: TimelineSection, canvas: Canvas, scale: tuple[float, float]
) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    tone = canvas.look.tones[TONES[block.kind]]
    width = block.last + 1 - block.first
    place = ((block.first, block.offset_bytes), width, block.bytes)
    axes.add_patch(Rectangle(*place, facecolor=canvas.look.back, edgecolor="none", zorder=2.5))  # hides the grid
    patch = Rectangle(
        *place, facecolor=(*to_rgba(tone)[:3], 0.28), edgecolor=tone,
        linewidth=0.8, zorder=3,
    )  # fmt: skip
    axes.add_patch(patch)
    moments = (BEFORE, *timeline.moments)
    lasting = moments[block.first] if block.first == block.last else f"{moments[block.first]} to {moments[block.last]}"
    end = block.offset_bytes + block.bytes
    canvas.tip(
        patch,
        f"{block.layer} ({block.kind.value}), {format_bytes(block.bytes)} at {block.offset_bytes:,} to {end:,}, needed "
        f"{lasting}",
    )
    width_points, height_points = width * scale[0] - 4, block.bytes * scale[1]
    if height_points < SMALL_LETTERS + 2 or block.kind is BlockKind.SCRATCH:
        return
    text = fitted(block.layer, width_points, SMALL_LETTERS)
    center = (block.first + width / 2, block.offset_bytes + block.bytes / 2)
    if len(text) > 3 or text == block.layer:
        canvas.text(axes, *center, text, ha="center", va="center", fontsize=SMALL_LETTERS, zorder=5)
    elif width_points > SMALL_LETTERS:
        upright = fitted(block.layer, height_points - 4, SMALL_LETTERS)
        if len(upright) > 3 or upright == block.layer:
            canvas.text(axes, *center, upright, ha="center", va="center", rotation=90, fontsize=SMALL_LETTERS, zorder=5)


def _ticks(axes: Axes, ticks: list[str], canvas: Canvas, points: float) -> None:
    """Name every operator, or as many as have room."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    step = max(1, round(FEWEST_POINTS / points + 0.49))
    shown = range(0, len(ticks), step)
    axes.set_xticks([place + 0.5 for place in shown])
    axes.set_xticklabels(
        [ticks[place] for place in shown], rotation=55, ha="right", rotation_mode="anchor", parse_math=False
    )
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 4, 5, 8, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_axis_bytes(value)))
    axes.grid(axis="y", color=canvas.look.grid, linewidth=0.6)
    axes.set_axisbelow(True)


def _key(axes: Axes, timeline: TimelineSection, canvas: Canvas) -> None:
    """Say which tone stands for what, above the drawing."""
    from matplotlib.patches import Rectangle

    kinds = [kind for kind in TONES if any(block.kind is kind for block in timeline.blocks)]
    place, row = 44.0, canvas.height - 12
    for kind in kinds:
        tone = canvas.look.tones[TONES[kind]]
        axes.figure.add_artist(
            Rectangle(
                (place / 72, (row - 1) / 72), 8 / 72, 8 / 72, facecolor=tone, alpha=0.6,
                transform=axes.figure.dpi_scale_trans,
            )
        )  # fmt: skip
        canvas.text(
            axes, (place + 12) / 72, row / 72, kind.value, transform=axes.figure.dpi_scale_trans,
            color=canvas.look.muted, fontsize=SMALL_LETTERS, va="baseline",
        )  # fmt: skip
        place += 24 + width_of(kind.value, LETTERS)


TIMELINE = Chart(
    name="arena", label="The arena over time: tensors as blocks of address and time", subject=subject, draw=draw
)
