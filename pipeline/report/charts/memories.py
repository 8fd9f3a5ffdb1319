"""The memories of the board as bars, with what they must hold."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.report.bars import TONES, Bar, memory_bars
from edgewright.pipeline.report.charts.canvas import SMALL_LETTERS, Canvas, width_of
from edgewright.pipeline.report.charts.chart import Chart
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_part, format_share

ROW_POINTS = 58


@dataclass(frozen=True, kw_only=True)
class Memories:
    """The bars."""

    bars: tuple[Bar, ...]


def subject(report: Report) -> Memories | None:
    """Take the memories of the board."""
    bars = memory_bars(report)
    return Memories(bars=bars) if bars else None


def draw(memories: Memories, canvas: Canvas) -> None:
    """Draw a bar for each memory."""
    from matplotlib.patches import Rectangle

    canvas.open(ROW_POINTS * len(memories.bars) + 4)
    axes = canvas.axes(8, 0, canvas.width - 16, canvas.height)
    axes.set_axis_off()
    axes.set_xlim(0, canvas.width - 16)
    axes.set_ylim(canvas.height, 0)
    unit = (canvas.width - 16) / 100
    for row, bar in enumerate(memories.bars):
        top, start = row * ROW_POINTS, 0.0
        canvas.text(axes, 0, top + 14, heading(bar), va="baseline", weight="bold")
        for segment in bar.segments:
            color = canvas.look.tones[segment.tone % TONES]
            patch = Rectangle((start, top + 20), segment.percent * unit, 16, facecolor=color, edgecolor="none")
            canvas.tip(patch, f"{segment.part.name}: {format_bytes(segment.part.bytes)}")
            axes.add_patch(patch)
            start += segment.percent * unit
        axes.add_patch(Rectangle((0, top + 20), 100 * unit, 16, fill=False, edgecolor=canvas.look.grid, linewidth=0.8))
        if bar.limit_percent is not None:
            axes.plot([bar.limit_percent * unit] * 2, [top + 18, top + 38], color=canvas.look.bad, linewidth=2)
        place = 0.0
        for segment in bar.segments:
            text = f"{segment.part.name} {format_bytes(segment.part.bytes)} ({format_part(segment.part.share)})"
            axes.add_patch(Rectangle((place, top + 42), 7, 7, facecolor=canvas.look.tones[segment.tone % TONES]))
            canvas.text(
                axes, place + 10, top + 49, text, va="baseline", fontsize=SMALL_LETTERS, color=canvas.look.muted
            )
            place += 24 + width_of(text, SMALL_LETTERS)


def heading(bar: Bar) -> str:
    """Return a memory's name with what is needed, of how much."""
    memory = bar.memory
    if bar.used_share is None:
        return f"{memory.name}: {format_bytes(memory.needed_bytes)}, no limit"
    lacking = f", {format_bytes(memory.lacking_bytes)} too many" if memory.lacking_bytes else ""
    share = format_share(bar.used_share)
    return (
        f"{memory.name}: {format_bytes(memory.needed_bytes)} of {format_bytes(memory.limit_bytes)} ({share}){lacking}"
    )


MEMORIES = Chart(
    name="memory", label="Flash and RAM that are needed, of what the board has", subject=subject, draw=draw
)
