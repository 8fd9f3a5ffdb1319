"""Building emitted applications on the host, over stubs of their families' tools and the fake model."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.serial.frames import Command, Frame, Readable, Splitter, encode

EMISSION = Path(__file__).parents[1] / "emission"
STUBS = EMISSION / "stubs"
SELFTEST = (
    f"SELF-TEST BEGIN format=2 edgewright=0.0.0 configuration={'0' * 64}",
    "SELF-TEST SETUP kernels={kernels} tolerance=0 vectors=3 arena_used=1234 arena_bytes=2048",
    "SELF-TEST ARENA used=1234 expected=0 reserved=2048 not computed",
    "SELF-TEST TIMING ticks=250 ticks_per_second={rate} us={us}",
    "SELF-TEST PASS 3/3 max_diff=0",
    "Send 16 numbers on a line, or an empty line for a golden vector.",
)
RESULTS = (
    "element 1 two = 0.695 in {us} us",
    "element 2 three = 0.574 in {us} us",
    "element 2 three = 0.402 in {us} us",
)
"""What the applications print for the tiny model with the labels one, two and three, whose LED shows element 1."""


def samples(model: EmissionModel, *vectors: int) -> str:
    """Return lines with the real values of some golden inputs, one for each."""
    quantization = model.graph.main.tensors[model.graph.main.inputs[0]].quantization
    assert quantization is not None
    reals = (dequantize(model.vectors.inputs[vector][0], quantization) for vector in vectors)
    return "".join(",".join(str(value) for value in real.flat) + "\n" for real in reals)


def replace_model(harness: Path) -> None:
    """Put the fake model in the place of the harness over TensorFlow Lite Micro."""
    assert "micro_interpreter.h" in harness.read_text()
    shutil.copy(EMISSION / "fake_model.c", harness)


def watch_element(application: Path, element: int) -> None:
    """Edit an application as its user may: the LED shows another element."""
    text = application.read_text()
    assert 1 == text.count("kLedElement = 0;")
    application.write_text(text.replace("kLedElement = 0;", f"kLedElement = {element};"))


def configure(tree: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Let CMake read a project and return what became of it."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake: install it (Debian: apt install cmake)")
    command = [cmake, "-S", str(tree), "-B", str(tree / "build"), *options]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IDF_", "PICO_", "ZEPHYR_"))}
    return subprocess.run(command, capture_output=True, text=True, env={**kept, **environment}, check=False)


def build(tree: Path, *options: str, **environment: str) -> Path:
    """Build a CMake project without a warning and return its build folder."""
    configured = configure(tree, *options, **environment)
    assert (0, "") == (configured.returncode, configured.stderr)
    command = ["cmake", "--build", str(tree / "build")]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (built.returncode, built.stderr)
    return tree / "build"


def link(sources: Sequence[Path], includes: Sequence[Path], program: Path, *flags: str) -> Path:
    """Compile C and C++ sources without a warning, link them and return the program."""
    compilers = {True: shutil.which("cc"), False: shutil.which("c++")}
    if None in compilers.values():
        pytest.skip("no C and C++ compiler: install them (Debian: apt install gcc g++)")
    objects: list[str] = []
    for number, source in enumerate(sources):
        is_c = source.suffix == ".c"
        objects.append(f"{program}{number}.o")
        standard = ["-std=c99"] if is_c else ["-std=c++11", "-x", "c++"]
        warnings = ["-Wall", "-Wextra", "-Werror"]
        paths = [f"-I{path}" for path in includes]
        command = [str(compilers[is_c]), *standard, *warnings, *flags, *paths, "-c", str(source), "-o", objects[-1]]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (source.name, 0, "") == (source.name, finished.returncode, finished.stderr)
    subprocess.run([str(compilers[False]), *objects, "-o", str(program)], check=True)
    return program


def run(program: Path, console: str, fake: str = "") -> tuple[int, list[str]]:
    """Run a program with what is sent to its console; return its exit status and the lines that it printed."""
    environment = {**os.environ, "FAKE": fake}
    finished = subprocess.run(
        [program], input=console, capture_output=True, text=True, env=environment, timeout=10, check=False
    )
    assert "" == finished.stderr
    return finished.returncode, finished.stdout.splitlines()


def run_over_protocol(program: Path, model: EmissionModel, vector: int) -> tuple[list[int], bytes, list[str]]:
    """Run a golden vector of the tiny model over the serial protocol, between a line that was begun and an empty one.

    Returns:
        The status of each answer, the output, and the lines of text that the program printed.
    """
    given = model.vectors.inputs[vector][0].tobytes()
    requests = (
        (Command.HELLO, b""), (Command.RESET, b""), (Command.WRITE, struct.pack("<BI", 0, 0) + given),
        (Command.INVOKE, struct.pack("<I", zlib.crc32(given))),
        (Command.READ, struct.pack("<BBI", Readable.OUTPUT, 0, 0)), (Command.BYE, b""),
    )  # fmt: skip
    sent = [
        encode(Frame(command=command, sequence=number, session=1, payload=payload))
        for number, (command, payload) in enumerate(requests)
    ]
    console = b"1,2," + b"\n".join(sent) + b"\n"
    finished = subprocess.run([program], input=console, capture_output=True, timeout=10, check=False)
    assert b"" == finished.stderr
    splitter = Splitter()
    frames = [frame for frame in splitter.take(finished.stdout) if frame is not None]
    return [frame.status for frame in frames], frames[-2].payload[4:], splitter.text.splitlines()
