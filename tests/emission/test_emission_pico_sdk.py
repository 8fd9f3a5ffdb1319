"""The Pico SDK family: its project over stubs of pico-sdk and pico-tflmicro, with the fake model."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.applications import (
    EMISSION,
    RESULTS,
    SELFTEST,
    STUBS,
    build,
    configure,
    link,
    replace_model,
    run,
    run_over_protocol,
    samples,
    watch_element,
)
from support.emulated import usable_core

from edgewright.pipeline.target import load_target
from edgewright.pipeline.vocabulary import EmissionModel

SDK = STUBS / "pico_sdk"
TFLMICRO = STUBS / "pico_tflmicro"
OPTIONS = (f"-DPICO_SDK_PATH={SDK}", f"-DPICO_TFLMICRO_PATH={TFLMICRO}")
RATE = {"rate": "1000000", "us": "250", "kernels": "cmsis_nn"}

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def application(tree: Path) -> Path:
    """Build the emitted application and return the program."""
    replace_model(tree / "edgewright" / "edgewright_model.cc")
    return build(tree, *OPTIONS) / "firmware"


@pytest.mark.slow
def test_application(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """It tests itself, then runs the model for each line that is sent, and the LED follows."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "pico_sdk"))
    watch_element(tree / "src" / "main.cc", 1)
    status, lines = run(application(tree), samples(tiny, 1) + "go\r\n\r\n")
    assert 0 == status
    assert [line.format(**RATE) for line in SELFTEST] == lines[:6]
    results = [line.format(**RATE) for line in RESULTS]
    assert [results[1], "pin 25 = 0", lines[8], results[0], "pin 25 = 1"] == lines[6:]
    assert lines[8].startswith('LINE REFUSED: number 1 is "go", ')


@pytest.mark.slow
def test_application_over_the_protocol(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """A computer runs the model over the serial protocol; then the console is back, without the line begun before."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "pico_sdk"))
    watch_element(tree / "src" / "main.cc", 1)
    statuses, output, lines = run_over_protocol(application(tree), tiny, 2)
    assert ([0] * 6, tiny.vectors.outputs[2][0].tobytes()) == (statuses, output)
    assert [RESULTS[0], "pin 25 = 1"] == [re.sub(r"\d+ us", "{us} us", line) for line in lines[len(SELFTEST) :]]


@pytest.mark.slow
def test_application_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """After a failed self-test the application says so and runs nothing; a board without an LED builds as well."""
    tree = unpack(emit(tiny, "pico_sdk", target=load_target("pico")))
    status, lines = run(application(tree), "go\n", "0 0 1 9")
    assert (0, "SELF-TEST FAIL vector 0 element 1 expected 50 got 59") == (status, lines[-2])
    assert "The self-test failed, so the application does not start; the serial protocol is answered." == lines[-1]


@pytest.mark.slow
def test_flash_builds_and_calls_picotool(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """The target `flash` builds what is missing and hands the .uf2 to picotool."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "picotool").write_text('#!/bin/sh\necho "$*" > "$CALLS"\ntest -f firmware.uf2\n')
    (tools / "picotool").chmod(0o755)
    tree = unpack(emit(tiny, "pico_sdk"))
    replace_model(tree / "edgewright" / "edgewright_model.cc")
    assert 0 == configure(tree, *OPTIONS).returncode
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls")}
    command = ["cmake", "--build", "build", "--target", "flash"]
    finished = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "load --force --execute firmware.uf2\n" == (tmp_path / "calls").read_text()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, 'PICO_SDK_PATH is ""; give -DPICO_SDK_PATH=<folder of pico-sdk>.'),
        ({"PICO_SDK_PATH": str(SDK)}, 'PICO_TFLMICRO_PATH is ""; give'),
        ({"PICO_SDK_PATH": str(SDK), "PICO_TFLMICRO_PATH": "/nowhere"}, 'PICO_TFLMICRO_PATH is "/nowhere"; give'),
    ],
)
def test_missing_folders_are_named(
    environment: dict[str, str], sentence: str, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """Without pico-sdk or pico-tflmicro CMake stops with a sentence."""
    finished = configure(unpack(emit(tiny, "pico_sdk")), **environment)
    assert finished.returncode != 0
    assert sentence in " ".join(finished.stderr.split())


@pytest.mark.parametrize("board", ["pico", "pico2"])
def test_board(board: str, tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """The project builds for the target's board, and the environment may say where the folders are."""
    tree = unpack(emit(tiny, "pico_sdk", target=load_target(board)))
    finished = configure(tree, PICO_SDK_PATH=str(SDK), PICO_TFLMICRO_PATH=str(TFLMICRO))
    assert (0, "") == (finished.returncode, finished.stderr)
    assert f"PICO_BOARD:STRING={board}\n" in (tree / "build" / "CMakeCache.txt").read_text()


def test_port(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """The port layer reads without waiting, counts time and starts the board again on reset."""
    library = unpack(emit(tiny, "pico_sdk")) / "edgewright"
    sources = [library / "edgewright_port.c", EMISSION / "port_main.c", SDK / "pico_main.c"]
    program = link(sources, [library, SDK / "include"], tmp_path / "port")
    assert (0, ["read 5 hello", "read 0", "ticks ok", "stack 0"]) == run(program, "hello")


@pytest.mark.parametrize(("board", "core"), [("pico", "cortex-m0plus"), ("pico2", "cortex-m33")])
def test_c_compiles_for_the_chip(board: str, core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """The board's own compiler takes all of the C, which needs no TFLM, without a warning."""
    library = unpack(emit(tiny, "pico_sdk", target=load_target(board))) / "edgewright"
    compiler = usable_core(core).compiler
    flags = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2", f"-I{SDK / 'include'}")
    sources = sorted(library.glob("*.c"))
    assert "edgewright_port.c" in [source.name for source in sources]
    for source in sources:
        command = [compiler.command, *compiler.flags, *flags, "-c", str(source), "-o", os.devnull]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (0, "") == (finished.returncode, finished.stderr)
