"""The wheel holds every package and every data file below `edgewright`, and nothing beside it."""

import email
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
PLANTED = (
    "firmware_templates/new_family/main/app.c.j2",
    "firmware_templates/new_family/.gitignore.j2",
    "firmware_templates/new_family/.config/deep.yml",
    "targets/new_board/target.toml",
    "examples/new_example/recipe.toml",
)
LITTER = ("pipeline/__pycache__/old.cpython-311.pyc", "targets/host/__pycache__/old.cpython-311.pyc")


class BuiltWheel(NamedTuple):
    """A wheel, the tree that it was built from, and what setuptools printed."""

    path: Path
    sources: Path
    output: str


def run_python(*arguments: str, cwd: Path, python: str = sys.executable) -> str:
    """Run Python outside of the clone's environment variables and return all that it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [python, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, clone: Path, package_folders: dict[str, str]) -> BuiltWheel:
    """The wheel of a copy of the sources, to which a family, a board and an example were added."""
    sources = tmp_path_factory.mktemp("sources")
    for folder in package_folders.values():
        shutil.copytree(clone / folder, sources / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy(clone / name, sources / name)
    for name in (*PLANTED, *LITTER):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text("planted")
    shutil.copy(clone / "targets" / "host" / "target.toml", sources / "targets" / "new_board" / "target.toml")
    folder = tmp_path_factory.mktemp("dist")
    output = run_python("-c", BUILD, str(folder), cwd=sources)
    return BuiltWheel(next(folder.glob("*.whl")), sources, output)


@pytest.fixture(scope="module")
def names(wheel: BuiltWheel) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel.path) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: BuiltWheel) -> Any:
    """The wheel's METADATA, parsed."""
    with zipfile.ZipFile(wheel.path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_every_package_is_listed(clone: Path, pyproject: dict[str, Any], package_folders: dict[str, str]) -> None:
    """Each folder with an `__init__.py` is a package in pyproject.toml, and no package there is without a folder."""
    found = {
        ".".join([package, *init.parent.relative_to(clone / folder).parts])
        for package, folder in package_folders.items()
        for init in (clone / folder).rglob("__init__.py")
    }

    assert sorted(found) == pyproject["tool"]["setuptools"]["packages"]


def test_wheel_holds_every_file_of_the_packages(
    wheel: BuiltWheel, names: set[str], package_folders: dict[str, str]
) -> None:
    """All files of the five folders are in the wheel, those of a new family, board or example too, but no bytecode."""
    expected = {
        "/".join(["edgewright", folder, *path.relative_to(wheel.sources / folder).parts])
        for folder in package_folders.values()
        for path in (wheel.sources / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert expected == {name for name in names if name.startswith("edgewright/")}
    assert {f"edgewright/{name}" for name in PLANTED} <= names


def test_wheel_installs_nothing_beside_edgewright(names: set[str]) -> None:
    """No package called `pipeline`, `targets` or `tests` lands in site-packages."""
    tops = {name.split("/")[0] for name in names}

    assert {"edgewright", "edgewright-0.1.0.dist-info"} == tops
    assert "edgewright/__init__.py" not in names


def test_wheel_declares_the_command_and_the_licence(wheel: BuiltWheel, metadata: Any) -> None:
    """The wheel has the command `edgewright`, the licence's name and its text."""
    with zipfile.ZipFile(wheel.path) as archive:
        entry_points = archive.read("edgewright-0.1.0.dist-info/entry_points.txt").decode()
        licence = archive.read("edgewright-0.1.0.dist-info/licenses/LICENSE").decode()

    assert "[console_scripts]\nedgewright = edgewright.runtime_bench.cli:main\n" == entry_points
    assert "Apache-2.0" == metadata["License-Expression"]
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_wheel_requires_what_the_project_declares(metadata: Any, pyproject: dict[str, Any]) -> None:
    """Every dependency of pyproject.toml is one of the wheel, and test tools are not."""
    declared = {line.split(";")[0].replace(" ", "") for line in pyproject["project"]["dependencies"]}
    required = {line.split(";")[0].replace(" ", "") for line in metadata.get_all("Requires-Dist")}

    assert {sorted_specifier(line) for line in declared} == {sorted_specifier(line) for line in required}


def sorted_specifier(requirement: str) -> str:
    """Return `name<3,>=2` with its parts in a fixed order."""
    return ",".join(sorted(requirement.replace("<", ",<").replace(">", ",>").split(",")))


def test_building_prints_no_warning_about_data(wheel: BuiltWheel) -> None:
    """Setuptools does not take data folders for packages that someone forgot to list."""
    assert "importable" not in wheel.output
    assert "absent from the" not in wheel.output
    assert "Deprecat" not in wheel.output


def test_building_leaves_the_pipelines_outputs_alone(wheel: BuiltWheel) -> None:
    """Setuptools stages a wheel in `build/wheel`, so that `build/` stays the pipeline's."""
    assert ["wheel"] == sorted(path.name for path in (wheel.sources / "build").iterdir())


@pytest.mark.slow
def test_installed_wheel_runs_outside_of_the_clone(wheel: BuiltWheel, tmp_path: Path) -> None:
    """A venv with the wheel and the dependencies, but without the clone, lists its own targets."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = str(home / "bin" / "python")
    site = Path(
        run_python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path, python=python).strip()
    )
    # A path file names the dependencies' folder; path files inside that folder, the clone's among them, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run_python(
        "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", str(wheel.path), cwd=tmp_path
    )

    listing = run_python(str(home / "bin" / "edgewright"), "targets", cwd=tmp_path, python=python)
    origin = run_python("-c", "import edgewright.targets as t; print(t.__file__)", cwd=tmp_path, python=python)
    beside = "import importlib.util as u; print([n for n in ('pipeline', 'targets', 'tests') if u.find_spec(n)])"

    assert "esp32" in listing
    assert "new_board" in listing
    assert str(site / "edgewright" / "targets" / "__init__.py") == origin.strip()
    assert "[]" == run_python("-c", beside, cwd=tmp_path, python=python).strip()
