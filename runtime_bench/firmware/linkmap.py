"""What a linker's map tells of a program's flash: its pieces, and whom each object of a library was taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgewright.pipeline.errors import CompilerError

MEMBERS = "Archive member included"
SECTIONS = "Linker script and memory map"
FLASH_SECTIONS = frozenset({".vectors", ".text", ".rodata", ".ARM.extab", ".ARM.exidx", ".data", ".tdata"})

_OUTPUT = re.compile(r"^(\.[\w.]+)(?:\s|$)")
_NAME = re.compile(r"^ (\.\S+)$")
_INPUT = re.compile(r"^ (\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One section of an object: as a rule one function, or one constant."""

    section: str
    linked_object: str
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class LinkMap:
    """What was read."""

    pieces: tuple[Piece, ...]
    """Those that take flash: code, constants and initial values of variables."""
    taken_for: Mapping[str, str]
    """For each object of a library the one that needed it first."""

    def origin(self, linked_object: str) -> str:
        """Return the object for whose sake an object is there: itself, where it is none of a library."""
        seen = {linked_object}
        while (linked_object := self.taken_for.get(linked_object, linked_object)) not in seen:
            seen.add(linked_object)
        return linked_object


def read_map(path: Path) -> LinkMap:
    """Read the map that GNU ld wrote.

    Raises:
        CompilerError: it cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CompilerError(f"{path}: cannot be read ({error.strerror}); build the firmware again.") from None
    if SECTIONS not in text:
        raise CompilerError(f"{path}: is no map of GNU ld; build the firmware again.")
    head, _, tail = text.partition(SECTIONS)
    return LinkMap(pieces=tuple(_pieces(tail.splitlines())), taken_for=_members(head))


def object_name(linked_object: str) -> str:
    """Return an object's name without its folder: `edgewright_model.c.o`, `libgcc.a(_muldi3.o)`."""
    return PurePosixPath(linked_object).name


def _members(head: str) -> dict[str, str]:
    """Each member stands on a line of its own, or before what needed it; the latter's symbol follows in brackets."""
    found: dict[str, str] = {}
    member = ""
    for line in head.partition(MEMBERS)[2].partition("\n\n")[2].partition("\n\n")[0].splitlines():
        if not line.startswith(" "):
            member, _, rest = line.partition(") ")
            member += ")" if rest else ""
        else:
            rest = line
        if rest.strip():
            found[member] = rest.strip().rpartition(" (")[0]
    return found


def _pieces(lines: list[str]) -> Iterator[Piece]:
    """A long name of a section has a line of its own, before address and bytes."""
    is_in_flash, name = False, ""
    for line in lines:
        begun, alone, matched = _OUTPUT.match(line), _NAME.match(line), _INPUT.match(line)
        if begun:
            is_in_flash = begun[1] in FLASH_SECTIONS
        if alone:
            name = alone[1]
        elif is_in_flash and matched and int(matched[2], 16):
            yield Piece(section=matched[1] or name, linked_object=matched[3], nbytes=int(matched[2], 16))
