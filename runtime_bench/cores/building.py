"""Building a program for an emulated core from C and C++ sources."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from edgewright.pipeline.errors import CompilerError, ToolError
from edgewright.pipeline.machine import COMMON_SOURCES, LINKER_SCRIPT
from edgewright.runtime_bench.cores.core import SUPPORT, Core
from edgewright.runtime_bench.cores.elf import Image, Sizes, read_image

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SECTIONS = ("-ffunction-sections", "-fdata-sections")
LANGUAGES = {
    ".c": ("-std=c99", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"),
    ".cc": ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
    ".cpp": ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
    ".S": (),
}
ENDING = "host_ending.c"
"""What a program that runs for a computer outside ends with."""
TEXT_BYTES = 512
TEXT_COUNT = 15
"""What the arguments, and the environment, of a program may take: bytes with a NUL behind each, and how many."""
COMPILE_TIMEOUT_SECONDS = 600.0


class Surroundings(Enum):
    """What stands around main."""

    HOSTED = "hosted"
    """Standard streams, arguments and environment are files of the computer outside: for tests."""
    BARE = "bare"
    """Nothing but start-up code and edgewright_port.h, as on a board; a program still ends by returning from main."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """What is built."""

    sources: tuple[Path, ...]
    includes: tuple[Path, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    archives: tuple[Path, ...] = ()
    """Libraries that are linked after the sources."""
    optimization: str = "-O2"
    warnings: tuple[str, ...] = WARNINGS
    surroundings: Surroundings = Surroundings.HOSTED
    with_port: bool = False
    """Whether the machine's own edgewright_port.h is compiled in; the header is then among the includes."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A linked program."""

    core: Core
    elf: Path
    image: Image

    @property
    def sizes(self) -> Sizes:
        """Its bytes, by what they are."""
        return self.image.sizes


def build(core: Core, what: Build, folder: Path, *, name: str = "program") -> Program:
    """Compile and link a program.

    Args:
        core: what it is for.
        what: sources and how they are compiled.
        folder: where it goes, with its objects; made where it is missing.
        name: of the file, without `.elf`.

    Returns:
        The program.

    Raises:
        ToolError: the compiler is not installed.
        CompilerError: it refused a source, or the program does not fit the core's memory.
    """
    reason = core.compiler.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    folder.mkdir(parents=True, exist_ok=True)
    sources = (*(SUPPORT / file for file in _support(core, what)), *what.sources)
    objects = [folder / f"{name}.{number}.{source.stem}.o" for number, source in enumerate(sources)]
    for source, target in zip(sources, objects, strict=True):
        _run(core, (*_compile_flags(core, what, source), "-c", str(source), "-o", str(target)), source)
    elf = folder / f"{name}.elf"
    _run(core, (*_link_flags(core), *map(str, (*objects, *what.archives)), "-o", str(elf)), elf)
    return Program(core=core, elf=elf, image=read_image(elf))


def compile_object(core: Core, source: Path, folder: Path, *, optimization: str = "-O2") -> Path:
    """Compile one source, whose headers lie beside it, and return its object.

    Raises:
        ToolError: the compiler is not installed.
        CompilerError: it refused the source.
    """
    reason = core.compiler.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    what = Build(sources=(source,), includes=(source.parent,), optimization=optimization)
    target = folder / f"{core.name}.{source.stem}.o"
    _run(core, (*_compile_flags(core, what, source), "-c", str(source), "-o", str(target)), source)
    return target


def _support(core: Core, what: Build) -> tuple[str, ...]:
    is_hosted = what.surroundings is Surroundings.HOSTED
    return (
        *core.support.start,
        *COMMON_SOURCES,
        ENDING,
        *core.support.host,
        f"run_{what.surroundings.value}.c",
        *(core.support.libc if is_hosted else ()),
        *(core.support.port if what.with_port else ()),
    )


def _compile_flags(core: Core, what: Build, source: Path) -> tuple[str, ...]:
    is_own = source.parent == SUPPORT
    macros = _own_macros(core) if is_own else what.defines
    return (
        *(WARNINGS if is_own else what.warnings),
        *SECTIONS,
        what.optimization,
        *core.compiler.compile_flags,
        *_language(source),
        *(f"-D{macro}={value}" for macro, value in macros.items()),
        *(f"-I{folder}" for folder in (SUPPORT, *what.includes)),
    )


def _own_macros(core: Core) -> dict[str, str]:
    return {**core.macros, "EDGEWRIGHT_TEXT_BYTES": str(TEXT_BYTES), "EDGEWRIGHT_TEXT_COUNT": str(TEXT_COUNT)}


def _language(source: Path) -> tuple[str, ...]:
    if source.suffix not in LANGUAGES:
        raise CompilerError(f"{source}: cannot be compiled; accepted are files that end in {', '.join(LANGUAGES)}.")
    return LANGUAGES[source.suffix]


def _link_flags(core: Core) -> tuple[str, ...]:
    return (*core.link_words, "-T", str(SUPPORT / LINKER_SCRIPT))


def _run(core: Core, arguments: tuple[str, ...], made_from: Path) -> None:
    command = [core.compiler.command, *core.compiler.flags, *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=COMPILE_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise CompilerError(
            f"{core.compiler.command} did not finish {made_from.name} within {COMPILE_TIMEOUT_SECONDS:.0f} s."
        ) from None
    if done.returncode != 0:
        verb = "link" if made_from.suffix == ".elf" else "compile"
        raise CompilerError(
            f"{core.compiler.command} could not {verb} {made_from.name} for {core.name}:\n{done.stderr.strip()}"
        )
