"""The commands around an emitted tree: what builds, flashes and shows it, and what its self-test found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.runtime_bench.cli_options import (
    DEFAULT_CACHE,
    CacheOption,
    FamilyOption,
    OutOption,
    PortOption,
    TargetOption,
    output_folder,
)

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
