"""Programs that are installed beside the project, and the sentence that tells how to get one that is missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache


def unavailable_reason(command: str, packages: Sequence[str]) -> str | None:
    """Say why a program cannot be used, or None where it can.

    Args:
        command: its name.
        packages: Debian's packages that bring it.
    """
    if shutil.which(command) is not None:
        return None
    return f"There is no {command}: {how_to_install(packages)}"


def how_to_install(packages: Sequence[str]) -> str:
    """Return the end of a sentence about a program that is missing."""
    return f"install it with `make toolchains` (Debian: apt install {' '.join(packages)})."


def finds_headers(command: str, flags: tuple[str, ...]) -> bool:
    """Say whether a compiler finds a C library: Debian packs the two apart."""
    path = shutil.which(command)
    return path is not None and _finds_headers(path, flags)


@cache
def _finds_headers(path: str, flags: tuple[str, ...]) -> bool:
    command = [path, *flags, "-E", "-x", "c", "-"]
    done = subprocess.run(command, input=b"#include <stdio.h>\n", capture_output=True, check=False)
    return done.returncode == 0
