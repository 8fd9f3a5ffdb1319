"""What is found out about a firmware: flash by purpose from the linker's map, instructions by step."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from edgewright.pipeline.errors import CompilerError, OutputError, TargetError
from edgewright.pipeline.machine import load_machine
from edgewright.pipeline.target import choose_family, load_target
from edgewright.runtime_bench.cores import Sizes
from edgewright.runtime_bench.firmware import FirmwareRun, StepCount, StepFacts, require_runnable, run_lines, step_table
from edgewright.runtime_bench.firmware.linkmap import LinkMap, read_map
from edgewright.runtime_bench.firmware.making import make_firmware
from edgewright.runtime_bench.firmware.parts import FlashParts, flash_parts
from edgewright.runtime_bench.firmware.run import _steps

MAP = """\
Archive member included to satisfy reference by file (symbol)

/lib/libgcc.a(_aeabi_ldivmod.o)
                              build/edgewright/kws_model.c.o (__aeabi_ldivmod)
/lib/libgcc.a(_udivmoddi4.o)  /lib/libgcc.a(_aeabi_ldivmod.o) (__udivmoddi4)
/lib/libc.a(lib_a-strlen.o)   build/edgewright/kws_print.c.o (strlen)

Discarded input sections

 .text.unused   0x00000000       0x10 build/edgewright/kws_model.c.o

Linker script and memory map

                0x00000000                        code_origin = 0x0
LOAD build/edgewright/kws_model.c.o

.vectors        0x00000000       0x40
 *(.vectors)
 .vectors       0x00000000       0x40 build/machine/start_cortex_m.c.o

.text           0x00000040      0x500
 *(.text .text.*)
 .text.kws_step_0
                0x00000040       0x5c build/edgewright/kws_model.c.o
                0x00000040                kws_step_0
 *fill*         0x0000009c        0x4
 .text.kws_convolve
                0x000000a0      0x100 build/edgewright/kws_convolve.c.o
 .text          0x000001a0       0x30 /lib/libgcc.a(_aeabi_ldivmod.o)
 .text          0x000001d0       0x80 /lib/libgcc.a(_udivmoddi4.o)
 .text          0x00000250       0x08 /lib/libc.a(lib_a-strlen.o)
 .text.main     0x00000258       0x20 build/main.cc.o
 .text          0x00000278        0x0 build/edgewright/kws_walk.c.o

.rodata         0x00000280      0x300
 .rodata.kws_weights_0
                0x00000280      0x200 build/edgewright/kws_weights.c.o
 .rodata.kws_table_1
                0x00000480      0x100 build/edgewright/kws_weights.c.o
 .rodata        0x00000480       0x40 build/edgewright/kws_vectors.c.o

.bss            0x20000000      0x800
 .bss.arena     0x20000000      0x800 build/edgewright/kws_model.c.o

.comment        0x00000000       0x44
 .comment       0x00000000       0x44 build/edgewright/kws_model.c.o
"""
MODEL, DIVISION = "build/edgewright/kws_model.c.o", "/lib/libgcc.a(_aeabi_ldivmod.o)"
WIDE_DIVISION, LENGTH = "/lib/libgcc.a(_udivmoddi4.o)", "/lib/libc.a(lib_a-strlen.o)"


@pytest.fixture
def linked(tmp_path: Path) -> LinkMap:
    """What a map says."""
    (tmp_path / "firmware.map").write_text(MAP)
    return read_map(tmp_path / "firmware.map")


def flash_bytes(linked: LinkMap) -> dict[str, int]:
    """Return what each object takes."""
    objects = {piece.linked_object for piece in linked.pieces}
    return {name: sum(each.nbytes for each in linked.pieces if each.linked_object == name) for name in objects}


def test_map_is_read(linked: LinkMap) -> None:
    """Pieces of the flash are read with section and object; those of the RAM, of nothing and discarded ones are not."""
    assert {
        "build/machine/start_cortex_m.c.o": 0x40, MODEL: 0x5C, "build/edgewright/kws_convolve.c.o": 0x100,
        DIVISION: 0x30, WIDE_DIVISION: 0x80, LENGTH: 0x08, "build/main.cc.o": 0x20,
        "build/edgewright/kws_weights.c.o": 0x300, "build/edgewright/kws_vectors.c.o": 0x40,
    } == flash_bytes(linked)  # fmt: skip
    names = {piece.section: piece.nbytes for piece in linked.pieces if "kws_weights.c" in piece.linked_object}
    assert {".rodata.kws_weights_0": 0x200, ".rodata.kws_table_1": 0x100} == names


def test_library_is_counted_where_it_was_needed(linked: LinkMap) -> None:
    """An object of a library belongs to the one that needed it, through other objects of a library as well."""
    assert {DIVISION: MODEL, WIDE_DIVISION: DIVISION, LENGTH: "build/edgewright/kws_print.c.o"} == linked.taken_for
    assert (MODEL, MODEL, MODEL) == (linked.origin(MODEL), linked.origin(DIVISION), linked.origin(WIDE_DIVISION))


def test_flash_by_purpose(linked: LinkMap) -> None:
    """Weights, the model with what it needs, self-test and the rest make the whole with what the linker left empty."""
    parts = flash_parts(linked, "kws", sum(flash_bytes(linked).values()) + 4)
    expected = FlashParts(
        weights_bytes=0x200, model_bytes=0x5C + 0x100 + 0x30 + 0x80 + 0x100, selftest_bytes=0x40,
        other_bytes=0x40 + 0x08 + 0x20, filled_bytes=4,
    )  # fmt: skip
    assert expected == parts


def test_library_that_needs_itself(linked: LinkMap) -> None:
    """Objects that need each other end the search for the one that needed them."""
    circle = LinkMap(pieces=(), taken_for={"a": "b", "b": "a"})
    assert circle.origin("a") in ("a", "b")


@pytest.mark.parametrize(("content", "fragment"), [(None, "cannot be read"), ("nothing", "is no map of GNU ld")])
def test_broken_map_is_told(content: str | None, fragment: str, tmp_path: Path) -> None:
    """A map that is missing, or none, is one sentence."""
    if content is not None:
        (tmp_path / "firmware.map").write_text(content)
    with pytest.raises(CompilerError, match=rf"firmware\.map: {fragment}.*; build the firmware again\."):
        read_map(tmp_path / "firmware.map")


def test_steps_are_named_where_that_is_known() -> None:
    """A step takes from its call to the next one's; without facts of each it is called by its number."""
    facts = (StepFacts(title="CONV_2D a", kernel="convolution"), StepFacts(title="SOFTMAX b", kernel="softmax"))
    assert (
        StepCount(number=0, facts=facts[0], instructions=100),
        StepCount(number=1, facts=facts[1], instructions=23),
    ) == _steps((1000, 1100, 1123), facts)
    unknown = _steps((1000, 1100, 1123), facts[:1])
    assert ["step 0", "step 1"] == [step.facts.title for step in unknown]
    assert () == _steps((), facts)


def found(instructions: int | None) -> FirmwareRun:
    """Return a run, with instructions or without."""
    facts = StepFacts(title="CONV_2D größer [a]", kernel="convolve", mac_count=500)
    steps = (StepCount(number=0, facts=facts, instructions=1234),)
    return FirmwareRun(
        machine=load_machine("cortex-m0"), elf=Path("firmware.elf"), console="",
        verdict="SELF-TEST PASS 3/3 max_diff=0", passed=True, stack_bytes=None if instructions is None else 700,
        sizes=Sizes(text_bytes=10_000, rodata_bytes=2000, data_bytes=0, bss_bytes=784),
        parts=FlashParts(weights_bytes=1, model_bytes=2, selftest_bytes=3, other_bytes=4, filled_bytes=5),
        instructions=instructions, steps=() if instructions is None else steps,
        uncounted_reason="There is no gcc: install it." if instructions is None else "",
    )  # fmt: skip


def test_run_in_lines() -> None:
    """The verdict stands first, then what a script reads: instructions as a plain number."""
    assert [
        "SELF-TEST PASS 3/3 max_diff=0",
        "instructions: 1250000",
        "stack: 700 of 2,048 B at most, with self-test and application",
        "flash: 12,000 B (weights 1, model 2, self-test 3, other 4, alignment 5)",
        "RAM: 784 B of variables, the arena among them",
    ] == run_lines(found(1_250_000))
    lines = run_lines(found(None))
    assert "instructions: not counted: There is no gcc: install it." == lines[1]
    assert lines[2].startswith("stack: not known of ")


def test_table_shows_each_step() -> None:
    """A layer's name is shown as it is, with the step's instructions, their share, and how many a MAC took."""
    stream = io.StringIO()
    Console(file=stream, width=100, color_system=None).print(step_table(found(2468)))
    assert "0   CONV_2D größer [a]   convolve          1,234   50.0%    2.47" in stream.getvalue()


def test_firmware_for_a_board_is_not_run() -> None:
    """A family that needs a board is refused with what to give instead."""
    target = load_target("esp32")
    with pytest.raises(
        TargetError, match=r'run: firmware of the family "esp_idf" runs on a board; give a target whose'
    ):
        require_runnable(target, choose_family(target, None))


def test_folder_without_firmware_is_told(tmp_path: Path) -> None:
    """Nothing is built where nothing was emitted."""
    with pytest.raises(OutputError, match=r"holds no firmware; emit it first\."):
        make_firmware(load_machine("cortex-m4"), tmp_path)
