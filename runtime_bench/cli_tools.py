"""The commands around an emitted tree: what builds, flashes and shows it, and what its self-test found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edgewright.runtime_bench.cli_options import (
    ALL,
    DEFAULT_CACHE,
    CacheOption,
    FamilyOption,
    OutOption,
    PortOption,
    TargetOption,
    output_folder,
)

if TYPE_CHECKING:
    from edgewright.pipeline.outcome import Outcome, OutputRequest
    from edgewright.pipeline.report import Report
    from edgewright.runtime_bench.firmware import StepFacts

console = Console(emoji=False)


def flash(target: TargetOption, port: PortOption = None, family: FamilyOption = None, out: OutOption = None) -> None:
    """Build and flash the emitted firmware with the family's own tool."""
    from edgewright.runtime_bench.family_tool import Purpose, run_tool

    folder = output_folder(out, target)
    run_tool(Purpose.FLASH, target_name=target, family_name=family, out=folder, port=port, console=console)


def monitor(target: TargetOption, port: PortOption = None, family: FamilyOption = None, out: OutOption = None) -> None:
    """Show what the board prints, with the family's own tool."""
    from edgewright.runtime_bench.family_tool import Purpose, run_tool

    folder = output_folder(out, target)
    run_tool(Purpose.MONITOR, target_name=target, family_name=family, out=folder, port=port, console=console)


def check_runnable(request: OutputRequest) -> None:
    """Refuse what cannot be run here, before anything is done.

    Raises:
        TargetError: no single target is named, or its firmware needs a board.
        ToolError: compiler or emulator is missing.
    """
    from edgewright.pipeline.errors import TargetError
    from edgewright.pipeline.target import choose_family, load_target
    from edgewright.runtime_bench.firmware import require_runnable

    if request.target == ALL:
        raise TargetError("run: goes with one target; give its name instead of all.")
    target = load_target(request.target)
    require_runnable(target, choose_family(target, request.family, request.runtime))


def run_emitted(outcome: Outcome, cache: Path) -> None:
    """Build what was emitted, run its self-test in an emulator, and show what it found.

    Raises:
        EdgewrightError: it cannot be built or run, or its self-test failed.
    """
    from edgewright.pipeline.cache import Cache
    from edgewright.pipeline.errors import EmulatorError
    from edgewright.runtime_bench.firmware import require_runnable, run_firmware, run_lines, step_table

    machine = require_runnable(outcome.target, outcome.family)
    firmware = outcome.out / outcome.family.folder
    found = run_firmware(machine, firmware, Cache(root=cache), steps=_step_facts(outcome.report))
    if found.steps:
        console.print(step_table(found))
    for line in run_lines(found):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    if not found.passed:
        raise EmulatorError(f"The self-test failed on {machine.machine}; {found.elf.parent} holds what was built.")


def _step_facts(report: Report) -> tuple[StepFacts, ...]:
    """Return what the report says of the steps that call a kernel, in the order in which they run."""
    from edgewright.runtime_bench.firmware import StepFacts

    kernels = report.static.kernels if report.static else ()
    return tuple(
        StepFacts(title=f"{step.operation} {', '.join(step.layers)}", kernel=step.kernel, mac_count=step.macs)
        for step in kernels
        if step.kernel
    )


def selftest(
    log: Annotated[Path, typer.Argument(help="What the board printed, captured in a file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Output folder that the firmware was built from.")],
) -> None:
    """Say what a board's self-test found; of a layer that differs by its hash, also how far it is off, and where."""
    from edgewright.pipeline.selftest_log import explain

    found = explain(log, out)
    lines = [found.verdict, *([found.layer] if found.layer else [])]
    if found.element_count:
        lines.append(f"{found.differing_count} of {found.element_count} elements differ, most of all:")
        lines += [f"  element {place}: expected {expected}, got {got}" for place, expected, got in found.worst]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def aar(
    target: TargetOption, family: FamilyOption = None, out: OutOption = None, cache: CacheOption = DEFAULT_CACHE
) -> None:
    """Compile the emitted Android module to an .aar, which an app can take without Gradle; needs a JDK and Maven."""
    from edgewright.pipeline.aar import build_aar
    from edgewright.pipeline.cache import Cache
    from edgewright.pipeline.target import choose_family, load_target

    facts = load_target(target)
    folder = output_folder(out, facts.name)
    archive = build_aar(choose_family(facts, family), folder, Cache(root=cache))
    console.print(f"{archive}: {archive.stat().st_size:,} B", soft_wrap=True, markup=False, highlight=False)
