"""What the families' own tools read: manifests, configuration and CMake parse, and say what the facts say."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.applications import STUBS, configure
from support.families import FIRMWARE_FAMILIES

from edgewright.pipeline.emission.templates import library_sources
from edgewright.pipeline.target import family_names, load_family, load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel

Emit = Callable[..., Mapping[str, bytes]]
MANIFESTS = ("main/idf_component.yml", "components/edgewright/idf_component.yml")
ESP_BOARDS = [name for name in target_names() if "esp_idf" in load_target(name).families]
CLOCKS_MHZ = {
    "esp32": (80, 160, 240), "esp32s3": (80, 160, 240), "esp32c3": (80, 160), "esp32c6": (80, 120, 160),
    "esp32p4": (360, 400),
}  # fmt: skip
"""What ESP-IDF's `Kconfig.cpu` of each chip offers, by the chip's name there."""

NASTY_NAME = 'a "b" \\ ${HOME} */ ??/ \n größer: class; # [x](y) <z> \0'


@pytest.mark.parametrize("path", MANIFESTS)
def test_manifests_name_the_component(path: str, tiny: EmissionModel, emit: Emit) -> None:
    """Each manifest asks for ESP-IDF 5.1 and the version of TFLM that the family's facts name."""
    family = load_family("esp_idf")
    manifest = yaml.safe_load(emit(tiny, "esp_idf")[path])
    assert {"idf": ">=5.1", family.tflm_source: family.tflm_version} == manifest["dependencies"]
    assert ("espressif/esp-tflite-micro", "^1.4.0") == (family.tflm_source, family.tflm_version)
    assert tiny.name in manifest["description"]


def settings_of(tree: Mapping[str, bytes]) -> dict[str, str]:
    """Return the settings of `sdkconfig.defaults`, each of which is there once."""
    lines = tree["sdkconfig.defaults"].decode().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    assert len(pairs) == len({key for key, _ in pairs})
    return dict(pairs)


def test_sdkconfig_follows_the_target(tiny: EmissionModel, emit: Emit) -> None:
    """Chip, clock, flash size and partition table are those of the target, and its own lines come last."""
    own = "\n# Because.\nCONFIG_MINE=y\n"
    changed = {"flash_bytes": 16 << 20, "boards": {"esp_idf": "esp32s3"}, "sdkconfig": own}
    target = load_target("esp32").model_copy(update=changed)
    tree = emit(tiny, "esp_idf", target=target)
    assert {
        "CONFIG_IDF_TARGET": '"esp32s3"',
        "CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240": "y",
        "CONFIG_COMPILER_OPTIMIZATION_PERF": "y",
        "CONFIG_ESPTOOLPY_FLASHSIZE_16MB": "y",
        "CONFIG_PARTITION_TABLE_CUSTOM": "y",
        "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME": '"partitions.csv"',
        "CONFIG_ESP_MAIN_TASK_STACK_SIZE": "8192",
        "CONFIG_ESP_TASK_WDT_TIMEOUT_S": "30",
        "CONFIG_NEWLIB_STDIN_LINE_ENDING_LF": "y",
        "CONFIG_NEWLIB_STDOUT_LINE_ENDING_LF": "y",
        "CONFIG_MINE": "y",
    } == settings_of(tree)
    assert tree["sdkconfig.defaults"].decode().endswith("STDOUT_LINE_ENDING_LF=y\n" + own)


@pytest.mark.parametrize("board", ESP_BOARDS)
def test_boards_differ_in_their_facts_alone(board: str, tiny: EmissionModel, emit: Emit) -> None:
    """A board changes configuration, partitions and title and nothing else, and asks ESP-IDF for what it offers."""
    target, golden = load_target(board), emit(tiny, "esp_idf")
    tree = emit(tiny, "esp_idf", target=target)
    assert sorted(golden) == sorted(tree)
    changed = {name for name, content in tree.items() if content != golden[name]}
    assert set() == changed - {"README.md", "sdkconfig.defaults", "partitions.csv"}
    found = settings_of(tree)
    assert f'"{target.boards["esp_idf"]}"' == found["CONFIG_IDF_TARGET"]
    assert target.clock_hz in [mhz * 1_000_000 for mhz in CLOCKS_MHZ[target.boards["esp_idf"]]]
    assert target.flash_bytes in [mib << 20 for mib in (2, 4, 8, 16)]
    assert ("CONFIG_NN_ANSI_C" in found) == (target.boards["esp_idf"] in ("esp32p4", "esp32s3"))
    assert target.title in tree["README.md"].decode()


@pytest.mark.parametrize("board", ESP_BOARDS)
def test_partitions_fill_the_flash(board: str, tiny: EmissionModel, emit: Emit) -> None:
    """The application's partition ends where the flash ends; offsets are left to ESP-IDF."""
    target = load_target(board)
    lines = emit(tiny, "esp_idf", target=target)["partitions.csv"].decode().splitlines()
    rows = [[cell.strip() for cell in line.split(",")] for line in lines if line and not line.startswith("#")]
    assert [["nvs", "data", "nvs", "", "0x6000", ""], ["phy_init", "data", "phy", "", "0x1000", ""]] == rows[:2]
    assert ["factory", "app", "factory", ""] == rows[2][:4]
    assert target.flash_bytes == 0x10000 + int(rows[2][4], 16)


def test_target_without_flash_size(tiny: EmissionModel, emit: Emit) -> None:
    """Without a flash size and a clock in the facts, ESP-IDF's own defaults stay."""
    target = load_target("esp32").model_copy(update={"flash_bytes": None, "clock_hz": None})
    tree = emit(tiny, "esp_idf", target=target)
    assert b"FLASHSIZE" not in tree["sdkconfig.defaults"]
    assert b"CPU_FREQ" not in tree["sdkconfig.defaults"]
    assert b"factory, 1M" not in tree["partitions.csv"]
    assert b", 1M," in tree["partitions.csv"]


@pytest.mark.parametrize("family", FIRMWARE_FAMILIES)
def test_build_file_lists_every_source(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """Build files name exactly the library's sources that were emitted; Arduino has none and takes all of src/."""
    facts = load_family(family)
    tree = emit(tiny, family)
    folder = facts.library_folder + "/"
    emitted = sorted(
        name.removeprefix(folder) for name in tree if name.startswith(folder) and name.endswith((".c", ".cc", ".cpp"))
    )
    assert tuple(emitted) == library_sources(facts)
    build_files = "".join(content.decode() for name, content in tree.items() if name.endswith("CMakeLists.txt"))
    named = sorted(set(re.findall(r"edgewright_\w+\.cc?", build_files)))
    assert ([] if "library.properties" in tree else emitted) == named


@pytest.mark.parametrize("family", family_names())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), label=st.text())
def test_any_name_comes_through(family: str, tiny: EmissionModel, emit: Emit, name: str, label: str) -> None:
    """Whatever the model, its layers and its labels are called, manifests parse and no comment is torn open."""
    layers = (name, *tiny.layer_names[1:])
    tree = emit(replace(tiny, name=name, labels=(label, name), layer_names=layers), family)
    for path in MANIFESTS:
        if path in tree:
            assert name in yaml.safe_load(tree[path])["description"]
    if "west.yml" in tree:
        assert ["manifest"] == list(yaml.safe_load(tree["west.yml"]))
    for path, content in tree.items():
        if path.endswith((".c", ".h", ".cc", ".cpp", ".ino")):
            code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/", "", content.decode(), flags=re.DOTALL))
            assert (path, True) == (path, code.isascii() and "*/" not in code and "??" not in code)


CONFIGURATION = ("sdkconfig.defaults", "partitions.csv", "prj.conf", "west.yml", "main/CMakeLists.txt")
"""Files in which a name may stand in comments alone."""


def without_comments(content: bytes) -> list[str]:
    """Return the lines of a file as its reader sees them; only LF and CR end a line there."""
    return [line for line in re.split(r"\r\n|\r|\n", content.decode()) if not line.startswith("#")]


@pytest.mark.parametrize("family", family_names())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), title=st.text())
def test_any_name_stays_in_comments(family: str, tiny: EmissionModel, emit: Emit, name: str, title: str) -> None:
    """Configuration, partitions and manifests say the same whatever model and board are called."""
    target = load_target(next(board for board in target_names() if family in load_target(board).families))
    plain, tree = (
        emit(model, family, target=board)
        for model, board in (
            (tiny, target), (replace(tiny, name=name), target.model_copy(update={"title": title}))
        )
    )  # fmt: skip
    for path in CONFIGURATION:
        assert (path in tree) == (path in plain)
        if path in tree:
            assert without_comments(plain[path]) == without_comments(tree[path])


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), labels=st.lists(st.text(), min_size=1, max_size=5), tensor=st.text())
@example(name=NASTY_NAME, labels=["class", "", NASTY_NAME, "??/", "\\", "1\0002"], tensor="%s */ ??=")
def test_compiler_reads_any_label(
    *,
    tiny: EmissionModel,
    emit: Emit,
    unpack: Callable[[Mapping[str, bytes]], Path],
    cc: Callable[..., Path],
    name: str,
    labels: list[str],
    tensor: str,
) -> None:
    """The C compiler finds in the emitted sources the very labels and names, as UTF-8 up to a NUL."""
    main = tiny.graph.main
    named = replace(main, tensors=(replace(main.tensors[0], name=tensor), *main.tensors[1:]))
    graph = replace(tiny.graph, subgraphs=(named,))
    tree = unpack(emit(replace(tiny, graph=graph, name=name, labels=tuple(labels)), "cmake"))
    program = cc([tree / "edgewright" / "edgewright_metadata.c", Path(__file__).parent / "names_main.c"])
    found = subprocess.run([program], capture_output=True, check=True).stdout.split(b"\0")
    expected = [text.encode(errors="replace").split(b"\0")[0] for text in (name, tensor, *labels)]
    assert [*expected, b""] == found


def test_nasty_names_compile(
    tiny: EmissionModel, emit: Emit, unpack: Callable[[Mapping[str, bytes]], Path], cc: Callable[..., Path]
) -> None:
    """With a name and labels that attack every language, the C compiles and the self-test still passes."""
    model = replace(tiny, name=NASTY_NAME, labels=(NASTY_NAME, "class", ""), layer_names=(NASTY_NAME,) * 4)
    tree = unpack(emit(model, "cmake"))
    shutil.copy(Path(__file__).parent / "fake_model.c", tree / "edgewright")
    program = cc([*(tree / "edgewright").glob("*.c"), tree / "selftest_main.c"])
    output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert "SELF-TEST PASS 3/3 max_diff=0" == output.splitlines()[-1]


@pytest.mark.parametrize("family", ["esp_idf", "pico_sdk", "zephyr"])
def test_cmake_reads_nasty_names(
    family: str, tiny: EmissionModel, emit: Emit, unpack: Callable[[Mapping[str, bytes]], Path]
) -> None:
    """CMake reads the other families' projects, whatever model and folder are called, over stubs of their tools."""
    tree = unpack(emit(replace(tiny, name=NASTY_NAME), family))
    folders = {
        "IDF_PATH": "esp_idf",
        "ZEPHYR_BASE": "zephyr",
        "PICO_SDK_PATH": "pico_sdk",
        "PICO_TFLMICRO_PATH": "pico_tflmicro",
    }
    tree = tree.rename(tree.with_name("größer 'boards' (2)"))
    finished = configure(tree, **{name: str(STUBS / folder) for name, folder in folders.items()})
    assert (0, "") == (finished.returncode, finished.stderr)


def test_cmake_reads_its_project(
    tiny: EmissionModel, emit: Emit, unpack: Callable[[Mapping[str, bytes]], Path]
) -> None:
    """CMake reads the project, nasty name included, and stops with a sentence where TFLM is not named."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake: install it (Debian: apt install cmake)")
    tree = unpack(emit(replace(tiny, name=NASTY_NAME), "cmake"))
    command = [cmake, "-S", str(tree), "-B", str(tree / "build")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode != 0
    assert "Give -DTFLM_INCLUDE=<include directories> and -DTFLM_LIB=<library>" in finished.stderr
    finished = subprocess.run(
        [*command, "-DTFLM_INCLUDE=/nowhere", "-DTFLM_LIB=/nowhere/lib.a"], capture_output=True, text=True, check=False
    )
    assert (0, "") == (finished.returncode, finished.stderr)
