"""What the families' own tools say to emitted manifests and configuration.

They come from PyPI and live in an environment of their own: west needs docopt, which has no wheel, as the development
lock wants of all that it holds, and the component manager brings two dozen packages.
kconfcheck has nothing to check, since no family emits a Kconfig file; what is emitted are the settings, and the parser
that ESP-IDF reads them with is in the same package.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.applications import STUBS
from support.environment import make_environment

from edgewright.pipeline.target import load_family, load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel

PACKAGES = ("esp-idf-kconfig==3.14.0", "idf-component-manager==3.1.2", "west==1.5.0")
KCONFIG = STUBS / "kconfig"
READER = Path(__file__).parent / "kconfig_values.py"
NASTY_NAME = 'a "b" \\ ${HOME} */ ??/ \n größer: class; # [x](y) <z> \0'
WEST = """
import sys
from west.manifest import ImportFlag, Manifest
manifest = Manifest.from_data(open(sys.argv[1], encoding="utf-8").read(), import_flags=ImportFlag.IGNORE)
for project in manifest.get_projects(["zephyr", "tflite-micro"]):
    print(project.name, project.url, project.revision, project.path)
"""

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python that has the tools."""
    return make_environment(tmp_path_factory.mktemp("tools") / "venv", *PACKAGES)


def call(*command: Path | str) -> subprocess.CompletedProcess[str]:
    """Run a tool."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [None, NASTY_NAME])
def test_component_manager_accepts_the_manifests(
    name: str | None, python: Path, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """The component manager's validator has nothing to say to either manifest, and something to a broken one."""
    tree = unpack(emit(replace(tiny, name=name or tiny.name), "esp_idf"))
    lint = (python.with_name("compote"), "manifest", "lint", tree)
    finished = call(*lint)
    assert (0, "", "") == (finished.returncode, finished.stdout, finished.stderr)
    manifest = tree / "main" / "idf_component.yml"
    manifest.write_text(manifest.read_text().replace("^1.4.0", "newest"))
    assert 0 != call(*lint).returncode


def read_settings(python: Path, kconfig: str, path: Path) -> tuple[str, list[str], dict[str, str]]:
    """Return what Espressif's parser of Kconfig finds in a configuration: complaints, unknown settings, and values."""
    finished = call(python, READER, KCONFIG / f"{kconfig}.Kconfig", path)
    assert 0 == finished.returncode
    found: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return finished.stderr, found["missing"], found["values"]


def written(path: Path) -> dict[str, str]:
    """Return the settings that a configuration writes."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("CONFIG_")]
    return {key.removeprefix("CONFIG_"): value.strip('"') for key, value in (line.split("=", 1) for line in lines)}


@pytest.mark.parametrize("board", [name for name in target_names() if "esp_idf" in load_target(name).families])
def test_sdkconfig_is_taken_as_written(
    board: str, python: Path, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """Every setting exists, has the right type and is in force in the end; choices are chosen once."""
    path = unpack(emit(tiny, "esp_idf", target=load_target(board))) / "sdkconfig.defaults"
    assert ("", [], written(path)) == read_settings(python, "esp_idf", path)


def test_prj_conf_is_taken_as_written(python: Path, tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """Every setting of Zephyr's configuration exists, has the right type and what it depends on."""
    path = unpack(emit(replace(tiny, name=NASTY_NAME), "zephyr")) / "prj.conf"
    assert ("", [], written(path)) == read_settings(python, "zephyr", path)


def test_wrong_settings_are_found(python: Path, tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """The reading notices a wrong type, a setting that does not exist, and a string without quotes."""
    path = unpack(emit(tiny, "esp_idf")) / "sdkconfig.defaults"
    path.write_text("CONFIG_ESP_MAIN_TASK_STACK_SIZE=large\nCONFIG_NO_SUCH_SETTING=y\nCONFIG_IDF_TARGET=esp32\n")
    complaints, missing, values = read_settings(python, "esp_idf", path)
    assert "'large' is invalid for ESP_MAIN_TASK_STACK_SIZE" in complaints
    assert "malformed string literal in assignment to IDF_TARGET" in complaints
    assert (["NO_SUCH_SETTING"], "") == (missing, values["IDF_TARGET"])


@pytest.mark.parametrize("name", [None, NASTY_NAME])
def test_west_reads_the_manifest(
    name: str | None, python: Path, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """West's own parser accepts west.yml, and finds Zephyr and the revision of TFLM that the family's facts name."""
    family = load_family("zephyr")
    path = unpack(emit(replace(tiny, name=name or tiny.name), "zephyr")) / "west.yml"
    finished = call(python, "-c", WEST, path)
    assert (0, "") == (finished.returncode, finished.stderr)
    place = "https://github.com/zephyrproject-rtos"
    assert [
        f"zephyr {place}/zephyr v4.2.0 zephyr",
        f"{family.tflm_source} {place}/tflite-micro {family.tflm_version} optional/modules/lib/tflite-micro",
    ] == finished.stdout.splitlines()
