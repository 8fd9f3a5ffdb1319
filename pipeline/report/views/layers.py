"""Time and error by layer, from a bench or from the model itself."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.quantization import AMPLIFIERS
from edgewright.pipeline.report.charts import LAYERS
from edgewright.pipeline.report.evidence import BenchSection
from edgewright.pipeline.report.schema import Report, StaticSection
from edgewright.pipeline.report.text import format_bytes, format_count, format_small_share
from edgewright.pipeline.report.views.blocks import Block, Details, Section, pictures, row, say, table


def layer_section(report: Report) -> Section:
    """Return what each operator costs."""
    bench = report.bench
    blocks = (
        *pictures(LAYERS, report),
        *(_measured(bench) if bench and bench.layers else ()),
        *_counted(report),
        *(_kernels(report.static) if report.static else ()),
    )
    return Section(title="Layer by layer", anchor="layers", blocks=blocks)


def _measured(bench: BenchSection) -> Iterator[Block]:
    timed = [one for one in bench.layers if one.time_us is not None]
    noisy = [
        one
        for one in bench.layers
        if one.added_noise is not None and one.added_noise > 0 and one.operator not in AMPLIFIERS
    ]
    if timed:
        slowest = max(timed, key=lambda one: one.time_us or 0.0)
        total_us = sum(one.time_us or 0.0 for one in timed)
        share = f", {(slowest.time_us or 0.0) / total_us:.0%} of all" if total_us else ""
        yield say(
            f"{slowest.layer} ({slowest.operator}) takes longest{share}. Times are those of each operator alone on "
            f"{bench.timed_on}, a call of the interpreter included."
        )
    if noisy:
        worst = max(noisy, key=lambda one: one.added_noise or 0.0)
        noise = format_small_share(worst.added_noise or 0.0)
        yield say(
            f"Most is lost to quantization at {worst.layer} ({worst.operator}): noise of {noise} of the signal's "
            f"energy. Activations are compared with {bench.compared_with}."
        )
    rows = (
        row(
            one.layer, one.operator, format_count(one.macs), _figure(one.time_us, ",.1f"), _figure(one.sqnr_db, ".1f"),
            _figure(one.cosine, ".4f"), _figure(one.added_noise, ".3%"),
        )
        for one in bench.layers
    )  # fmt: skip
    columns = ("layer", "operator", "MACs", "µs", "SQNR dB", "cosine", "noise added")
    yield Details(summary="Measured figures", blocks=(table(columns, rows),))


def _counted(report: Report) -> Iterator[Block]:
    if not report.layers:
        yield say("The model has no operators.")
        return
    rows = (
        row(
            one.layer, one.operator, format_count(one.macs), format_bytes(one.weight_bytes),
            format_bytes(one.activation_bytes),
        )
        for one in report.layers
    )  # fmt: skip
    columns = ("layer", "operator", "MACs", "weights", "result")
    yield Details(summary="Figures of the model", blocks=(table(columns, rows),))
    if report.bench is None:
        yield say("Time and error by layer are measured by edgewright bench on this folder.")


def _kernels(static: StaticSection) -> Iterator[Block]:
    rows = (
        row(
            ", ".join(one.layers), one.kernel or "-", format_count(one.macs), format_bytes(one.constant_bytes),
            format_bytes(one.scratch_bytes), one.reason,
        )
        for one in static.kernels
    )  # fmt: skip
    columns = ("layers", "kernel", "MACs", "constants", "scratch", "why")
    yield Details(summary="Kernels", blocks=(table(columns, rows),))


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
