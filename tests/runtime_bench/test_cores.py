"""Emulated cores: facts, tools, building, running, and what is said when something goes wrong."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
from support.emulated import every_core, usable_core

from edgewright.pipeline.errors import CompilerError, EdgewrightError, EmulatorError, ToolError
from edgewright.runtime_bench.cores import (
    Build,
    Ending,
    Program,
    Surroundings,
    build,
    core_names,
    emulator_command,
    load_core,
    run,
)
from edgewright.runtime_bench.cores.core import FACTS

PROGRAMS = Path(__file__).parent / "programs"
EVERY_CORE = every_core()
ALIGNED = ("cortex-m0", "lx106")
"""Cores whose machines refuse a load from an odd address."""


def program_for(name: str, source: str, folder: Path, *, with_port: bool = False) -> Program:
    """Build one of the programs for a core, or skip the test."""
    includes = (write_port_header(folder),) if with_port else ()
    return build(usable_core(name), Build(sources=(PROGRAMS / source,), includes=includes, with_port=with_port), folder)


def write_port_header(folder: Path) -> Path:
    """Write edgewright_port.h, without its comments, and return its folder."""
    (folder / "edgewright_port.h").write_text(
        "#include <stddef.h>\n#include <stdint.h>\n"
        "void edgewright_port_write(const char *data, size_t length);\n"
        "size_t edgewright_port_read(uint8_t *data, size_t capacity);\n"
        "uint32_t edgewright_port_ticks(void);\n"
        "uint32_t edgewright_port_ticks_per_second(void);\n"
        "size_t edgewright_port_stack_bytes(void);\n"
        "void edgewright_port_reset(void);\n"
    )
    return folder


def broken(folder: Path, name: str, old: str, new: str) -> str:
    """Return what is said about a core's facts after one text in them was replaced."""
    text = (FACTS / f"{name}.toml").read_text()
    assert old in text
    (folder / f"{name}.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(EdgewrightError) as caught:
        load_core(name, folder)
    return str(caught.value).replace(str(folder), "FOLDER")


@pytest.mark.parametrize("name", core_names())
def test_facts_load(name: str) -> None:
    """Every core's facts are valid, and a title and a machine stand in them for people."""
    core = load_core(name)
    assert name == core.name
    assert "" not in (core.title, core.machine)


@pytest.mark.parametrize("name", core_names())
def test_broken_facts_are_told(name: str, tmp_path: Path) -> None:
    """The sentence about broken facts names file, key and what is accepted."""
    place = f"FOLDER/{name}.toml: "
    assert place + "memory.ram_bytes: is missing; add it." == broken(tmp_path, name, "ram_bytes", "# ram_bytes")
    message = broken(tmp_path, name, "stack_bytes", "stack_byte = 5\nstack_bytes")
    assert message.startswith(place + 'memory.stack_byte: unknown key; did you mean "stack_bytes"? Accepted: code_byt')
    assert place + "memory.stack_bytes: Input should be greater than 0 (got -1)." == broken(
        tmp_path, name, "stack_bytes = ", "stack_bytes = -1 # "
    )
    message = broken(tmp_path, name, '"stack_painted.c"', '"stack_paint.c"')
    assert message.startswith(place + 'support.port: there is no "stack_paint.c": did you mean "stack_painted.c"?')
    assert broken(tmp_path, name, "[compiler]", "[compiler").startswith(place + "is not valid TOML: ")


def test_unknown_core_is_told() -> None:
    """A core that does not exist is answered with the nearest name and all of them."""
    with pytest.raises(EdgewrightError, match=r'^Unknown core "cortex-m5": did you mean "cortex-m\d+"\? Accepted: co'):
        load_core("cortex-m5")


@pytest.mark.parametrize("name", core_names())
def test_missing_tools_are_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without compiler and emulator, each says what is missing and how it is installed, and nothing is built or run."""
    core = load_core(name)
    monkeypatch.setenv("PATH", str(tmp_path))
    sentences = {
        tool: f"There is no {tool.command}: install it with `make toolchains` "
        f"(Debian: apt install {' '.join(tool.packages)})."
        for tool in (core.compiler, core.emulator)
    }
    assert list(sentences.values()) == [core.compiler.unavailable_reason(), core.emulator.unavailable_reason()]
    assert " ".join(sentences.values()) == core.unavailable_reason()
    with pytest.raises(ToolError, match=r"^There is no .*-gcc: install it with `make toolchains`"):
        build(core, Build(sources=(PROGRAMS / "hello_main.c",)), tmp_path)


@pytest.mark.parametrize("name", core_names())
def test_missing_library_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler without a C library counts as missing: the two are packages of their own."""
    compiler = load_core(name).compiler
    (tmp_path / compiler.command).write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / compiler.command).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    line = f"install it with `make toolchains` (Debian: apt install {' '.join(compiler.packages)})."
    assert f"{compiler.command} finds no C library: {line}" == compiler.unavailable_reason()


@pytest.mark.parametrize("name", EVERY_CORE)
def test_missing_emulator_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was built cannot be run without the emulator."""
    program = program_for(name, "hello_main.c", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^There is no qemu-system-\w+: install it with `make toolchains`"):
        run(program)


@pytest.mark.parametrize("name", EVERY_CORE)
def test_program_meets_its_surroundings(name: str, tmp_path: Path) -> None:
    """Arguments, environment, standard streams, variables and exit status are those of a program on a computer."""
    program = program_for(name, "hello_main.c", tmp_path)
    given = bytes(range(256)) * 20
    done = run(program, stdin=given, arguments=["3", "two words", ""], environment={"VARIABLE": "a = 'b'"})
    text = b"<3><two words><> a = 'b' 7 0\n"
    assert text + bytes((byte + 1) & 255 for byte in given) == done.stdout
    assert (b"to standard error\n", 3, Ending.EXIT) == (done.stderr, done.exit_status, done.ending)
    done = run(program)
    assert (b" none 7 0\n", 0, Ending.EXIT) == (done.stdout, done.exit_status, done.ending)


@pytest.mark.parametrize("name", EVERY_CORE)
def test_sizes_are_those_of_the_sections(name: str, tmp_path: Path) -> None:
    """The sizes are what the compiler's own tool says, and start-up code and variables are among them."""
    program = program_for(name, "hello_main.c", tmp_path)
    tool = program.core.compiler.command.replace("-gcc", "-size")
    listing = subprocess.run([tool, str(program.elf)], capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, listing.splitlines()[1].split()[:3])
    sizes = program.sizes
    assert (text, data) == (sizes.text_bytes + sizes.rodata_bytes, sizes.data_bytes)
    assert 0 <= bss - sizes.bss_bytes < 16  # the gap before it
    assert (text + data, data + sizes.bss_bytes) == (sizes.flash_bytes, sizes.ram_bytes)
    assert min(sizes.text_bytes, sizes.rodata_bytes, sizes.data_bytes, sizes.bss_bytes) > 0


@pytest.mark.parametrize("name", EVERY_CORE)
def test_constructors_run(name: str, tmp_path: Path) -> None:
    """A C++ program finds its objects constructed, without the C library around it as well."""
    core = usable_core(name)
    for surroundings in Surroundings:
        what = Build(sources=(PROGRAMS / "constructor_main.cc",), surroundings=surroundings)
        assert 3 == run(build(core, what, tmp_path)).exit_status


@pytest.mark.parametrize("name", EVERY_CORE)
def test_crash_is_an_error(name: str, tmp_path: Path) -> None:
    """A program that executes what is no instruction, or jumps into nothing, is told with cause, place and output."""
    program = program_for(name, "fault_main.c", tmp_path)
    with pytest.raises(EmulatorError) as caught:
        run(program, arguments=["nonsense"])
    pattern = r"program.elf on [\w-]+ crashed: [\w -]+ at 0x[0-9a-f]{8} in (\w+), status 0x[0-9a-f]{8}\. (.*)"
    match = re.fullmatch(pattern, str(caught.value))
    assert match is not None
    assert ("execute_nonsense", 'The last that it printed: "so far so good".') == match.groups()
    with pytest.raises(EmulatorError, match=r"(crashed: .* which is no code of the program|the emulator gave up: )"):
        run(program, arguments=["astray"])
    with pytest.raises(EmulatorError, match=r"crashed: abort was called"):
        run(program, arguments=["abort"])


@pytest.mark.parametrize("name", every_core(without=tuple(name for name in core_names() if name not in ALIGNED)))
def test_misaligned_load_is_an_error(name: str, tmp_path: Path) -> None:
    """Where the machine has a core that needs aligned addresses, it shows."""
    program = program_for(name, "fault_main.c", tmp_path)
    with pytest.raises(EmulatorError, match=r"crashed: (HardFault|load or store misaligned) at 0x\w+ in load_misalign"):
        run(program, arguments=["misaligned"])


@pytest.mark.parametrize("name", EVERY_CORE)
def test_hang_is_an_error(name: str, tmp_path: Path) -> None:
    """A program that does not end is stopped, and what it printed is told."""
    program = program_for(name, "fault_main.c", tmp_path)
    began = time.monotonic()
    with pytest.raises(EmulatorError, match=r"did not end within 0\.5 s and was stopped\. The last .*so far so good"):
        run(program, arguments=["hang"], timeout_seconds=0.5)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", EVERY_CORE)
def test_port_layer_tells_the_time(name: str, tmp_path: Path) -> None:
    """The serial port carries bytes both ways, the clock keeps the computer's time, and a reset ends the run."""
    program = program_for(name, "clock_main.c", tmp_path, with_port=True)
    done = run(program, stdin=b"\x01")
    assert (b"begin\nend\n", 0, Ending.RESET) == (done.stdout, done.exit_status, done.ending)
    pipe = subprocess.PIPE
    with subprocess.Popen(emulator_command(program), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b"\x05")
        running.stdin.flush()
        assert b"begin\n" == running.stdout.readline()
        began = time.monotonic()
        assert b"end\n" == running.stdout.readline()
        waited_seconds = time.monotonic() - began
        assert 0 == running.wait(timeout=30)
    assert 0.4 < waited_seconds < 1.0  # half a second, on a machine that may be busy


@pytest.mark.parametrize("name", EVERY_CORE)
def test_large_program_does_not_link(name: str, tmp_path: Path) -> None:
    """A program that the core's memory cannot take is told with what the linker says."""
    with pytest.raises(CompilerError, match=r"could not link program.elf for [\w-]+:\n(.|\n)*overflowed by \d+ bytes"):
        program_for(name, "large_main.c", tmp_path)


@pytest.mark.parametrize("name", EVERY_CORE)
def test_warning_is_an_error(name: str, tmp_path: Path) -> None:
    """A source with a warning is refused with the compiler's words; without warnings asked for, it is not."""
    core = usable_core(name)
    (tmp_path / "careless.c").write_text("int main(void) { int unused; return 0; }\n")
    with pytest.raises(CompilerError, match=r"could not compile careless\.c for [\w-]+:\n(.|\n)*unused variable"):
        build(core, Build(sources=(tmp_path / "careless.c",)), tmp_path)
    assert 0 == run(build(core, Build(sources=(tmp_path / "careless.c",), warnings=()), tmp_path)).exit_status


def test_unknown_kind_of_source_is_refused(tmp_path: Path) -> None:
    """A file that is no C, C++ or assembly is refused by its ending."""
    core = usable_core("cortex-m4")
    with pytest.raises(CompilerError, match=r"model\.tflite: cannot be compiled; accepted are files that end in \.c,"):
        build(core, Build(sources=(tmp_path / "model.tflite",)), tmp_path)


def test_long_arguments_are_refused(tmp_path: Path) -> None:
    """Arguments that a core has no room for are refused before the run."""
    program = program_for("cortex-m4", "hello_main.c", tmp_path)
    with pytest.raises(EmulatorError, match=r"2 texts of 1009 bytes; a core takes 15 of 512 bytes"):
        run(program, arguments=["x" * 1000])
    with pytest.raises(EmulatorError, match=r"17 texts of 40 bytes; a core takes 15"):
        run(program, arguments=["x"] * 16)


def test_damaged_program_is_refused(tmp_path: Path) -> None:
    """What is no program for a 32-bit core, or only a part of one, is told."""
    from edgewright.runtime_bench.cores.elf import read_image

    whole = program_for("cortex-m4", "hello_main.c", tmp_path).elf.read_bytes()
    (tmp_path / "part.elf").write_bytes(whole[:2000])
    with pytest.raises(CompilerError, match=r"part\.elf: is cut off or damaged"):
        read_image(tmp_path / "part.elf")
    (tmp_path / "text.elf").write_bytes(b"text")
    with pytest.raises(CompilerError, match=r"text\.elf: is not a program for a 32-bit core"):
        read_image(tmp_path / "text.elf")
