"""Flash and RAM against what the board has, as bars on a terminal or as plain text in a pipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from edgewright.pipeline.report.bars import Bar, memory_bars, remarks
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_part, format_share

CELLS = 20


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """What a bar is drawn with."""

    used: str
    free: str
    limit: str
    excess: str
    dot: str


BLOCKS = Glyphs(used="█", free="░", limit="│", excess="▓", dot=" · ")
ASCII = Glyphs(used="#", free=".", limit="|", excess="!", dot=", ")


class FitView:
    """Draws two lines for each memory: a bar with the figures, and the share of each part."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield title, bars, and what the arena's place costs."""
        glyphs = ASCII if options.ascii_only else BLOCKS
        yield Text(self.report.target.title, style="bold")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for bar in memory_bars(self.report):
            style = "red" if bar.memory.lacking_bytes else "green"
            grid.add_row(Text(bar.memory.name), Text.assemble((draw(bar, glyphs), style), figures(bar)))
            grid.add_row("", Text(parts(bar, glyphs)))
        yield grid
        for line in remarks(self.report):
            yield Text(line)


def draw(bar: Bar, glyphs: Glyphs) -> str:
    """Return the bar and a gap, or nothing without a limit; what is too much stands behind a mark at the limit."""
    if bar.used_share is None:
        return ""
    if bar.limit_percent is None:
        used = min(math.ceil(bar.used_share * CELLS), CELLS - (bar.used_share < 1))
        return f"{glyphs.used * used}{glyphs.free * (CELLS - used)}  "
    inside = min(max(round(bar.limit_percent / 100 * (CELLS - 1)), 1), CELLS - 2)
    return f"{glyphs.used * inside}{glyphs.limit}{glyphs.excess * (CELLS - 1 - inside)}  "


def figures(bar: Bar) -> str:
    """Return what is needed, of how much."""
    memory = bar.memory
    if bar.used_share is None or memory.limit_bytes is None:
        return f"{format_bytes(memory.needed_bytes)}, no limit"
    return f"{memory.needed_bytes:,} of {format_bytes(memory.limit_bytes)} ({format_share(bar.used_share)})"


def parts(bar: Bar, glyphs: Glyphs) -> str:
    """Return how much is too much, if anything, and the parts' names and shares."""
    excess = f"{format_bytes(bar.memory.lacking_bytes)} too many: " if bar.memory.lacking_bytes else ""
    return excess + glyphs.dot.join(f"{one.part.name} {format_part(one.part.share)}" for one in bar.segments)
