"""What several folders of tests share: digits, a trained Keras 2 model, and one whole build by the real command."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from support.digits import RECIPE, digits, train_cnn, write_npz
from support.objects import OBJECTS
from support.project import Project, build_in
from support.sharing import made_once, shared_folder

from edgewright.pipeline.cache import Cache
from edgewright.runtime_bench.networks import obtain_network

REDUCED_NETWORK = "anomaly_detection"

# A busy machine is no reason to fail: what a test may take is pytest's time-out, not hypothesis' 200 ms an example.
settings.register_profile("edgewright", deadline=None)
settings.load_profile("edgewright")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites what tests generate."""
    parser.addoption(
        "--golden-update", action="store_true", help="rewrite tests/golden, docs/support.md, docs/operators.md"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first: at a run's end small ones are left, which keep all workers busy."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers of a run keep what they share."""
    return shared_folder(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def _objects(shared: Path) -> None:
    """Keep object files for all workers of a run."""
    OBJECTS.folder = shared / "objects"
    OBJECTS.folder.mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def digits_npz(shared: Path) -> Path:
    """The digits as an `.npz`."""
    return made_once(shared / "digits", lambda folder: write_npz(folder / "digits.npz", digits())) / "digits.npz"


@pytest.fixture(scope="session")
def digits_h5(shared: Path) -> Path:
    """A Keras 2 `.h5` that recognizes most digits."""
    return made_once(shared / "model", lambda folder: train_cnn(folder / "digits.h5")) / "digits.h5"


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
def project(shared: Path, new_project: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One cold build of the digits for the ESP32, on all cores; each worker has a copy of its own."""

    def make(folder: Path) -> None:
        built = build_in(new_project(RECIPE), "--recipe", "recipe.toml")
        shutil.copytree(built.folder, folder / "user", symlinks=True)
        figures = {"printed": built.printed, "seconds": built.seconds, "cpu_seconds": built.cpu_seconds}
        (folder / "figures.json").write_text(json.dumps(figures))

    made = made_once(shared / "project", make)
    folder = tmp_path_factory.mktemp("project") / "user"
    shutil.copytree(made / "user", folder, symlinks=True)
    return Project(folder=folder, **json.loads((made / "figures.json").read_text()))


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One cold build of the built-in example for the ESP32, as `make target=esp32` does it; takes minutes."""
    return build_in(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def network_cache(shared: Path) -> Cache:
    """Where MLPerf Tiny's networks are kept for all workers of a run; the one that every run takes is in it."""
    cache = Cache(root=shared / "networks")
    made_once(shared / "reduced_network", lambda _: obtain_network(REDUCED_NETWORK, cache))
    return cache


@pytest.fixture(scope="session")
def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
