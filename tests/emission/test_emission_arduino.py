"""The Arduino family: a library as Arduino specifies it, and its sketch over a stub of a core and the fake model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.applications import (
    EMISSION,
    RESULTS,
    SELFTEST,
    STUBS,
    link,
    replace_model,
    run,
    run_over_protocol,
    samples,
    watch_element,
)

from edgewright.pipeline.target import load_family, load_target
from edgewright.pipeline.vocabulary import EmissionModel

CORE = STUBS / "arduino"
SKETCH = "examples/run_model/run_model.ino"
RATE = {"rate": "1000000", "us": "250", "kernels": "reference"}
REQUIRED = (
    "name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures",
)  # fmt: skip

CATEGORIES = (
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
    "Data Processing", "Other", "Uncategorized",
)  # fmt: skip
LONGEST_PATH = 120

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def read_properties(content: bytes) -> dict[str, str]:
    """Read a properties file as Arduino does: lines, `#` for comments, no escapes."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", content.decode())]
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    assert len(pairs) == len({pair[0] for pair in pairs})
    return {key: value.strip() for key, value in pairs}


def application(tree: Path, program: Path, *flags: str) -> Path:
    """Build the sketch with the library as Arduino does, and return the program."""
    replace_model(tree / "src" / "edgewright_model.cpp")
    core = [CORE / "arduino_core.cpp", CORE / "arduino_main.cpp"]
    library = sorted(path for path in (tree / "src").iterdir() if path.suffix in (".c", ".cpp"))
    sketch = program.with_name("sketch.cpp")
    sketch.write_text(f"#include <Arduino.h>\n{(tree / SKETCH).read_text()}")
    return link([sketch, *library, *core], [tree / "src", CORE], program, *flags)


def test_layout(tiny: EmissionModel, emit: Emit) -> None:
    """Sources lie in src/, named as Arduino compiles them; a sketch has its folder's name."""
    tree = emit(tiny, "arduino")
    assert "library.properties" in tree
    paths = [PurePosixPath(name) for name in tree if name not in ("README.md", "library.properties")]
    assert {".ino"} == {path.suffix for path in paths if path.parts[0] == "examples"}
    assert {(".c"), (".cpp"), (".h")} == {path.suffix for path in paths if path.parts[0] == "src"}
    assert {"src", "examples"} == {path.parts[0] for path in paths}
    assert [SKETCH] == [str(path) for path in paths if path.suffix == ".ino" and path.stem == path.parent.name]
    assert (SKETCH,) == load_family("arduino").user_files


def test_properties(tiny: EmissionModel, emit: Emit) -> None:
    """Every field that the specification requires is there, and the headers that it includes exist."""
    tree = emit(tiny, "arduino")
    properties = read_properties(tree["library.properties"])
    assert {*REQUIRED, "includes"} == set(properties)
    assert [] == [name for name in properties["includes"].split(",") if f"src/{name}" not in tree]
    assert "edgewright_tiny_digits" == properties["name"]
    assert 'The model tiny "digits" with its self-test.' == properties["sentence"]


def test_values_follow_the_specification(tiny: EmissionModel, emit: Emit) -> None:
    """Category, version, architectures and sentence are what the specification and the library manager accept."""
    tree = emit(tiny, "arduino")
    properties = read_properties(tree["library.properties"])
    assert properties["category"] in CATEGORIES
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["version"])
    assert "*" == properties["architectures"]
    assert not properties["name"].lower().startswith("arduino")
    assert not properties["paragraph"].startswith(properties["sentence"])
    assert properties["url"].startswith("https://")
    assert [] == [name for name in tree if len(name) > LONGEST_PATH or not re.fullmatch(r"[\w./-]+", name)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text())
@example(name="a\nname=evil\r\u2028\x85 \\")
@example(name="x" * 200)
def test_any_name_comes_through(tiny: EmissionModel, emit: Emit, name: str) -> None:
    """Whatever the model is called, no line is torn, and the library's name keeps to the specification."""
    properties = read_properties(emit(replace(tiny, name=name), "arduino")["library.properties"])
    assert {*REQUIRED, "includes"} == set(properties)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}", properties["name"])
    assert properties["sentence"].startswith("The model ")
    assert properties["sentence"].endswith(" with its self-test.")


@pytest.mark.parametrize("board", ["nano_33_ble", "esp32"])
def test_commands_name_the_board(board: str, tiny: EmissionModel, emit: Emit) -> None:
    """README.md gives arduino-cli the board's own name, package and architecture first."""
    target = load_target(board)
    readme = emit(tiny, "arduino", target=target)["README.md"].decode()
    assert 3 == len(target.boards["arduino"].split(":"))
    assert (
        f"arduino-cli compile -b {target.boards['arduino']} --library . --upload -p PORT examples/run_model" in readme
    )


@pytest.mark.slow
def test_sketch(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """It tests itself, then runs the model for each line that is sent, and the LED follows."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "arduino"))
    watch_element(tree / SKETCH, 1)
    status, lines = run(application(tree, tmp_path / "sketch"), "\n" + samples(tiny, 1) + "1,2\n\n")
    assert (0, "pin 13 is an output") == (status, lines[0])
    assert [line.format(**RATE) for line in SELFTEST] == lines[1:7]
    results = [line.format(**RATE) for line in RESULTS]
    assert [results[0], "pin 13 = 1", results[1], "pin 13 = 0"] == lines[7:11]
    assert ["LINE REFUSED: 2 numbers; send 16 numbers, separated by commas", results[1], "pin 13 = 0"] == lines[11:]


@pytest.mark.slow
def test_application_over_the_protocol(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """A computer runs the model over the serial protocol; then the console is back, without the line begun before."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "arduino"))
    watch_element(tree / SKETCH, 1)
    statuses, output, lines = run_over_protocol(application(tree, tmp_path / "sketch"), tiny, 2)
    assert ([0] * 6, tiny.vectors.outputs[2][0].tobytes()) == (statuses, output)
    assert [RESULTS[0], "pin 13 = 1"] == [re.sub(r"\d+ us", "{us} us", line) for line in lines[1 + len(SELFTEST) :]]


@pytest.mark.slow
def test_sketch_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """After a failed self-test the sketch says so and never runs the model; a board without an LED builds as well."""
    program = application(unpack(emit(tiny, "arduino")), tmp_path / "sketch", "-DSTUB_WITHOUT_LED")
    _, lines = run(program, "go\n", "0 0 1 9")
    assert "SELF-TEST FAIL vector 0 element 1 expected 50 got 59" == lines[-2]
    assert "The self-test failed, so the application does not start; the serial protocol is answered." == lines[-1]


@pytest.mark.parametrize("flags", [(), ("-DARDUINO_ARCH_ESP32",)])
def test_port(flags: tuple[str, ...], tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """The port layer reads without waiting, counts time and starts the board again on reset, on either core."""
    library = unpack(emit(tiny, "arduino")) / "src"
    sources = [library / "edgewright_port.cpp", EMISSION / "port_main.c", CORE / "arduino_core.cpp"]
    program = link(sources, [library, CORE], tmp_path / "port", *flags)
    assert (0, ["read 5 hello", "read 0", "ticks ok", "stack 0"]) == run(program, "hello")
