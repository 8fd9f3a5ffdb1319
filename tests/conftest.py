"""What several folders of tests share: digits, a trained Keras 2 model, and one whole build by the real command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from support.digits import RECIPE, digits, train_cnn, write_npz
from support.project import Project, build_in

from edgewright.pipeline.cache import Cache

# A busy machine is no reason to fail: what a test may take is pytest's time-out, not hypothesis' 200 ms an example.
settings.register_profile("edgewright", deadline=None)
settings.load_profile("edgewright")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites what tests generate."""
    parser.addoption(
        "--golden-update", action="store_true", help="rewrite tests/golden, docs/support.md, docs/operators.md"
    )


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
    return build_in(new_project(RECIPE), "--recipe", "recipe.toml")


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One cold build of the built-in example for the ESP32, as `make target=esp32` does it; takes minutes."""
    return build_in(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def network_cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Where MLPerf Tiny's networks are kept, for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    return Cache(root=(base.parent if is_worker else base) / "networks")


@pytest.fixture(scope="session")
def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
