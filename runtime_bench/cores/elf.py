"""What a linked program tells of itself: sizes of its sections, and addresses of its symbols."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.errors import CompilerError

MAGIC = b"\x7fELF\x01\x01"  # 32 bits, little-endian
HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
SECTION = struct.Struct("<10I")
SYMBOL = struct.Struct("<IIIBBH")
SYMTAB, NOBITS = 2, 8
WRITE, ALLOC, EXEC = 1, 2, 4
FUNCTION = 2
ARM = 40


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Bytes of a program by what they are."""

    text_bytes: int
    """Code."""
    rodata_bytes: int
    """Constants."""
    data_bytes: int
    """Variables with initial values, which lie in flash as well."""
    bss_bytes: int
    """Variables that begin as 0; no stack, no heap."""

    @property
    def flash_bytes(self) -> int:
        """What the program takes of the flash."""
        return self.text_bytes + self.rodata_bytes + self.data_bytes

    @property
    def ram_bytes(self) -> int:
        """What its variables take of the RAM."""
        return self.data_bytes + self.bss_bytes


@dataclass(frozen=True, kw_only=True)
class Function:
    """A piece of code with a name."""

    name: str
    address: int
    code_bytes: int


@dataclass(frozen=True, kw_only=True)
class Image:
    """What was read."""

    sizes: Sizes
    addresses: Mapping[str, int]
    """Of global and local symbols; of functions, where their first instruction is."""
    functions: tuple[Function, ...]

    def function_at(self, address: int) -> str | None:
        """Return the name of the function that an address lies in."""
        for function in self.functions:
            if function.address <= address < function.address + function.code_bytes:
                return function.name
        return None


def read_image(path: Path) -> Image:
    """Read a linked program.

    Raises:
        CompilerError: it is no little-endian ELF of 32 bits, or cut off.
    """
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise CompilerError(f"{path}: is not a program for a 32-bit core (little-endian ELF); build it for one.")
    try:
        return _read(content)
    except (struct.error, IndexError, ValueError):
        raise CompilerError(f"{path}: is cut off or damaged; build it again.") from None


def _read(content: bytes) -> Image:
    header = HEADER.unpack_from(content)
    machine, start, count = header[2], header[6], header[12]
    sections = [SECTION.unpack_from(content, start + SECTION.size * number) for number in range(count)]
    addresses: dict[str, int] = {}
    functions: list[Function] = []
    for section in sections:
        if section[1] != SYMTAB:
            continue
        names = sections[section[6]][4]
        for offset in range(section[4], section[4] + section[5], SYMBOL.size):
            name_at, value, length, info, _, _ = SYMBOL.unpack_from(content, offset)
            name = content[names + name_at : content.index(b"\0", names + name_at)].decode("utf-8", "replace")
            is_function = info & 15 == FUNCTION
            address = value & ~1 if is_function and machine == ARM else value  # bit 0 says that it is Thumb code
            if name and not name.startswith("$"):
                addresses.setdefault(name, address)
            if is_function:
                functions.append(Function(name=name, address=address, code_bytes=length))
    return Image(sizes=_sizes(sections), addresses=addresses, functions=tuple(functions))


def _sizes(sections: list[tuple[int, ...]]) -> Sizes:
    found = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for _, kind, flags, _, _, length, *_ in sections:
        if flags & ALLOC:
            part = "text" if flags & EXEC else "bss" if kind == NOBITS else "data" if flags & WRITE else "rodata"
            found[part] += length
    return Sizes(
        text_bytes=found["text"], rodata_bytes=found["rodata"], data_bytes=found["data"], bss_bytes=found["bss"]
    )
