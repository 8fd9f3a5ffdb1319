"""What several folders of tests share: digits, a trained Keras 2 model, and one whole build by the real command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import edgewright
from support.digits import RECIPE, digits, train_cnn, write_npz


@dataclass(frozen=True, kw_only=True)
class Project:
    """A user's folder in which `edgewright build --target esp32 --recipe recipe.toml` has been run."""

    folder: Path
    printed: str
    """What the command wrote to standard output."""

    @property
    def out(self) -> Path:
        """The output folder; tests work on copies."""
        return self.folder / "build" / "esp32"

    @property
    def cache(self) -> Path:
        """The stage cache, which tests may add to."""
        return self.folder / "build" / "cache"


@pytest.fixture(scope="session")
def digits_npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits as an `.npz`."""
    return write_npz(tmp_path_factory.mktemp("digits") / "digits.npz", digits())


@pytest.fixture(scope="session")
def digits_h5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Keras 2 `.h5` that recognizes most digits."""
    return train_cnn(tmp_path_factory.mktemp("model") / "digits.h5")


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory, digits_npz: Path, digits_h5: Path) -> Callable[[str], Path]:
    """A function that makes a user's folder with model, data and a recipe of that text, and no build yet."""

    def make(recipe: str = RECIPE) -> Path:
        folder = tmp_path_factory.mktemp("project")
        shutil.copy(digits_npz, folder / "digits.npz")
        shutil.copy(digits_h5, folder / "digits.h5")
        (folder / "recipe.toml").write_text(recipe)
        return folder

    return make


@pytest.fixture(scope="session")
def project(new_project: Callable[[str], Path]) -> Project:
    """One cold build of the digits for the ESP32, on all cores."""
    folder = new_project(RECIPE)
    finished = edgewright("build", "--target", "esp32", "--recipe", "recipe.toml", cwd=folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    return Project(folder=folder, printed=finished.stdout)


@pytest.fixture(scope="session")
def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
