"""The zoo: ten small models, saved by Keras 2 and by Keras 3 in a process of its own each, once for all tests."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import zoo

LARGE = {"keras2": ("mobilenet",), "keras3": ("mobilenet",), "savedmodel": ("lstm", "mobilenet")}
"""Made apart, since they take as long as all others."""


@pytest.fixture(scope="session")
def zoo_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the folder with a model saved as "keras2", "keras3" or "savedmodel"; it is made when first asked for."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def obtain(kind: str, model: str) -> Path:
        is_large = model in LARGE[kind]
        names = [name for name in zoo.BUILDERS if (name in LARGE[kind]) == is_large]
        folder = shared / f"{kind}-{'large' if is_large else 'small'}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                folder.mkdir(exist_ok=True)
                command = [sys.executable, zoo.__file__, kind, str(folder), *names]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert 0 == done.returncode, done.stderr[-2000:]
                (folder / "done").touch()
        return folder

    return obtain
