"""Estimated latencies as a table."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.runtime_bench.bench.schema import EstimateSection
from edgewright.runtime_bench.bench.view_parts import Column, View, format_ms, words


def estimates_view(name: str, estimates: Sequence[EstimateSection]) -> View:
    """Return estimates of targets, and why others have none."""
    known = [one for one in estimates if one.latency_us is not None]
    remarks = dict.fromkeys((one.core, one.remark) for one in known)
    unknown = dict.fromkeys(one.remark for one in estimates if one.latency_us is None)
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
            *(f"No estimate: {remark}." for remark in unknown),
        ),
    )  # fmt: skip
