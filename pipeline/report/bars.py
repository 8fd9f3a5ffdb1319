"""The memories of a board as bars: how long each segment is and what else to say, for terminal and page."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.report.schema import MemorySection, PartSection, Report
from edgewright.pipeline.vocabulary import Placement

TONES = 4
"""So many parts of a memory can be told apart."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One part of a bar."""

    part: PartSection
    tone: int
    """From 0 to 3, by the part's place."""
    percent: float
    """Of the bar's length."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One memory; the bar is as long as what the board has, or as what is needed where that is more."""

    memory: MemorySection
    segments: tuple[Segment, ...]
    used_share: float | None
    """What is needed, of what the board has; None without a limit."""
    limit_percent: float | None
    """Where on the bar the board's memory ends; None where the bar does not reach beyond it."""


def memory_bars(report: Report) -> tuple[Bar, ...]:
    """Return a bar for each memory of the report's board."""
    return tuple(_bar(memory) for memory in report.fit.memories)


def remarks(report: Report) -> tuple[str, ...]:
    """Return what is unusual about the fit, a sentence each."""
    placed = f"The arena lies in PSRAM, which {report.fit.placement_cost}."
    dropped = (
        f"The flash is too small for {report.fit.dropped_vectors} of the self-test's vectors, which were left out."
    )
    return (
        *([placed] if report.fit.placement is Placement.PSRAM else []),
        *([dropped] if report.fit.dropped_vectors else []),
    )


def _bar(memory: MemorySection) -> Bar:
    length_bytes = max(memory.needed_bytes, memory.limit_bytes or 0, 1)
    return Bar(
        memory=memory,
        segments=tuple(
            Segment(part=part, tone=index % TONES, percent=round(100 * part.bytes / length_bytes, 3))
            for index, part in enumerate(memory.parts)
        ),
        used_share=memory.needed_bytes / memory.limit_bytes if memory.limit_bytes else None,
        limit_percent=round(100 * memory.limit_bytes / length_bytes, 3)
        if memory.limit_bytes and memory.lacking_bytes
        else None,
    )
