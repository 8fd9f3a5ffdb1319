"""Emulated cores: one file of facts each (`facts/<name>.toml`), found by glob and validated when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.errors import TargetError, nearest
from edgewright.pipeline.target import Bytes, Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.runtime_bench.cores.tool import finds_headers, how_to_install, unavailable_reason

HERE = Path(str(files("edgewright.runtime_bench.cores")))
FACTS = HERE / "facts"
SUPPORT = HERE / "support"

Address = Annotated[int, Field(ge=0, lt=2**32)]
Command = Annotated[str, Field(pattern=r"^[a-z0-9][\w.+-]*$")]
Packages = Annotated[tuple[Command, ...], Field(min_length=1)]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[cS]$")]
MacroName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Compiler(Facts):
    """The cross compiler."""

    command: Command
    packages: Packages
    """Debian's packages that hold it and its C library."""
    flags: tuple[str, ...]
    """For compiling and linking."""
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()

    def unavailable_reason(self) -> str | None:
        """Say why it cannot be used, with the line that installs it, or None where it and its C library are there."""
        reason = unavailable_reason(self.command, self.packages)
        if reason is None and not finds_headers(self.command, (*self.flags, *self.compile_flags)):
            return f"{self.command} finds no C library: {how_to_install(self.packages)}"
        return reason


class Emulator(Facts):
    """The emulator and the machine that it plays."""

    command: Command
    packages: Packages
    options: Annotated[tuple[str, ...], Field(min_length=1)]
    """Machine, processor, and how a program reaches the computer outside."""
    console: Annotated[tuple[str, ...], Field(min_length=1)]
    """What connects the serial port to the emulator's standard input and output."""

    def unavailable_reason(self) -> str | None:
        """Say why it cannot be used, with the line that installs it, or None where it can."""
        return unavailable_reason(self.command, self.packages)


class Memory(Facts):
    """Where a program lies."""

    code_origin: Address
    code_bytes: Bytes
    ram_origin: Address
    ram_bytes: Bytes
    stack_bytes: Bytes
    """What variables and heap must leave free at the end of the RAM."""


class Support(Facts):
    """Which files of `support/` go into a program for the core, by what they are for."""

    start: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """From reset to main."""
    host: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """Files of the computer outside, and how a program ends."""
    libc: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """What the C library asks of a system."""
    port: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """edgewright_port.h."""
    defines: Mapping[MacroName, Address]
    """Addresses and frequencies of the machine's devices, for these files."""


class Core(Facts):
    """Facts of one core and of the machine that it is emulated in."""

    name: str = ""
    title: str
    machine: str
    """What is emulated, for people."""
    compiler: Compiler
    emulator: Emulator
    memory: Memory
    support: Support

    def unavailable_reason(self) -> str | None:
        """Say why nothing can be built or run for the core, or None where compiler and emulator are there."""
        reasons = (self.compiler.unavailable_reason(), self.emulator.unavailable_reason())
        return " ".join(reason for reason in reasons if reason) or None


def core_names(folder: Path = FACTS) -> tuple[str, ...]:
    """Return the names of all cores, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_core(name: str, folder: Path = FACTS) -> Core:
    """Load one core's facts.

    Args:
        name: the file's name without its ending.
        folder: where the files lie.

    Raises:
        TargetError: there is no such core, or its file is broken (the sentence names file, key and accepted values).
    """
    if name not in core_names(folder):
        raise TargetError(f'Unknown core "{name}": {nearest(name, core_names(folder))}.')
    path = folder / f"{name}.toml"
    core = read_toml_as(path, Core, TargetError, name=name)
    for part in ("start", "host", "libc", "port"):
        for source in getattr(core.support, part):
            if not (SUPPORT / source).is_file():
                present = (found.name for found in SUPPORT.glob("*.[cS]"))
                raise TargetError(f'{path}: support.{part}: there is no "{source}": {nearest(source, present)}.')
    return core
