"""The catalogue as tables: what each board has, what it is, and how each family is flashed."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table

from edgewright.pipeline.target import Target, family_names, load_family, load_target, target_names

KIB = 1 << 10
MIB = 1 << 20


def chip_table() -> Table:
    """Return what each target has: chip, core, memories and clock; 80 columns hold it.

    Raises:
        TargetError: the facts of a target are broken.
    """
    table = _table("target", "chip", "core", "flash", "RAM", "PSRAM", "clock")
    for column in table.columns[3:7]:
        column.justify = "right"
    for name in target_names():
        facts = load_target(name)
        table.add_row(
            name, facts.chip, facts.core, _memory(facts.flash_bytes), _memory(facts.ram_bytes),
            _memory(facts.psram_bytes), _clock(facts),
        )  # fmt: skip
    return table


def board_table() -> Table:
    """Return the board behind each target, and its families with what their tools call the board."""
    table = _table("target", "board", "families, and what their tools call it")
    for name in target_names():
        facts = load_target(name)
        called = (": ".join(filter(None, (family, facts.boards.get(family)))) for family in facts.families)
        table.add_row(name, facts.title, "\n".join(called))
    return table


def family_table() -> Table:
    """Return what each family emits and how it is flashed."""
    table = _table("family", "what is emitted", "how to flash, in its folder")
    for name in family_names():
        family = load_family(name)
        table.add_row(name, family.title, family.flash_line or "nothing to flash")
    return table


def _table(*headings: str) -> Table:
    """Return a table that keeps its first column in one piece and cuts nothing off, however narrow the terminal is."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=number == 0)
    return table


def _memory(nbytes: int | None) -> str:
    """Write the size of a memory exactly, in the largest unit that does.

    >>> _memory(4 << 20), _memory(950_272), _memory(1001), _memory(None)
    ('4 MiB', '928 KiB', '1,001 B', '-')
    """
    if nbytes is None:
        return "-"
    if nbytes % MIB == 0:
        return f"{nbytes // MIB} MiB"
    return f"{nbytes // KIB} KiB" if nbytes % KIB == 0 else f"{nbytes:,} B"


def _clock(facts: Target) -> str:
    return f"{facts.clock_hz / 1e6:g} MHz" if facts.clock_hz else "-"
