"""The summary: whether it fits, how accurate it is, how fast, and how small, as a few large figures."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.report.bars import memory_bars
from edgewright.pipeline.report.evidence import BenchRowSection
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import (
    format_bytes,
    format_count,
    format_microseconds,
    format_score,
    format_share,
)
from edgewright.pipeline.report.views.blocks import Card
from edgewright.pipeline.vocabulary import Placement


def cards(report: Report) -> tuple[Card, ...]:
    """Return the large figures, the most important first."""
    return (_fit(report), *_score(report), _speed(report), _size(report), _arena(report))


def _fit(report: Report) -> Card:
    shares = (
        f"{bar.memory.name} {format_share(bar.used_share)}" for bar in memory_bars(report) if bar.used_share is not None
    )
    over = report.budget.complaints if report.budget else ()
    return Card(
        figure="fits" if report.target.fits else "does not fit",
        name=f"on {report.target.chip}",
        notes=(*([text] if (text := ", ".join(shares)) else []), *(["over the budget"] if over else [])),
        tone="good" if report.target.fits and not over else "bad",
    )


def _score(report: Report) -> Iterator[Card]:
    if report.metric is None or report.int8_score is None or report.test is None:
        return
    name, is_share = report.metric.name, report.metric.is_share
    source = report.test.source.get(name)
    notes = ["in int8 on the test split"]
    if source is not None:
        notes.append(f"float source model {format_score(source, is_share=is_share)}")
    yield Card(figure=format_score(report.int8_score, is_share=is_share), name=name, notes=tuple(notes))


def _speed(report: Report) -> Card:
    macs = f"{format_count(report.stages[-1].metrics.mac_count)} multiply-accumulates"
    best = fastest(report)
    if report.bench and best and best.low_us is not None and best.high_us is not None:
        interval = f"{format_microseconds(best.low_us)} to {format_microseconds(best.high_us)}"
        return Card(
            figure=format_microseconds(best.median_us), name="an inference",
            notes=(f"{interval} on a computer ({best.id})", macs),
        )  # fmt: skip
    if report.latency:
        return Card(
            figure=format_microseconds(report.latency.median_us), name="an inference",
            notes=(f"measured once, by {report.latency.engine} on the computer that built this", macs),
        )  # fmt: skip
    return Card(figure=format_count(report.stages[-1].metrics.mac_count), name="multiply-accumulates", notes=())


def fastest(report: Report) -> BenchRowSection | None:
    """Return the row with the least latency of those that a bench found to be no noise."""
    rows = [row for row in report.bench.rows if row.median_us and row.doubt is None] if report.bench else []
    return min(rows, key=lambda row: row.median_us or 0.0, default=None)


def _size(report: Report) -> Card:
    first, last = report.stages[0].metrics.file_bytes, report.footprint.weight_bytes
    smaller = (f"{first / last:.3g} times smaller than the source model",) if last and first > 1.05 * last else ()
    flash = f"with code and self-test {format_bytes(report.footprint.flash_bytes)} of flash"
    return Card(figure=format_bytes(last), name="model", notes=(*smaller, flash))


def _arena(report: Report) -> Card:
    limit = (
        "in PSRAM"
        if report.fit.placement is Placement.PSRAM
        else f"of {format_bytes(report.target.arena_limit_bytes)}"
        if report.target.arena_limit_bytes is not None
        else "no limit"
    )
    return Card(figure=format_bytes(report.arena.bytes), name="arena", notes=(limit,))
