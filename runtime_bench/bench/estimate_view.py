"""Estimated latencies as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edgewright.runtime_bench.bench.schema import EstimateSection
from edgewright.runtime_bench.bench.view_parts import Column, View, format_ms, words


def estimates_view(name: str, estimates: Sequence[EstimateSection]) -> View:
    """Return estimates of targets, and why others have none."""
    known = [one for one in estimates if one.latency_us is not None]
    remarks = dict.fromkeys((one.core, one.remark) for one in known)
    unknown = dict.fromkeys(f"{one.target} ({one.family})" for one in estimates if one.latency_us is None)
    return View(
        title=f"{name}: estimated latency on targets, not measured",
        columns=(
            words("target"), words("firmware"), Column(heading="MHz"), Column(heading="estimated ms"),
            Column(heading="largest known error"),
        ),
        rows=tuple(
            (
                one.target, one.family, f"{one.clock_hz / 1e6:g}", format_ms((one.latency_us or 0) / 1e3),
                "unknown" if one.largest_error is None else f"{one.largest_error:.0%}",
            )
            for one in known
        ),
        notes=(
            *(f"{core}: {remark}." for core, remark in remarks),
            *_without(unknown),
        ),
    )  # fmt: skip


def _without(places: Collection[str]) -> Iterator[str]:
    """Say in one sentence for which targets there is no estimate; the document has the reason of each."""
    if places:
        yield f"No estimate for {', '.join(places)}: nobody published a measurement of these kernels there."
