"""A Python environment of its own for programs that only a test needs and that do not go with edgewright's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def make_environment(folder: Path, *requirements: str) -> Path:
    """Install packages into a new environment and return its Python; skip where they cannot be had."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"{', '.join(requirements)} cannot be installed here: {installed.stderr.strip().splitlines()[-1]}")
    return python
