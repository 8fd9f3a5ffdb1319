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

LARGE = ("mobilenet",)
"""Built apart, since it takes as long as all others."""


@pytest.fixture(scope="session")
def zoo_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the folder that holds a model of one Keras ("keras2", "keras3"); it is made when first asked for."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def obtain(keras: str, model: str) -> Path:
        names = LARGE if model in LARGE else tuple(name for name in zoo.BUILDERS if name not in LARGE)
        folder = shared / f"{keras}-{'large' if model in LARGE else 'small'}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                folder.mkdir(exist_ok=True)
                command = [sys.executable, zoo.__file__, keras, str(folder), *names]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert 0 == done.returncode, done.stderr[-2000:]
                (folder / "done").touch()
        return folder

    return obtain
