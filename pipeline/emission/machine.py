"""The machine that bare-metal firmware is for, as templates see it: words for make, and files that go along."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from edgewright.pipeline.emission.prefix import with_prefix
from edgewright.pipeline.machine import COMMON_SOURCES, LINKER_SCRIPT, MACHINE_SOURCES, Machine, machine_of
from edgewright.pipeline.target import FAMILIES, Target

MACHINE_FOLDER = "machine"
"""Of the emitted tree."""
FIRMWARE_SOURCES = ("firmware_ending.c", "run_bare.c")
"""How firmware begins and ends, beside what every program for a machine has."""
ELF = "build/firmware.elf"
SELFTEST_WORD = "selftest"
"""The argument by which an emulator asks firmware to end with the self-test's verdict."""


@dataclass(frozen=True, kw_only=True)
class MachineContext:
    """Everything that a Makefile names."""

    title: str
    core: str
    compiler: str
    packages: str
    flags: str
    """For compiling and linking."""
    compile_flags: str
    link_flags: str
    macros: str
    model_sources: tuple[str, ...]
    """Names of the library's sources that compute the model."""
    helper_sources: tuple[str, ...]
    """Those of the others."""
    sources: tuple[str, ...]
    """Names of the sources in the machine's folder, the vector table first."""
    files: tuple[str, ...]
    """All files of that folder, sorted, as they are called where they come from."""
    linker_script: str
    emulator: str
    """The command that runs the firmware, its serial port being standard input and output."""
    emulator_packages: str
    selftest_option: str
    """What makes the firmware end after its self-test there."""
    flash_command: str
    """Empty where there is no board but the emulated one."""
    ram_bytes: int
    stack_bytes: int


def machine_context(target: Target, prefix: str, library_sources: tuple[str, ...]) -> MachineContext:
    """Return the facts of a target's machine.

    Args:
        target: the board; it names its machine.
        prefix: of the library's names.
        library_sources: names of the C sources that are in the library's folder.

    Raises:
        TargetError: it names none, or one that there is not.
    """
    machine = machine_of(target)
    sources = machine_sources(machine)
    headers = tuple(path.name for path in MACHINE_SOURCES.glob("*.h"))
    helpers = {f"{with_prefix(name, prefix)}.c" for name in helper_names()}
    compiler = machine.compiler
    return MachineContext(
        title=machine.machine,
        core=machine.title,
        compiler=compiler.command,
        packages=" ".join(compiler.packages),
        flags=" ".join(compiler.flags),
        compile_flags=" ".join(compiler.compile_flags),
        link_flags=" ".join(machine.link_words),
        macros=" ".join(f"-D{with_prefix(name, prefix)}={value}" for name, value in machine.macros.items()),
        model_sources=tuple(name for name in library_sources if name not in helpers),
        helper_sources=tuple(name for name in library_sources if name in helpers),
        sources=tuple(with_prefix(name, prefix) for name in sources),
        files=tuple(sorted((*sources, *headers, LINKER_SCRIPT))),
        linker_script=LINKER_SCRIPT,
        emulator=" ".join(machine.emulator.words(ELF)),
        emulator_packages=" ".join(machine.emulator.packages),
        selftest_option=" ".join(selftest_words()),
        flash_command=shlex.join(machine.flash_command),
        ram_bytes=machine.memory.ram_bytes,
        stack_bytes=machine.memory.stack_bytes,
    )


def helper_names() -> frozenset[str]:
    """Return what the library's C sources are called that are the same for every runtime: `edgewright_print`."""
    return frozenset(path.name.partition(".")[0] for path in (FAMILIES / "common").glob("edgewright_*.c.j2"))


def machine_sources(machine: Machine) -> tuple[str, ...]:
    """Return which of the machines' sources firmware is built from."""
    support = machine.support
    return (*support.start, *COMMON_SOURCES, *support.host, *FIRMWARE_SOURCES, *support.port)


def selftest_words() -> tuple[str, ...]:
    """Return the emulator's options that make firmware end after its self-test."""
    return ("-semihosting-config", f"arg={SELFTEST_WORD}")
