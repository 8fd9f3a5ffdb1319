"""A firmware family's own tool: it builds and flashes what was emitted, and shows what the board prints."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from enum import Enum
from pathlib import Path

from rich.console import Console

from edgewright.pipeline.errors import OutputError, ToolError
from edgewright.pipeline.machine import flash_command, next_commands
from edgewright.pipeline.target import Family, Need, choose_family, fill_command, load_target


class Purpose(str, Enum):
    """What the tool is called for."""

    FLASH = "flash"
    MONITOR = "monitor"


def run_tool(
    purpose: Purpose, *, target_name: str, family_name: str | None, out: Path, port: str | None, console: Console
) -> None:
    """Run the command of a target's family in the folder of the emitted firmware.

    Args:
        purpose: which command.
        target_name: the board.
        family_name: one of its families; None for the default one.
        out: the output folder.
        port: of the board, where the command asks for one.
        console: is told what runs where.

    Raises:
        TargetError: there is no such target or family.
        OutputError: nothing was emitted there.
        ToolError: a program or the port is missing, or the command failed.
    """
    target = load_target(target_name)
    family = choose_family(target, family_name)
    command = flash_command(target, family) if purpose is Purpose.FLASH else family.monitor_command
    need = family.flash_need if purpose is Purpose.FLASH else family.monitor_need
    firmware = out / family.folder
    if not firmware.is_dir():
        raise OutputError(f"{firmware} does not exist; run edgewright build --target {target.name} first.")
    if not command:
        instead = shlex.join(next_commands(target, family)[-1])
        raise ToolError(f"There is nothing to flash on {target.title}; run {instead} in {firmware}.")
    _require(command[0], family, need)
    if port is None and any("{port}" in part for part in command):
        raise ToolError("port: is missing; give --port /dev/ttyUSB0 (make: port=/dev/ttyUSB0).")
    words = fill_command(command, target, family, port or "")
    console.print(f"{firmware}$ {shlex.join(words)}", soft_wrap=True, markup=False, highlight=False)
    finished = subprocess.run(words, cwd=firmware, check=False)
    if finished.returncode != 0:
        raise ToolError(f"{words[0]} ended with status {finished.returncode}; its own messages above say why.")


def _require(program: str, family: Family, need: Need | None) -> None:
    if shutil.which(program) is None:
        install = need.install if need is not None and need.program == program else family.tool_install
        raise ToolError(f"{program} is missing; {install}")
    if need is None:
        return
    if shutil.which(need.program) is None:
        raise ToolError(f"{need.program} is missing; {need.install}")
    if need.module:
        found = subprocess.run([need.program, "-c", f"import {need.module}"], capture_output=True, check=False)
        if found.returncode != 0:
            raise ToolError(f"{need.program} has no module {need.module}; {need.install}")
