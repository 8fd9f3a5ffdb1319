"""What the packaging tests share: the clone and its configuration."""

from pathlib import Path
from typing import Any

import pytest

from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.tomlfile import read_toml

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def clone() -> Path:
    """The folder that holds pyproject.toml."""
    return CLONE


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return dict(read_toml(CLONE / "pyproject.toml", EdgewrightError))


@pytest.fixture(scope="session")
def package_folders(pyproject: dict[str, Any]) -> dict[str, str]:
    """Name of each mapped package and the folder of the clone that it is: `edgewright.pipeline` is `pipeline`."""
    return dict(pyproject["tool"]["setuptools"]["package-dir"])
