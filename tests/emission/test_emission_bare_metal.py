"""Bare-metal firmware: the emitted tree builds with its own Makefile, and the image runs on every emulated machine."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.bare_metal import FAST, MODEL_WORD, STRICT_WORD, every_machine, put_firmware

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import EmulatorError, ToolError
from edgewright.pipeline.machine import Machine, load_machine
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.target import load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.cores import Program, counter_unavailable_reason, counting
from edgewright.runtime_bench.firmware import FirmwareRun, run_firmware, run_lines
from edgewright.runtime_bench.firmware.making import make_firmware
from edgewright.runtime_bench.serial import Patience, ProgramLine, emulated_board, open_board, run_samples

Emit = Callable[..., Mapping[str, bytes]]
PATIENCE = Patience(first_seconds=30, answer_seconds=30)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """The folder that the plugin which counts is kept in."""
    reason = counter_unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return Cache(root=tmp_path_factory.mktemp("cache"))


def run_in(folder: Path, machine: Machine, cache: Cache) -> FirmwareRun:
    """Build what lies in a folder, without a warning, and run its self-test."""
    return run_firmware(machine, folder, cache, MODEL_WORD, STRICT_WORD)


def deaf(program: Program) -> Program:
    """Return a program whose emulator answers no semihosting call, as a board does without a debugger."""
    emulator = program.core.emulator
    options = tuple(word for word in emulator.options if not word.startswith(("-semihosting", "enable=")))
    assert len(options) == len(emulator.options) - 2
    core = program.core.model_copy(update={"emulator": emulator.model_copy(update={"options": options})})
    return replace(program, core=core)


def answers(program: Program, model: EmissionModel) -> tuple[str, list[list[int]]]:
    """Ask a firmware over its serial port; return how its self-test ended, and the outputs of the golden vectors."""
    inputs = np.concatenate([row[0] for row in model.vectors.inputs])
    with emulated_board(program) as emulated, open_board(emulated.line, patience=PATIENCE) as board:
        result = run_samples(board, (inputs,), SilentReporter())
        assert 0 < (result.memory.stack_bytes or 0) < program.core.memory.stack_bytes
        return board.description.selftest, result.outputs[0].reshape(len(inputs), -1).tolist()


def expected_of(model: EmissionModel) -> list[list[int]]:
    """Return the outputs of the golden vectors."""
    return [row[0].reshape(-1).tolist() for row in model.vectors.outputs]


@pytest.mark.parametrize("name", every_machine(fast=FAST))
def test_firmware_tests_itself(name: str, tiny: EmissionModel, emit: Emit, tmp_path: Path, cache: Cache) -> None:
    """On every machine the image passes its self-test, and says what it takes: instructions, stack, flash and RAM."""
    found = run_in(tmp_path, put_firmware(tmp_path, name, tiny, emit), cache)
    assert ("SELF-TEST PASS 3/3 max_diff=0", True) == (found.verdict, found.passed)
    assert "SELF-TEST SETUP kernels=static tolerance=0 vectors=3 " in found.console
    assert found.instructions is not None
    assert ["step 0", "step 1"] == [step.facts.title for step in found.steps]
    assert 0 < found.instructions - sum(step.instructions for step in found.steps) < 20
    assert 512 < (found.stack_bytes or 0) < found.machine.memory.stack_bytes
    parts = found.parts
    assert 0 <= parts.filled_bytes < 300
    assert 3 * (16 + 3) < parts.selftest_bytes < found.sizes.flash_bytes
    assert 200 < parts.model_bytes < 2000
    assert 0 == parts.weights_bytes
    assert found.sizes.ram_bytes > 512


@pytest.mark.parametrize("name", every_machine(fast=FAST))
def test_compiled_model_runs(name: str, tiny: EmissionModel, emit: Emit, tmp_path: Path, cache: Cache) -> None:
    """On every machine the compiled model passes its self-test, and its weights and steps are found in the program."""
    machine = put_firmware(tmp_path, name, tiny, emit, is_compiled=True)
    found = run_firmware(machine, tmp_path, cache, STRICT_WORD)
    assert ("SELF-TEST PASS 3/3 max_diff=0", True) == (found.verdict, found.passed)
    assert 0 < found.parts.weights_bytes < found.parts.model_bytes
    assert 3 == len(found.steps)


@pytest.mark.parametrize("name", every_machine())
def test_firmware_answers_the_protocol(name: str, tiny: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """Without being asked to end, the very same image serves the serial protocol after its self-test."""
    machine = put_firmware(tmp_path, name, tiny, emit)
    assert ("ok", expected_of(tiny)) == answers(make_firmware(machine, tmp_path, MODEL_WORD), tiny)


@pytest.mark.parametrize("name", every_machine(fast=("microbit",), without=("xtensa-sim",)))
def test_image_without_a_debugger(name: str, tiny: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """Where nobody answers semihosting calls, as on a board, the same image goes on past its breakpoint and serves.

    The Xtensa machine has no console without such calls.
    """
    machine = put_firmware(tmp_path, name, tiny, emit)
    program = make_firmware(machine, tmp_path, MODEL_WORD)
    assert ("ok", expected_of(tiny)) == answers(deaf(program), tiny)


@pytest.mark.slow
def test_firmware_runs_uncounted(
    tiny: EmissionModel, emit: Emit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the plugin that counts cannot be built, the self-test is run all the same, and the reason is told."""
    monkeypatch.setattr(counting, "HOST_COMPILER", "no-such-compiler")
    found = run_in(tmp_path, put_firmware(tmp_path, "mps2-an386", tiny, emit), Cache(root=tmp_path / "cache"))
    assert (True, None, ()) == (found.passed, found.instructions, found.steps)
    assert run_lines(found)[1].startswith("instructions: not counted: There is no no-such-compiler: install it with")


@pytest.mark.slow
def test_failed_selftest_goes_on_answering(tiny: EmissionModel, emit: Emit, tmp_path: Path, cache: Cache) -> None:
    """A wrong output is the run's verdict, and the protocol is answered all the same."""
    machine = put_firmware(tmp_path, "mps2-an386", tiny, emit, defines="SPOILED")
    found = run_in(tmp_path, machine, cache)
    assert ("SELF-TEST FAIL vector 0 element 0 expected -86 got -22", False) == (found.verdict, found.passed)
    program = make_firmware(machine, tmp_path, MODEL_WORD)
    verdict, outputs = answers(program, tiny)
    assert ("selftest", -22) == (verdict, outputs[0][0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["microbit", "riscv-virt"])
def test_fault_is_told(name: str, tiny: EmissionModel, emit: Emit, tmp_path: Path, cache: Cache) -> None:
    """A crash ends the emulator with cause and place; where nobody listens, the console says the same."""
    machine = put_firmware(tmp_path, name, tiny, emit, defines="FAULTY")
    with pytest.raises(EmulatorError, match=r"firmware\.elf on .* crashed: .* in edgewright_step_1, status"):
        run_in(tmp_path, machine, cache)
    program = deaf(make_firmware(machine, tmp_path, MODEL_WORD))
    with ProgramLine(program.core.emulator.words(str(program.elf))) as line:
        heard, until = b"", time.monotonic() + 20
        while b"edgewright: fault 0x" not in heard and time.monotonic() < until:
            heard += line.read(0.5)
    assert b"edgewright: fault 0x" in heard


def test_prefix_is_everywhere(tiny: EmissionModel, emit: Emit) -> None:
    """With another prefix no file of the tree, machine and linker script included, keeps the usual one in a name."""
    tree = emit(replace(tiny, prefix="kws"), "bare_metal", target=load_target("xtensa-sim"))
    assert {"kws/kws_port.h", "machine/kws_host.h", "machine/memory.ld"} <= set(tree)
    for name, content in tree.items():
        names = re.findall(r"\bedgewright_\w+|\bEDGEWRIGHT_\w+", content.decode(), re.IGNORECASE)
        assert (name, []) == (name, names)


@pytest.mark.slow
def test_prefixed_firmware_runs(tiny: EmissionModel, emit: Emit, tmp_path: Path, cache: Cache) -> None:
    """Under another prefix the firmware builds, passes, and its model is found in map and symbols all the same."""
    machine = put_firmware(tmp_path, "mps2-an386", replace(tiny, prefix="kws"), emit)
    found = run_firmware(machine, tmp_path, cache, "MODEL=kws/kws_model.c")
    assert (True, 2) == (found.passed, len(found.steps))
    assert 200 < found.parts.model_bytes < 2000


@pytest.mark.parametrize("name", [name for name in target_names() if load_target(name).machine])
def test_makefile_asks_for_what_the_facts_say(name: str, tiny: EmissionModel, emit: Emit) -> None:
    """Compiler, memories and devices in the Makefile are those of the machine, and each file that it names is there."""
    target = load_target(name)
    machine = load_machine(str(target.machine))
    tree = emit(tiny, "bare_metal", target=target)
    text = tree["Makefile"].decode()
    lines = dict(re.findall(r"^(\w+) := (.*)$", text, re.MULTILINE))
    assert machine.compiler.command == lines["CC"]
    assert list(machine.compiler.flags) == shlex.split(lines["MACHINE"])
    assert f"ram_bytes={target.ram_bytes:#x}" in lines["LINK"]
    assert list(machine.emulator.words("build/firmware.elf")) == shlex.split(lines["EMULATOR"])
    named = re.findall(r"^  ((?:edgewright|machine)/\S+)", text, re.MULTILINE)
    compiled = [path for path in tree if path.endswith((".c", ".S"))]
    assert sorted(compiled) == sorted(named)


@pytest.mark.slow
def test_make_run_and_make_flash(tiny: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """`make run` ends with the self-test's status, `make flash` says that nothing but an emulated board is there."""
    put_firmware(tmp_path, "mps2-an386", tiny, emit)
    command = ["make", "--no-print-directory", MODEL_WORD]
    done = subprocess.run(
        [*command, "all", "run"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (0, "edgewright: exit\n") == (done.returncode, done.stderr)
    assert "\nSELF-TEST PASS 3/3 max_diff=0\n" in done.stdout
    assert (tmp_path / "build" / "firmware.hex").read_text().startswith(":")
    done = subprocess.run([*command, "flash"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (2, True) == (done.returncode, "no board to flash but the emulated one; run make run." in done.stderr)


def test_missing_compiler_is_one_sentence(tiny: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """Without the cross compiler nothing is built, and the line that installs it is told."""
    machine = put_firmware(tmp_path, "mps2-an386", tiny, emit)
    compiler = machine.compiler.model_copy(update={"command": "no-such-gcc"})
    with pytest.raises(ToolError, match=r"There is no no-such-gcc: install it with `make toolchains` \(Debian: apt"):
        make_firmware(machine.model_copy(update={"compiler": compiler}), tmp_path)
    assert not (tmp_path / "build").exists()
