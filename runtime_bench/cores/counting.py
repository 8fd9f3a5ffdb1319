"""Counting instructions exactly: a plugin of QEMU, compiled where it is needed and kept in the cache."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.errors import EmulatorError, ToolError
from edgewright.pipeline.tool import unavailable_reason
from edgewright.runtime_bench.cores.core import HERE, Emulator
from edgewright.runtime_bench.cores.elf import Image

SOURCE = HERE / "counter.c"
HOST_COMPILER = "gcc"
LIBRARY = "counter.so"
MARKS, COUNTS = "marks", "counts"
"""Files in the emulator's folder: what the plugin reads and writes."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What is counted in a run."""

    cache: Cache
    """Where the compiled plugin is kept."""
    marks: tuple[str, ...] = ()
    """Symbols at which the count is noted: functions that the compiler kept out of line."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A program came to a mark."""

    mark: str
    instructions: int
    """How many it had executed before."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted."""

    instructions: int
    """From reset to end."""
    passages: tuple[Passage, ...]

    def between(self, start: str, stop: str) -> tuple[int, ...]:
        """Return how many instructions were executed from each passage of a mark to the next one of another mark."""
        found = []
        begun: int | None = None
        for passage in self.passages:
            if passage.mark == stop and begun is not None:
                found.append(passage.instructions - begun)
                begun = None
            if passage.mark == start:
                begun = passage.instructions
        return tuple(found)


def counter_unavailable_reason() -> str | None:
    """Say why instructions cannot be counted, or None where they can."""
    return unavailable_reason(HOST_COMPILER, [HOST_COMPILER])


def counter_library(emulator: Emulator, kept: Cache) -> Path:
    """Return the plugin for an emulator, compiled for this computer.

    Raises:
        ToolError: there is no compiler, or it failed.
    """
    reason = counter_unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    version = interface_version(emulator.command)
    ingredients = {
        "kind": "instruction counter",
        "source": digest_file(SOURCE),
        "version": version,
        "compiler": _first_line(HOST_COMPILER),
    }

    def make(folder: Path) -> None:
        flags = ["-std=c99", "-shared", "-fPIC", "-O2", f"-DCOUNTER_VERSION={version}"]
        command = [HOST_COMPILER, *flags, str(SOURCE), "-o", str(folder / LIBRARY)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ToolError(f"{HOST_COMPILER} could not compile {SOURCE.name}:\n{done.stderr.strip()}")

    return (kept.obtain(ingredients, make) / LIBRARY).resolve()


def interface_version(command: str) -> int:
    """Return which version of the plugin interface an emulator takes: 1 up to QEMU 8, 2 from QEMU 9 on.

    Raises:
        ToolError: it does not say which version it is.
    """
    line = _first_line(command)
    match = re.search(r"\bversion (\d+)\.", line)
    if match is None:
        raise ToolError(f'{command} does not say its version but "{line}"; install QEMU 7 or later.')
    return 1 if int(match[1]) < 9 else 2


def write_marks(folder: Path, image: Image, marks: tuple[str, ...]) -> None:
    """Tell the plugin where the marks are.

    Raises:
        EmulatorError: the program has no such symbol.
    """
    missing = [mark for mark in marks if mark not in image.addresses]
    if missing:
        raise EmulatorError(
            f'The program has no symbol "{missing[0]}" to count at: the linker keeps only what is used, and the '
            f"compiler only what is out of line (noinline) or global."
        )
    (folder / MARKS).write_text("".join(f"{image.addresses[mark]:x}\n" for mark in marks))


def read_counts(folder: Path, marks: tuple[str, ...]) -> Counted:
    """Read what the plugin counted.

    Raises:
        EmulatorError: it did not come to its end.
    """
    path = folder / COUNTS
    lines = path.read_text().splitlines() if path.is_file() else []
    if not lines or not lines[-1].startswith("total "):
        raise EmulatorError("The emulator ended without telling how many instructions it counted.")
    passages = []
    for line in lines[:-1]:
        number, instructions = line.split()
        passages.append(Passage(mark=marks[int(number)], instructions=int(instructions)))
    return Counted(instructions=int(lines[-1].split()[1]), passages=tuple(passages))


@cache
def _first_line(command: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise ToolError(f"There is no {command}.")
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]
