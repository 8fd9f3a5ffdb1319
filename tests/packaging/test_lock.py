"""The two lock files: complete, hashed, free of addresses, and installable on every Python that is supported."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-dev.lock")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = ("manylinux1_x86_64", "manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in range(5, 32)))
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
NO_NETWORK = re.compile(
    r"dns error|failed to lookup|connection refused|timed out|network is unreachable", re.IGNORECASE
)


class Pin(NamedTuple):
    """One entry of a lock."""

    name: str
    version: str
    marker: Marker | None
    hash_count: int


def read_pins(lock: Path) -> list[Pin]:
    """Read a lock; a line that is neither an entry, a hash nor a comment fails."""
    pins: list[Pin] = []
    for line in lock.read_text().splitlines():
        if HASH.match(line):
            pins[-1] = pins[-1]._replace(hash_count=pins[-1].hash_count + 1)
        elif not line.lstrip().startswith("#"):
            requirement = Requirement(line.removesuffix(" \\"))
            (specifier,) = requirement.specifier
            assert "==" == specifier.operator, line
            pins.append(Pin(canonicalize_name(requirement.name), specifier.version, requirement.marker, 0))
    return pins


def pins_on(pins: list[Pin], python: str) -> dict[str, str]:
    """Return name and version of what is installed on Linux with one Python; two versions of a package fail."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    chosen: dict[str, str] = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate(environment):
            assert pin.name not in chosen, pin
            chosen[pin.name] = pin.version
    return chosen


def missing_or_wrong(requirements: list[str], pins: dict[str, str], python: str) -> list[str]:
    """Return the requirements that apply on one Python and that the pins do not satisfy."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    wrong = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            version = pins.get(canonicalize_name(requirement.name))
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                wrong.append(f"{requirement}: {version}")
    return wrong


def group(pyproject: dict[str, Any], name: str) -> list[str]:
    """Return the requirements of a dependency group, those of included groups too."""
    requirements: list[str] = []
    for entry in pyproject["dependency-groups"][name]:
        requirements += [entry] if isinstance(entry, str) else group(pyproject, entry["include-group"])
    return requirements


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_pinned_and_hashed(clone: Path, lock: str) -> None:
    """Each entry is one exact version with at least one SHA-256."""
    pins = read_pins(clone / lock)

    assert 50 < len(pins)
    assert [] == [pin for pin in pins if pin.hash_count == 0]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_no_address(clone: Path, lock: str) -> None:
    """A lock says what is installed, not from where, nor on whose machine it was made."""
    text = (clone / lock).read_text()

    assert "://" not in text
    assert "@" not in text
    assert "index-url" not in text
    assert "find-links" not in text
    assert not re.search(r"(^|[\s(])/\w", text)


@pytest.mark.parametrize("python", PYTHONS)
def test_dependencies_are_locked(clone: Path, pyproject: dict[str, Any], python: str) -> None:
    """What pyproject.toml asks for on one Python is in the lock, at a version that it accepts; so is the backend."""
    requirements = pyproject["project"]["dependencies"] + pyproject["build-system"]["requires"]
    pins = pins_on(read_pins(clone / "requirements.lock"), python)

    assert [] == missing_or_wrong(requirements, pins, python)


@pytest.mark.parametrize("python", PYTHONS)
def test_development_tools_are_locked(clone: Path, pyproject: dict[str, Any], python: str) -> None:
    """The development lock has the group `dev`, and all that the other lock has, at the same versions."""
    runtime = pins_on(read_pins(clone / "requirements.lock"), python)
    development = pins_on(read_pins(clone / "requirements-dev.lock"), python)

    assert [] == missing_or_wrong(group(pyproject, "dev"), development, python)
    assert runtime.items() <= development.items()


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("3.10", {"numpy": "1.26.4", "tflite-runtime": "2.14.0"}),
        ("3.11", {"numpy": "1.26.4", "tflite-runtime": "2.14.0"}),
        ("3.12", {"numpy": "2", "tflite-runtime": None}),
        ("3.13", {"numpy": "2", "tflite-runtime": None}),
    ],
)
def test_numpy_and_tflite_runtime_go_together(clone: Path, python: str, expected: dict[str, str | None]) -> None:
    """The lock has tflite-runtime, which breaks with numpy 2, together with numpy 1.26.4 or not at all."""
    pins = pins_on(read_pins(clone / "requirements.lock"), python)

    for name, version in expected.items():
        assert version == (pins[name].split(".")[0] if version == "2" else pins.get(name))


def run_or_skip(command: list[str], cwd: Path) -> str:
    """Run a package tool; skip where it finds no network."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0 and NO_NETWORK.search(done.stderr):
        pytest.skip("The package registry is not reached from here, so the locks cannot be resolved.")
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> list[str]:
    """The command that resolves; it is told of a Python, since looking for others takes longer than resolving."""
    path = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if path is None:
        pytest.skip("uv is not installed: make .venv/dev installs it.")
    return [path, "pip", "compile", "--quiet", "--no-header", "--python", sys.executable]


@pytest.mark.slow
@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("python", PYTHONS)
def test_lock_resolves(clone: Path, tmp_path: Path, uv: list[str], lock: str, python: str) -> None:
    """Resolving a lock for one Python yields the lock: nothing conflicts, and no dependency's dependency is missing."""
    options = ["--no-config", "--no-annotate", "--python-platform", "x86_64-manylinux_2_28", "--python-version", python]
    command = [*uv, *options, str(clone / lock)]
    (tmp_path / "resolved").write_text(run_or_skip(command, tmp_path))

    assert pins_on(read_pins(clone / lock), python) == pins_on(read_pins(tmp_path / "resolved"), python)


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_pip_finds_a_wheel_for_every_pin(clone: Path, tmp_path: Path, python: str) -> None:
    """Pip accepts each pin on one Python: it has a wheel there and allows that Python, of which uv reads only half."""
    pins = pins_on(read_pins(clone / "requirements-dev.lock"), python)
    (tmp_path / "pins").write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    where = ["--target", str(tmp_path / "unused"), "--only-binary", ":all:", "--python-version", python]
    for platform in PLATFORMS:
        where += ["--platform", platform]
    options = ["--quiet", "--dry-run", "--no-deps", "--ignore-installed", "--disable-pip-version-check"]

    run_or_skip([sys.executable, "-m", "pip", "install", *options, *where, "-r", str(tmp_path / "pins")], tmp_path)

    assert not (tmp_path / "unused").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("lock", "name"), [("requirements.lock", "build"), ("requirements-dev.lock", "dev")])
def test_lock_is_what_make_lock_writes(clone: Path, tmp_path: Path, uv: list[str], lock: str, name: str) -> None:
    """Locking again changes no version: whoever edits the dependencies in pyproject.toml runs `make lock`."""
    for file in (*LOCKS, "pyproject.toml"):
        shutil.copy(clone / file, tmp_path / file)
    options = ["--universal", "--python-version", "3.10", "--group", name, "-c", "requirements.lock", "-o", lock]
    run_or_skip([*uv, *options, "pyproject.toml"], tmp_path)

    def pinned(path: Path) -> list[tuple[str, str, str]]:
        return [(pin.name, pin.version, str(pin.marker)) for pin in read_pins(path)]

    assert pinned(clone / lock) == pinned(tmp_path / lock)
