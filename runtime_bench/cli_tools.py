"""The commands that call the tools of others: what builds, flashes and shows an emitted tree."""

from __future__ import annotations

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
