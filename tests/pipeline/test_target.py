"""Targets and families: every one that ships is sound, and a broken file says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.target import (
    choose_family,
    family_names,
    fill_command,
    load_family,
    load_target,
    target_names,
)
from edgewright.pipeline.vocabulary import Kernels, Runtime

GOOD = """\
title = "Board"
chip = "Chip"
core = "core"
word_bits = 32
flash_bytes = 1024
ram_bytes = 512
families = ["cmake"]
"""


def folder_with(folder: Path, text: str) -> Path:
    """Make a folder of targets with one called `mine`."""
    (folder / "mine").mkdir()
    (folder / "mine" / "target.toml").write_text(text)
    return folder


@pytest.mark.parametrize("name", target_names())
def test_every_target_is_sound(name: str) -> None:
    """Each target's facts load, its families exist, and its limits make sense."""
    target = load_target(name)
    assert name == target.name
    assert [] == [family for family in target.families if family not in family_names()]
    assert target.families[0] == choose_family(target, None).name
    if target.static_ram_bytes and target.ram_bytes:
        assert target.static_ram_bytes <= target.ram_bytes


@pytest.mark.parametrize("name", family_names())
def test_every_family_is_sound(name: str) -> None:
    """Each family's facts load, and its files for the user lie inside its tree."""
    family = load_family(name)
    assert name == family.name
    assert [] == [path for path in family.user_files if path.startswith("/") or ".." in path]


def test_a_board_is_one_file(tmp_path: Path) -> None:
    """A folder with one target.toml is a target, and the least RAM limit counts."""
    folder = folder_with(tmp_path, GOOD)
    assert ("mine",) == target_names(folder)
    assert 512 == load_target("mine", folder).arena_limit_bytes
    (folder / "mine" / "target.toml").write_text(GOOD + "static_ram_bytes = 100\n")
    assert 100 == load_target("mine", folder).arena_limit_bytes


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        (GOOD.replace("flash_bytes", "flash_byte"), 'flash_byte: unknown key; did you mean "flash_bytes"'),
        (GOOD.replace('chip = "Chip"\n', ""), "chip: is missing; add it."),
        (GOOD.replace("1024", "-1"), "flash_bytes: Input should be greater than 0 (got -1)"),
        (GOOD.replace('"cmake"', '"cmaek"'), 'families: unknown family "cmaek": did you mean "cmake"'),
        (GOOD.replace('["cmake"]', "[]"), "families: "),
        (GOOD.replace("cmake", "bare_metal"), 'machine: is missing, and "bare_metal" needs it; add the name of a file'),
        (GOOD.replace("cmake", "zephyr"), 'boards: "zephyr" is missing; add what the tool of that family calls'),
        (GOOD + '[boards]\nzephyr = "mine"\n', 'boards: "zephyr" is not among the families: '),
        (GOOD + '[boards]\ncmake = "a b"\n', "boards.cmake: String should match pattern"),
        ("title = ", "is not valid TOML"),
    ],
)
def test_a_broken_target_says_where(tmp_path: Path, text: str, fragment: str) -> None:
    """File, key and what is accepted stand in the sentence."""
    with pytest.raises(TargetError) as caught:
        load_target("mine", folder_with(tmp_path, text))
    assert str(tmp_path / "mine" / "target.toml") in str(caught.value)
    assert fragment in str(caught.value)


def test_commands_name_board_and_port() -> None:
    """Board and port take their places in a family's commands, whatever stands around them."""
    target, family = load_target("pico2"), load_family("zephyr")
    command = fill_command(("west", "-b", "{board}", "--at={port}"), target, family, "/dev/tty 0")
    assert ("west", "-b", "rpi_pico2/rp2350a/m33", "--at=/dev/tty 0") == command


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", 'kernels: is missing, and runtime = "tflm" needs it; add it.'),
        ('runtime = "litert"\ntolerance_lsb = 2\n', 'files, tolerance_lsb: runtime = "litert" needs both'),
        ('runtime = "static"\n', 'library_folder: is missing, and runtime = "static" needs it; add it.'),
        ('runtime = "litret"\n', "runtime: Input should be 'tflm', 'static' or 'litert' (got 'litret')"),
    ],
)
def test_a_family_needs_its_runtimes_facts(tmp_path: Path, text: str, fragment: str) -> None:
    """What a runtime cannot do without is asked for by file and key."""
    (tmp_path / "mine").mkdir()
    facts = 'title = "Mine"\ntool = "t"\ntool_install = "Install it."\nbuild_command = ["t"]\n'
    (tmp_path / "mine" / "family.toml").write_text(facts + text)
    with pytest.raises(TargetError) as caught:
        load_family("mine", tmp_path)
    assert str(tmp_path / "mine" / "family.toml") in str(caught.value)
    assert fragment in str(caught.value)


def test_runtime_chooses_the_family() -> None:
    """Without a family's name the first one that has the runtime is taken, and it says which runtime was asked for."""
    target = load_target("mps2-an386")
    assert Runtime.STATIC is choose_family(target, None).runtime
    assert Runtime.STATIC is choose_family(target, None, Runtime.STATIC).runtime
    assert ("bare_metal", Runtime.STATIC) == (
        choose_family(target, "bare_metal").name,
        load_family("bare_metal").runtime,
    )
    with pytest.raises(TargetError) as caught:
        choose_family(target, None, Runtime.TFLM)
    assert (
        'Target "mps2-an386" has no firmware over runtime "tflm"; give runtime static, or another target.'
        == str(caught.value)
    )  # fmt: skip
    with pytest.raises(TargetError, match=r'Firmware family "android" has no firmware over runtime "static"; give'):
        choose_family(load_target("android"), "android", Runtime.STATIC)


def test_a_family_over_another_runtime_forgets_the_first() -> None:
    """Over the static runtime nothing is known of TFLM, and the command that builds asks for none of it."""
    family = load_family("pico_sdk")
    static = family.over(Runtime.STATIC)
    assert ("", "", "", Kernels.REFERENCE) == (
        static.tflm_source, static.tflm_revision, static.operator_table, static.kernels,
    )  # fmt: skip
    assert ("cmake", "-B", "build") == static.build_command != family.build_command
    assert family == family.over(Runtime.TFLM)
    assert load_family("bare_metal") == load_family("bare_metal").over(Runtime.STATIC)


@pytest.mark.parametrize("name", family_names())
def test_every_family_has_a_board(name: str) -> None:
    """No family is without a target that it can be emitted for."""
    assert [] != [target for target in target_names() if name in load_target(target).families]


def test_unknown_names_get_the_nearest() -> None:
    """A wrong target or family is answered with the nearest and all that are accepted."""
    with pytest.raises(TargetError, match=r'Unknown target "esp-32": did you mean "esp32"\? Accepted: .*host'):
        load_target("esp-32")
    with pytest.raises(TargetError, match=r'Unknown firmware family "cmak": did you mean "cmake"'):
        load_family("cmak")
    with pytest.raises(TargetError, match=r'Target "host" has no firmware family "esp_idf": Accepted: .*cmake'):
        choose_family(load_target("host"), "esp_idf")


@pytest.mark.parametrize("name", ["", ".", "..", "../targets/host", "host/"])
def test_names_that_are_paths(name: str) -> None:
    """A name that would lead elsewhere is merely unknown."""
    with pytest.raises(TargetError, match="Unknown target"):
        load_target(name)
