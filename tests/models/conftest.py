"""The zoo: ten small models, saved by Keras 2 and by Keras 3 in a process of its own each, once for all tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import zoo
from support.sharing import made_once

LARGE = {"keras2": ("mobilenet",), "keras3": ("mobilenet",), "savedmodel": ("lstm", "mobilenet")}
"""Made apart, since they take as long as all others."""


@pytest.fixture(scope="session")
def zoo_folder(shared: Path) -> Callable[[str, str], Path]:
    """Return the folder with a model saved as "keras2", "keras3" or "savedmodel"; it is made when first asked for."""

    def obtain(kind: str, model: str) -> Path:
        is_large = model in LARGE[kind]
        names = [name for name in zoo.BUILDERS if (name in LARGE[kind]) == is_large]

        def make(folder: Path) -> None:
            command = [sys.executable, zoo.__file__, kind, str(folder), *names]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert 0 == done.returncode, done.stderr[-2000:]

        return made_once(shared / f"{kind}-{'large' if is_large else 'small'}", make)

    return obtain
