"""Boards that speak the serial protocol: emitted C, compiled for this computer; and lines that harm what they carry.

The model on them hashes its inputs: `mixed` says what it must compute.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edgewright.pipeline.arena import arena_method
from edgewright.pipeline.emission.firmware import render
from edgewright.pipeline.graph import DType, Graph, Operator, Quantization, Subgraph, Tensor, write
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.vocabulary import Arena, EmissionModel, GoldenVectors
from edgewright.runtime_bench.serial import BoardResult, Transport

PROGRAMS = Path(__file__).parents[1] / "runtime_bench" / "programs"
MODEL_NAME = "boards' größter"
DIGEST = "ab" * 32
ARENA_BYTES = 1024
INPUTS = ((DType.INT8, (1, 150)), (DType.INT32, (7,)))
OUTPUTS = ((DType.INT8, (1, 131)), (DType.INT16, (5,)))
SANITIZED = (
    "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pedantic", "-g", "-O1",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
)  # fmt: skip


def board_model() -> EmissionModel:
    """Return a model of two inputs and two outputs, of several types and of sizes that no frame holds."""
    names = ("image", "counts", "scores", "angles")
    quantization = Quantization(scales=(0.5,), zero_points=(3,))
    tensors = tuple(
        Tensor(
            index=index, name=name, shape=shape, dtype=dtype,
            quantization=None if dtype is DType.INT32 else quantization if dtype is DType.INT8 else
            Quantization(scales=(0.25,), zero_points=(0,)),
        )
        for index, (name, (dtype, shape)) in enumerate(zip(names, INPUTS + OUTPUTS, strict=True))
    )  # fmt: skip
    operators = tuple(
        Operator(index=index, op="RESHAPE", version=1, inputs=(index,), outputs=(index + 2,),
                 options_type="ReshapeOptions", options={"new_shape": tensors[index + 2].shape})
        for index in range(2)
    )  # fmt: skip
    graph = Graph(
        subgraphs=(Subgraph(name="main", tensors=tensors, operators=operators, inputs=(0, 1), outputs=(2, 3)),),
        buffers=(b"",),
        description="boards",
    )
    zeros = [tuple(np.zeros(shape, dtype.value) for dtype, shape in side) for side in (INPUTS, OUTPUTS)]
    return EmissionModel(
        name=MODEL_NAME,
        tflite=write(graph),
        graph=graph,
        labels=(),
        layer_names=("one", "two"),
        vectors=GoldenVectors(inputs=(zeros[0],), outputs=(zeros[1],), origin="zeros"),
        host_arena_bytes=ARENA_BYTES,
        tflm_revision="0",
        configuration_digest=DIGEST,
    )


def board_sources(folder: Path, main: str) -> list[Path]:
    """Write a firmware's C below a folder, with the hashing model and a main program, and return the sources."""
    write_library(board_model(), folder)
    library = ("edgewright_port.c", "edgewright_frame.c", "edgewright_protocol.c", "edgewright_metadata.c")
    return [*(folder / name for name in library), PROGRAMS / "mixing_model.c", PROGRAMS / main]


def write_library(model: EmissionModel, folder: Path) -> None:
    """Write a firmware's C into a folder."""
    target = load_target("host")
    family = choose_family(target, "cmake")
    arena = Arena(
        arena_bytes=ARENA_BYTES, reserve_bytes=0, method=arena_method(target), word_bits=target.word_bits,
        kernels=family.kernels, tflm_revision="0",
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in render(model, arena, target, family, tool_version="1.2.3").items():
        if name.startswith("edgewright/"):
            (folder / Path(name).name).write_bytes(content)


def board_program(folder: Path) -> Path:
    """Compile a board for this computer, with sanitizers, or skip the test."""
    return compile_board(board_sources(folder, "protocol_main.c"), folder)


def compile_board(sources: Sequence[Path], folder: Path, *, flags: tuple[str, ...] = SANITIZED) -> Path:
    """Compile C without a warning, where nothing else is said with sanitizers, or skip the test."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    command = [compiler, *flags, f"-I{folder}", *map(str, sources), "-o", str(folder / "board")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)
    return folder / "board"


def draw_samples(count: int, seed: int = 0) -> tuple[Array, ...]:
    """Draw samples for the board's model."""
    draw = np.random.default_rng(seed)
    return draw.integers(-128, 128, (count, 150), np.int8), draw.integers(-(2**31), 2**31, (count, 7), np.int32)


def mixed(image: Array, counts: Array) -> tuple[bytes, ...]:
    """Return the bytes that the model computes from one sample, after a reset."""
    hashed = 2166136261
    for byte in b"\1" + image.tobytes() + counts.tobytes():
        hashed = (hashed ^ byte) * 16777619 & 0xFFFFFFFF
    outputs = []
    for size_bytes in (131, 10):
        content = bytearray()
        for position in range(size_bytes):
            hashed = (hashed ^ position) * 16777619 & 0xFFFFFFFF
            content.append(hashed >> 24)
        outputs.append(bytes(content))
    return tuple(outputs)


def results_of(samples: tuple[Array, ...]) -> list[tuple[bytes, ...]]:
    """Return what must come out of samples, each of which the model runs after a reset."""
    return [mixed(*sample) for sample in zip(*samples, strict=True)]


def outputs_of(result: BoardResult) -> list[tuple[bytes, ...]]:
    """Return what came out, byte for byte."""
    return [tuple(output.tobytes() for output in row) for row in zip(*result.outputs, strict=True)]


class NoisyLine:
    """Carries bytes as another transport does, and corrupts, drops or doubles some of them, either way."""

    def __init__(self, line: Transport, *, seed: int, share: float = 0.01) -> None:
        self._line = line
        self._draw = random.Random(seed)
        self._share = share
        self.harmed_count = 0

    @property
    def name(self) -> str:
        """The other transport's name."""
        return self._line.name

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._line.write(self._harm(data))

    def read(self, seconds: float) -> bytes:
        """Return what has arrived."""
        return self._harm(self._line.read(seconds))

    def close(self) -> None:
        """Let it go."""
        self._line.close()

    def _harm(self, data: bytes) -> bytes:
        harmed = bytearray()
        for byte in data:
            if self._draw.random() >= self._share:
                harmed.append(byte)
                continue
            self.harmed_count += 1
            kind = self._draw.choice(("corrupt", "drop", "double"))
            if kind == "corrupt":
                harmed.append(byte ^ self._draw.randrange(1, 256))
            elif kind == "double":
                harmed += bytes([byte, byte])
        return bytes(harmed)


@contextmanager
def board_at_port(command: Sequence[str | Path], **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a program behind a pseudo-terminal; give the port that it is at, which is gone when the program ends."""
    theirs, ours = os.openpty()
    tty.setraw(ours)
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    os.close(theirs)
    try:
        yield os.ttyname(ours), process
    finally:
        process.kill()
        process.wait()
        os.close(ours)
