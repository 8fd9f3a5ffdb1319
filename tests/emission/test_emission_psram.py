"""The arena in PSRAM: on boards that have it, by the family's attribute and settings, and nowhere else."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edgewright.pipeline.target import load_family, load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel, Placement, Runtime

HERE = Path(__file__).parent
HARNESS = "components/edgewright/edgewright_model.cc"
BOARDS = [name for name in target_names() if load_target(name).psram_bytes]

Emit = Callable[..., Mapping[str, bytes]]


def test_boards_with_psram_can_use_it() -> None:
    """Every board that has PSRAM has a family that places the arena there."""
    assert BOARDS
    for name in BOARDS:
        assert any(load_family(family).external_ram for family in load_target(name).families), name
    without = [name for name in target_names() if name not in BOARDS and load_target(name).psram_sdkconfig]
    assert [] == without


@pytest.mark.parametrize("board", BOARDS)
def test_harness_and_settings_change_and_nothing_else(board: str, tiny: EmissionModel, emit: Emit) -> None:
    """The placement changes the harness and ESP-IDF's configuration only, in which each setting stands once."""
    target = load_target(board)
    inside, outside = (emit(tiny, "esp_idf", target=target, placement=placement) for placement in Placement)
    assert {HARNESS, "sdkconfig.defaults"} == {name for name in inside if inside[name] != outside[name]}
    settings = re.findall(r"^(CONFIG_\w+)=", outside["sdkconfig.defaults"].decode(), re.MULTILINE)
    assert len(set(settings)) == len(settings)
    wanted = {"CONFIG_SPIRAM", "CONFIG_SPIRAM_ALLOW_BSS_SEG_EXTERNAL_MEMORY"}
    assert wanted <= set(settings)
    assert b"SPIRAM" not in inside["sdkconfig.defaults"]
    assert outside["sdkconfig.defaults"].startswith(inside["sdkconfig.defaults"])
    own = [line for line in target.psram_sdkconfig.splitlines() if line]
    assert [] == [line for line in own if line not in outside["sdkconfig.defaults"].decode().splitlines()]


def test_without_an_interpreter_the_arena_lies_there_too(tiny: EmissionModel, emit: Emit) -> None:
    """The model's C takes the family's header and attribute, and nothing else of the library changes."""
    inside, outside = (
        emit(tiny, "esp_idf", runtime=Runtime.STATIC, target=load_target(BOARDS[0]), placement=placement)
        for placement in Placement
    )
    model = HARNESS.replace(".cc", ".c")
    assert {model, "sdkconfig.defaults"} == {name for name in inside if inside[name] != outside[name]}
    assert b"EXT_RAM_BSS_ATTR static arena_memory arena;" in outside[model]
    assert b'#include "esp_attr.h"' in outside[model]


def test_the_arena_lies_in_its_section(tiny: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """Compiled against a stub of ESP-IDF's header, the emitted declaration puts the arena into PSRAM's section."""
    compiler, objdump = shutil.which("c++"), shutil.which("objdump")
    if compiler is None or objdump is None:
        pytest.skip("no C++ compiler: install one (Debian: apt install g++)")
    tree = emit(tiny, "esp_idf", target=load_target("esp32s3_n8r8"), placement=Placement.PSRAM)
    harness = tree[HARNESS].decode()
    (structure,) = re.findall(r"^struct alignas\(kAlignmentBytes\) Arena \{.*?^\};$", harness, re.MULTILINE | re.DOTALL)
    (declaration,) = re.findall(r"^.*\bArena arena;$", harness, re.MULTILINE)
    assert '#include "esp_attr.h"\n' in harness
    source = tmp_path / "arena.cc"
    source.write_text(
        '#include <stdint.h>\n#include "esp_attr.h"\n#define EDGEWRIGHT_ARENA_BYTES 4096u\n'
        f"constexpr uintptr_t kAlignmentBytes = 16;\n{structure}\n{declaration}\n"
    )
    flags = ("-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{HERE / 'stubs'}")
    subprocess.run([compiler, *flags, "-c", str(source), "-o", str(tmp_path / "arena.o")], check=True)
    listed = subprocess.run([objdump, "-t", str(tmp_path / "arena.o")], check=True, capture_output=True, text=True)
    (symbol,) = [line for line in listed.stdout.splitlines() if line.endswith(" arena")]
    assert (".ext_ram.bss", 4096) == (symbol.split()[-3], int(symbol.split()[-2], 16))


@pytest.mark.parametrize(("family", "board"), [("esp_idf", "esp32"), ("cmake", "host")])
def test_where_there_is_none_it_is_a_defect_to_ask(family: str, board: str, tiny: EmissionModel, emit: Emit) -> None:
    """A board without PSRAM, or a family that cannot use it, gets no firmware that asks for it."""
    with pytest.raises(ValueError, match="cannot lie in PSRAM"):
        emit(tiny, family, target=load_target(board), placement=Placement.PSRAM)
