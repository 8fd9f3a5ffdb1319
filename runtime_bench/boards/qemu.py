"""Firmware in an emulated core, its UART as the line: instructions are counted, and no time is told."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import EmulatorError, TargetError
from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.boards.engine import Advance
from edgewright.runtime_bench.boards.session import run_session
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask, Place
from edgewright.runtime_bench.cores import Core, Count, Counted, Program, counter_unavailable_reason, load_core
from edgewright.runtime_bench.cores.elf import read_image
from edgewright.runtime_bench.serial import Patience, emulated_board, open_board

ANSWER_SECONDS = 30.0
"""An emulated core is slower than a board, and its computer may be busy."""
_RUN, _CLOCK = "_invoke", "_port_ticks"


@dataclass(frozen=True, kw_only=True)
class QemuEngine:
    """Reaches a core that QEMU emulates."""

    name: str = "qemu"
    title: str = "an emulated core"

    def unavailable_reason(self, place: Place) -> str | None:
        """Say why no program can be run: QEMU is missing, or nobody gave a program and its core."""
        if place.elf is None or place.core is None:
            return "no firmware was named: give --elf firmware.elf --core cortex-m4 (make: elf= core=)."
        try:
            return load_core(place.core).emulator.unavailable_reason()
        except TargetError as error:
            return str(error)

    def row_id(self, place: Place) -> str:
        """Return name and core: `qemu/cortex-m4`."""
        return f"{self.name}/{place.core}" if place.core else self.name

    def run(self, task: BoardTask, inputs: tuple[Array, ...], advance: Advance) -> tuple[BoardReply, tuple[Array, ...]]:
        """Run every sample on the emulated core.

        Raises:
            ToolError: QEMU is missing.
            TargetError: there is no such core.
            CompilerError: the file is no program for a 32-bit core.
            EmulatorError: the emulator did not tell what it counted.
            BoardError: the program does not answer, stopped answering, or runs another model.
        """
        core, elf = load_core(task.place.core or ""), task.place.elf or Path()
        program = Program(core=core, elf=elf, image=read_image(elf))
        marks, note = _choose_marks(program.image.addresses)
        count = Count(cache=Cache(root=task.place.cache), marks=marks) if marks else None
        patience = Patience(
            first_seconds=task.timeout_seconds, answer_seconds=ANSWER_SECONDS, run_seconds=task.timeout_seconds
        )
        with emulated_board(program, count=count) as emulated, open_board(emulated.line, patience=patience) as board:
            found = run_session(board, task, inputs, advance)
        instructions = _of_session(emulated.counted, marks, len(inputs[0]))
        described = found.describe().model_copy(
            update={
                "engine_version": _version(core),
                "flash_bytes": program.sizes.flash_bytes,
                "ram_bytes": program.sizes.ram_bytes,
                "instructions": instructions,
                "note": note,
            }
        )
        return described, found.result.outputs


ENGINE = QemuEngine()


def _choose_marks(addresses: Mapping[str, int]) -> tuple[tuple[str, ...], str | None]:
    """Return the functions between which the protocol runs the model, or nothing and why instructions are not counted.

    The library's names begin with whatever it was emitted with (`--prefix`).
    """
    reason = counter_unavailable_reason()
    if reason is not None:
        return (), f"instructions are not counted: {reason}"
    prefixes = [name.removesuffix(_CLOCK) for name in addresses if name.endswith(_CLOCK)]
    found = [prefix for prefix in prefixes if f"{prefix}{_RUN}" in addresses]
    if len(found) != 1:
        return (), (
            "instructions are not counted: the program needs the symbols edgewright_invoke and edgewright_port_ticks, "
            "once each, so link it without -s and without link-time optimization"
        )
    return (f"{found[0]}{_RUN}", f"{found[0]}{_CLOCK}"), None


def _of_session(counted: Counted | None, marks: tuple[str, ...], run_count: int) -> tuple[int, ...]:
    """Return what each run of the session took; the self-test's runs before it are left out."""
    if counted is None:
        return ()
    runs = counted.between(*marks)
    if len(runs) < run_count:
        raise EmulatorError(
            f"{run_count} runs were asked for, and {len(runs)} came past {marks[0]}: the compiler must keep it out of "
            "line (noinline)."
        )
    return runs[-run_count:]


def _version(core: Core) -> str:
    path = shutil.which(core.emulator.command) or core.emulator.command
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"version (\d+(?:\.\d+)*)", done.stdout)
    return match[1] if match else ""
