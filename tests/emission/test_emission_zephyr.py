"""The Zephyr family: its manifest and configuration, and its application over stubs of Zephyr and the fake model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.applications import (
    EMISSION,
    RESULTS,
    SELFTEST,
    STUBS,
    build,
    link,
    replace_model,
    run,
    run_over_protocol,
    samples,
    watch_element,
)

from edgewright.pipeline.target import load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel

ZEPHYR = STUBS / "zephyr"
RATE = {"rate": "32768", "us": "7629", "kernels": "cmsis_nn"}
BOARDS = [name for name in target_names() if "zephyr" in load_target(name).families]

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def application(tree: Path, *options: str) -> Path:
    """Build the emitted application and return the program."""
    replace_model(tree / "edgewright" / "edgewright_model.cc")
    return build(tree, *options, ZEPHYR_BASE=str(ZEPHYR)) / "app"


def test_manifest_is_yaml(tiny: EmissionModel, emit: Emit) -> None:
    """west.yml asks for Zephyr with all that it imports, and for the module that it leaves out."""
    manifest = yaml.safe_load(emit(tiny, "zephyr")["west.yml"])["manifest"]
    assert [("zephyr", True), ("tflite-micro", None)] == [(p["name"], p.get("import")) for p in manifest["projects"]]


def test_configuration(tiny: EmissionModel, emit: Emit) -> None:
    """prj.conf turns on C++, TensorFlow Lite Micro with CMSIS-NN, and what port layer and application call."""
    lines = emit(tiny, "zephyr")["prj.conf"].decode().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    stack = settings.pop("CONFIG_MAIN_STACK_SIZE")
    assert int(stack) >= 4096
    assert {"y"} == set(settings.values())
    assert {
        "CPP", "STD_CPP17", "REQUIRES_FULL_LIBCPP", "SPEED_OPTIMIZATIONS", "TENSORFLOW_LITE_MICRO",
        "TENSORFLOW_LITE_MICRO_CMSIS_NN_KERNELS", "SERIAL", "CONSOLE", "UART_CONSOLE",
        "UART_INTERRUPT_DRIVEN", "RING_BUFFER", "REBOOT", "GPIO", "INIT_STACKS", "THREAD_STACK_INFO",
    } == {name.removeprefix("CONFIG_") for name in settings}  # fmt: skip


@pytest.mark.parametrize("board", BOARDS)
def test_boards_differ_in_their_names_only(board: str, tiny: EmissionModel, emit: Emit) -> None:
    """One tree serves every board: what names the board are README.md's commands and comments."""
    tree, other = emit(tiny, "zephyr", target=load_target(board)), emit(tiny, "zephyr")
    assert f"west build -b {load_target(board).boards['zephyr']}\n" in tree["README.md"].decode()
    different = {name for name in tree if tree[name] != other[name]}
    assert different <= {"README.md", "prj.conf"}


def test_harness_agrees_with_the_modules_tensors(tiny: EmissionModel, emit: Emit) -> None:
    """Zephyr builds TFLM without TF_LITE_STATIC_MEMORY, so the harness must not define it."""
    assert b"TF_LITE_STATIC_MEMORY" not in emit(tiny, "zephyr")["edgewright/edgewright_model.cc"]
    assert b"#define TF_LITE_STATIC_MEMORY" in emit(tiny, "esp_idf")["components/edgewright/edgewright_model.cc"]


@pytest.mark.slow
def test_application(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """It tests itself, then runs the model for each line and each press of the button, and the LED follows."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "zephyr"))
    watch_element(tree / "src" / "main.cc", 1)
    status, lines = run(application(tree), samples(tiny, 2) + "\n")
    assert 0 == status
    assert [line.format(**RATE) for line in SELFTEST] == lines[:6]
    results = [line.format(**RATE) for line in RESULTS]
    assert [results[2], "pin 0 = 0", results[0], "pin 0 = 1", results[1], "pin 0 = 0"] == lines[6:]


@pytest.mark.slow
def test_button_waits_for_the_line(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """While half a line is in the inputs, the button runs nothing."""
    status, lines = run(application(unpack(emit(tiny, "zephyr"))), "0.5, 0.25, ")
    assert (0, 6) == (status, len(lines))


@pytest.mark.slow
def test_application_over_the_protocol(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """A computer runs the model over the serial protocol; then the console is back, without the line begun before."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "zephyr"))
    watch_element(tree / "src" / "main.cc", 1)
    statuses, output, lines = run_over_protocol(application(tree), tiny, 2)
    assert ([0] * 6, tiny.vectors.outputs[2][0].tobytes()) == (statuses, output)
    lines = [re.sub(r"\d+ us", "{us} us", line) for line in lines[len(SELFTEST) :]]
    assert [RESULTS[0], "pin 0 = 1", RESULTS[1], "pin 0 = 0"] == lines


@pytest.mark.slow
def test_application_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """After a failed self-test the application says so and runs nothing, whatever the button does."""
    status, lines = run(application(unpack(emit(tiny, "zephyr"))), "", "0 0 1 9")
    assert (0, "SELF-TEST FAIL vector 0 element 1 expected 50 got 59") == (status, lines[-2])
    assert "The self-test failed, so the application does not start; the serial protocol is answered." == lines[-1]


@pytest.mark.slow
def test_application_on_a_board_without_pins(
    tiny: EmissionModel, tiny_float: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """Where the devicetree has neither LED nor button, lines on the console alone run the model; here in floats."""
    status, lines = run(application(unpack(emit(tiny_float, "zephyr")), "-DSTUB_WITHOUT_PINS=ON"), samples(tiny, 0))
    assert (0, 7) == (status, len(lines))
    assert lines[6].endswith(" = 0.695 in 7629 us")


def test_port(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """The port layer reads without waiting, counts time and starts the board again on reset."""
    library = unpack(emit(tiny, "zephyr")) / "edgewright"
    sources = [library / "edgewright_port.c", EMISSION / "port_main.c", ZEPHYR / "zephyr_main.c"]
    program = link(sources, [library, ZEPHYR / "include"], tmp_path / "port", "-Wno-unused-parameter")
    assert (0, ["read 5 hello", "read 0", "ticks ok", "stack 0"]) == run(program, "hello")
    painted = ("-DCONFIG_INIT_STACKS", "-DCONFIG_THREAD_STACK_INFO")
    program = link(sources, [library, ZEPHYR / "include"], tmp_path / "port", "-Wno-unused-parameter", *painted)
    assert "stack 1192" == run(program, "hello")[1][-1]
