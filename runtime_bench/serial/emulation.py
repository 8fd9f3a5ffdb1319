"""A board in an emulator, with its serial port as the line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.errors import ToolError
from edgewright.runtime_bench.cores import Count, Counted, Program, emulator_command
from edgewright.runtime_bench.cores.counting import read_counts
from edgewright.runtime_bench.cores.execution import counter_options
from edgewright.runtime_bench.serial.transport import ProgramLine


@dataclass(kw_only=True)
class EmulatedBoard:
    """A board that runs in an emulator."""

    line: ProgramLine
    counted: Counted | None = None
    """Where counting was asked for, after the board has been stopped."""


@contextmanager
def emulated_board(program: Program, *, count: Count | None = None) -> Iterator[EmulatedBoard]:
    """Start a program on its core, and stop it afterwards.

    Args:
        program: built without anything around it but the core's own port layer; it takes bytes for ever.
        count: which instructions are counted; None does not count.

    Raises:
        ToolError: the emulator is not installed, or the compiler that counting takes.
        EmulatorError: the program has no such mark, or the emulator did not tell what it counted.
    """
    reason = program.core.emulator.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    with tempfile.TemporaryDirectory(prefix="edgewright-") as name:
        folder = Path(name)
        options = () if count is None else counter_options(program, count, folder)
        found = EmulatedBoard(line=ProgramLine([*emulator_command(program), *options], folder=folder))
        try:
            yield found
        finally:
            found.line.close()
        if count is not None:
            found.counted = read_counts(folder, count.marks)
