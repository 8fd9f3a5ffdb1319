"""What devices tell of themselves, as a plain table."""

from __future__ import annotations

from edgewright.runtime_bench.bench.schema import DeviceSection, InstructionsSection, ModelSection, RowSection
from edgewright.runtime_bench.bench.view_parts import NOTHING, Column, View, or_nothing, words


def devices_view(model: ModelSection) -> View:
    """Return what the devices that ran a model tell."""
    rows = [(row, row.device) for row in model.rows if row.device is not None]
    few = [row for row, _ in rows if row.sample_count is not None and row.sample_count < model.sample_count]
    failed = [(row, device.selftest) for row, device in rows if device.selftest not in ("ok", "")]
    return View(
        title=f"{model.name}: devices, as they tell it",
        columns=(
            words("device"), words("firmware's model"), words("kernels"), words("self-test"), Column(heading="samples"),
            Column(heading="instructions"), Column(heading="arena used B"), Column(heading="arena B"),
            Column(heading="stack B"), Column(heading="flash B"), Column(heading="RAM B"),
        ),
        rows=tuple(_device(row, device) for row, device in rows),
        notes=(
            "Instructions are those of one inference, the median over the samples; stack is the most that was in use.",
            *(f"{row.id}: its self-test ended with {word}: do not trust its outputs." for row, word in failed),
            *(f"{row.id}: ran the first {row.sample_count} of {model.sample_count} samples." for row in few),
            *(f"{row.id}: {device.note}." for row, device in rows if device.note and row.latency is not None),
        ),
    )  # fmt: skip


def _device(row: RowSection, device: DeviceSection) -> tuple[str, ...]:
    counts = row.instructions
    figures = (device.arena_used_bytes, device.arena_bytes, device.stack_bytes, device.flash_bytes, device.ram_bytes)
    return (
        row.id, device.model_name, row.kernels, device.selftest or "not run", or_nothing(row.sample_count, ","),
        NOTHING if counts is None else _counts(counts), *(or_nothing(figure, ",") for figure in figures),
    )  # fmt: skip


def _counts(counts: InstructionsSection) -> str:
    """Return the median, and the ends where inputs take different ways."""
    if counts.minimum == counts.maximum:
        return f"{counts.median:,}"
    return f"{counts.median:,} ({counts.minimum:,} to {counts.maximum:,})"
