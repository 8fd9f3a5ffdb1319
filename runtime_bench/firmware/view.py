"""What a run of a firmware found, for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table
from rich.text import Text

from edgewright.runtime_bench.firmware.run import FirmwareRun, StepCount


def step_table(run: FirmwareRun) -> Table:
    """Return the instructions of one inference by layer: their share of the whole, and how many a MAC took."""
    table = Table(
        Column("step", justify="right"),
        Column("layers", overflow="fold"),
        "kernel",
        Column("instructions", justify="right", no_wrap=True),
        Column("share", justify="right"),
        Column("a MAC", justify="right"),
        title=Text("One inference", style="table.title"),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    total = run.instructions or 1
    for step in run.steps:
        share = f"{step.instructions / total:.1%}"
        row = (str(step.number), Text(step.facts.title), step.facts.kernel, f"{step.instructions:,}", share)
        table.add_row(*row, _per_mac(step))
    return table


def _per_mac(step: StepCount) -> str:
    return f"{step.instructions / step.facts.mac_count:.2f}" if step.facts.mac_count else "-"


def run_lines(run: FirmwareRun) -> list[str]:
    """Return verdict, instructions, stack, flash and RAM as lines, the verdict first."""
    parts, sizes = run.parts, run.sizes
    stack = "not known" if run.stack_bytes is None else f"{run.stack_bytes:,}"
    counted = f"{run.instructions}" if run.instructions is not None else f"not counted: {run.uncounted_reason}"
    return [
        run.verdict,
        f"instructions: {counted}",
        f"stack: {stack} of {run.machine.memory.stack_bytes:,} B at most, with self-test and application",
        f"flash: {sizes.flash_bytes:,} B (weights {parts.weights_bytes:,}, model {parts.model_bytes:,}, "
        f"self-test {parts.selftest_bytes:,}, other {parts.other_bytes:,}, alignment {parts.filled_bytes:,})",
        f"RAM: {sizes.ram_bytes:,} B of variables, the arena among them",
    ]
