"""Machines without any framework: one file of facts each (`facts/machines/<name>.toml`), named after its core.

A machine is what bare-metal firmware is built for, and what an emulator plays: compiler, memories, devices. The C that
its facts name lies in `firmware_templates/bare_metal/machine/`: firmware is emitted from it, and programs for tests are
built from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.errors import TargetError, nearest
from edgewright.pipeline.target import FAMILIES, Bytes, Facts, Family, Target
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.tool import finds_headers, how_to_install, unavailable_reason

MACHINES = Path(str(files("edgewright.pipeline"))) / "facts" / "machines"
MACHINE_SOURCES = FAMILIES / "bare_metal" / "machine"
COMMON_SOURCES = ("start_memory.c",)
"""What a program for any machine is built from, whatever is around its main."""
LINKER_SCRIPT = "memory.ld"
RUN_COMMAND = ("make", "run")
"""What the Makefile of bare-metal firmware calls running it in an emulator."""
QUIET_OPTIONS = ("-display", "none", "-monitor", "none", "-no-reboot")

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

    def words(self, program: str) -> tuple[str, ...]:
        """Return the command that runs a program, whose serial port is the command's standard input and output."""
        return (self.command, *self.options, *self.console, *QUIET_OPTIONS, "-kernel", program)

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
    """Which sources go into a program for the machine, by what they are for."""

    start: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """From reset to main."""
    host: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """What is asked of the computer outside."""
    libc: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """What the C library asks of a system."""
    port: Annotated[tuple[SourceName, ...], Field(min_length=1)]
    """edgewright_port.h."""
    defines: Mapping[MacroName, Address]
    """Addresses and frequencies of the machine's devices, for these files."""


class Machine(Facts):
    """Facts of one machine and of its core."""

    name: str = ""
    title: str
    machine: str
    """What is emulated, for people."""
    flash_command: tuple[str, ...] = ()
    """What writes `build/firmware.elf` to the board; empty where there is none but the emulated one."""
    compiler: Compiler
    emulator: Emulator
    memory: Memory
    support: Support

    @property
    def macros(self) -> Mapping[str, str]:
        """What the machine's sources are compiled with."""
        return {macro: f"{value:#x}u" for macro, value in self.support.defines.items()}

    @property
    def link_words(self) -> tuple[str, ...]:
        """Where the linker puts what, for the linker script."""
        symbols = (f"-Wl,--defsym={key}={value:#x}" for key, value in self.memory.model_dump().items())
        return (*self.compiler.link_flags, "-nostartfiles", *symbols, "-Wl,--gc-sections", "-Wl,--fatal-warnings")

    def unavailable_reason(self) -> str | None:
        """Say why nothing can be built or run for it, or None where compiler and emulator are there."""
        reasons = (self.compiler.unavailable_reason(), self.emulator.unavailable_reason())
        return " ".join(reason for reason in reasons if reason) or None


def machine_names(folder: Path = MACHINES) -> tuple[str, ...]:
    """Return the names of all machines, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_machine(name: str, folder: Path = MACHINES) -> Machine:
    """Load one machine's facts.

    Args:
        name: the file's name without its ending.
        folder: where the files lie.

    Raises:
        TargetError: there is no such machine, or its file is broken (the sentence names file, key and accepted values).
    """
    if name not in machine_names(folder):
        raise TargetError(f'Unknown core "{name}": {nearest(name, machine_names(folder))}.')
    path = folder / f"{name}.toml"
    found = read_toml_as(path, Machine, TargetError, name=name)
    for part in ("start", "host", "libc", "port"):
        for source in getattr(found.support, part):
            if not (MACHINE_SOURCES / source).is_file():
                present = (each.name for each in MACHINE_SOURCES.glob("*.[cS]"))
                raise TargetError(f'{path}: support.{part}: there is no "{source}": {nearest(source, present)}.')
    return found


def flash_command(target: Target, family: Family) -> tuple[str, ...]:
    """Return what brings a target's firmware to the board; nothing where there is none but an emulated one."""
    is_emulated = family.needs_machine and not machine_of(target).flash_command
    return () if is_emulated else family.flash_command


def next_commands(target: Target, family: Family) -> tuple[tuple[str, ...], ...]:
    """Return what builds a target's firmware and what makes it run, where anything does."""
    command = flash_command(target, family) or (RUN_COMMAND if family.needs_machine else ())
    return (family.build_command, command) if command else (family.build_command,)


def machine_of(target: Target) -> Machine:
    """Return the machine that a target is.

    Raises:
        TargetError: its facts name none, or one that there is not.
    """
    if target.machine is None:
        raise TargetError(
            f'Target "{target.name}" is no machine for bare-metal firmware: {nearest("", machine_names())}.'
        )
    return load_machine(target.machine)
