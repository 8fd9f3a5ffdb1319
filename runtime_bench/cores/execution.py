"""Running a program on an emulated core."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edgewright.pipeline.errors import EmulatorError, ToolError
from edgewright.runtime_bench.cores.building import TEXT_BYTES, TEXT_COUNT, Program
from edgewright.runtime_bench.cores.counting import (
    COUNTS,
    MARKS,
    Count,
    Counted,
    counter_library,
    read_counts,
    write_marks,
)
from edgewright.runtime_bench.cores.elf import Image

ARGUMENTS, ENVIRONMENT, INPUT, OUTPUT, ERRORS = "arguments", "environment", "input", "output", "errors"
"""Files in the emulator's folder, which the machine's sources know by these names."""
RUN_TIMEOUT_SECONDS = 60.0
SHOWN_CHARACTERS = 300


class Ending(Enum):
    """How a program ended."""

    EXIT = "exit"
    RESET = "reset"
    """It called edgewright_port_reset, which ends the run."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What a program did."""

    stdout: bytes
    """What it printed, and what it sent to the serial port, in order."""
    stderr: bytes
    exit_status: int
    ending: Ending
    counted: Counted | None


def run(
    program: Program,
    *,
    stdin: bytes = b"",
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    count: Count | None = None,
    timeout_seconds: float = RUN_TIMEOUT_SECONDS,
) -> Execution:
    """Run a program to its end.

    Args:
        program: built for the core that it runs on.
        stdin: what its standard input holds, and what arrives at its serial port.
        arguments: of main, after the program's name; for a hosted program.
        environment: what getenv finds; likewise.
        options: of the emulator, beside those that every program has.
        count: which instructions are counted; None does not count.
        timeout_seconds: the emulator is killed after this.

    Raises:
        ToolError: the emulator is not installed, or the compiler that counting takes.
        EmulatorError: the program crashed, locked the core up or did not end in time; the arguments are too long; or
            the emulator refused to start.
    """
    emulator = program.core.emulator
    reason = emulator.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    with tempfile.TemporaryDirectory(prefix="edgewright-") as name:
        folder = Path(name)
        (folder / INPUT).write_bytes(stdin)
        (folder / OUTPUT).touch()
        (folder / ERRORS).touch()
        (folder / ARGUMENTS).write_bytes(_texts([program.elf.stem, *arguments], "arguments"))
        pairs = [f"{key}={value}" for key, value in (environment or {}).items()]
        (folder / ENVIRONMENT).write_bytes(_texts(pairs, "environment"))
        counter = () if count is None else counter_options(program, count, folder)
        status, log = _emulate([*emulator_command(program), *options, *counter], folder, program, timeout_seconds)
        return Execution(
            ending=_ending(program, status, log, folder),
            exit_status=status,
            stdout=(folder / OUTPUT).read_bytes(),
            stderr=(folder / ERRORS).read_bytes(),
            counted=None if count is None else read_counts(folder, count.marks),
        )


def emulator_command(program: Program) -> tuple[str, ...]:
    """Return the command that runs a program, whose serial port is the command's standard input and output."""
    return program.core.emulator.words(str(program.elf.resolve()))


def counter_options(program: Program, count: Count, folder: Path) -> tuple[str, ...]:
    """Return the options that make an emulator that runs in a folder count; `read_counts` finds there what it counted.

    Raises:
        ToolError: there is no compiler for the plugin that counts, or it failed.
        EmulatorError: the program has no such mark.
    """
    write_marks(folder, program.image, count.marks)
    library = str(counter_library(program.core.emulator, count.cache)).replace(",", ",,")
    return ("-plugin", f"{library},marks={MARKS},counts={COUNTS}")


def _texts(texts: Sequence[str], what: str) -> bytes:
    content = b"".join(text.encode() + b"\0" for text in texts)
    if len(texts) > TEXT_COUNT or len(content) > TEXT_BYTES:
        raise EmulatorError(
            f"The {what} of a program are {len(texts)} texts of {len(content)} bytes; a core takes {TEXT_COUNT} of "
            f"{TEXT_BYTES} bytes in all. Give longer data by standard input."
        )
    return content


def _emulate(command: Sequence[str], folder: Path, program: Program, timeout_seconds: float) -> tuple[int, str]:
    try:
        # Both append to one file, what is printed and what is sent to the serial port, so that the order stays.
        with (folder / INPUT).open("rb") as stdin, (folder / OUTPUT).open("ab") as stdout:
            done = subprocess.run(
                command,
                cwd=folder,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
                timeout=timeout_seconds,
            )
    except subprocess.TimeoutExpired:
        raise EmulatorError(
            f"{_what(program)} did not end within {timeout_seconds:g} s and was stopped.{_printed(folder)} "
            f"Give it more time, or look for what it waits for."
        ) from None
    return done.returncode, done.stderr


def _ending(program: Program, status: int, log: str, folder: Path) -> Ending:
    fault = re.search(r"^edgewright: fault (0x[0-9a-f]+) (0x[0-9a-f]+) (.*)$", log, re.MULTILINE)
    if fault is not None:
        place = _place(program.image, int(fault[1], 16))
        raise EmulatorError(f"{_what(program)} crashed: {fault[3]} at {place}, status {fault[2]}.{_printed(folder)}")
    if re.search(r"^edgewright: exit$", log, re.MULTILINE):
        return Ending.EXIT
    if status == 0:
        return Ending.RESET
    first = next((line for line in log.splitlines() if line.strip()), f"status {status}, without a word")
    raise EmulatorError(f"{_what(program)} did not come to its end, the emulator gave up: {first}.{_printed(folder)}")


def _what(program: Program) -> str:
    return f"{program.elf.name} on {program.core.name}"


def _place(image: Image, address: int) -> str:
    function = image.function_at(address)
    return f"{address:#010x}" + (f" in {function}" if function else ", which is no code of the program")


def _printed(folder: Path) -> str:
    text = (folder / OUTPUT).read_bytes()[-SHOWN_CHARACTERS:].decode(errors="replace").strip()
    return f' The last that it printed: "{text}".' if text else " It printed nothing."
