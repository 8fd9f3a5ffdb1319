"""What all workers of a test run share: made by the first that asks for it, while the others wait."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

IS_MADE = "is_made"


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder below which a run's workers find what they share."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return a folder that is filled once in a run.

    Args:
        folder: its place below the shared folder; whoever changes files works on a copy.
        make: fills the empty folder that it is given; where it fails, the next one who asks tries again.
    """
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = folder.with_name(f"{folder.name}.{IS_MADE}")
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            mark.touch()
    return folder
