"""Building an emitted firmware by the Makefile that came with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from edgewright.pipeline.emission.machine import ELF
from edgewright.pipeline.errors import CompilerError, OutputError, ToolError
from edgewright.pipeline.machine import Machine
from edgewright.runtime_bench.cores import Program
from edgewright.runtime_bench.cores.elf import read_image

MAKE = "make"
MAKE_INSTALL = "install it (Debian: apt install make)"
TIMEOUT_SECONDS = 900.0
SHOWN_LINES = 5
MAP = "build/firmware.map"


def make_firmware(machine: Machine, folder: Path, *assignments: str) -> Program:
    """Build a firmware.

    Args:
        machine: what it is for.
        folder: the emitted tree.
        assignments: to variables of its Makefile.

    Raises:
        OutputError: there is no firmware.
        ToolError: make or the compiler is missing.
        CompilerError: the compiler refused a source, or the program does not fit the machine's memory.
    """
    if not (folder / "Makefile").is_file():
        raise OutputError(f"{folder} holds no firmware; emit it first.")
    if shutil.which(MAKE) is None:
        raise ToolError(f"There is no {MAKE}: {MAKE_INSTALL}.")
    reason = machine.compiler.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    # What a make around this one gave its own Makefile is not for that of the firmware.
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES")}
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    command = [MAKE, "--no-print-directory", f"-j{jobs}", *assignments]
    try:
        done = subprocess.run(
            command, cwd=folder, env=kept, capture_output=True, text=True, errors="replace", check=False,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CompilerError(f"{MAKE} did not build {folder} within {TIMEOUT_SECONDS:.0f} s.") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise CompilerError(f"{MAKE} could not build {folder} for {machine.name}:\n" + "\n".join(lines[:SHOWN_LINES]))
    return Program(core=machine, elf=folder / ELF, image=read_image(folder / ELF))
