"""What is to be measured: candidates, the engines at hand in their settings, and limits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.digest import digest_bytes
from edgewright.pipeline.errors import BadInputError, TfliteError, nearest
from edgewright.pipeline.graph import Graph, input_tensors, read, total_macs, validate
from edgewright.pipeline.interpreters import ENGINES, SOURCE_ENGINES, Engine, ModelFormat, Resolver
from edgewright.pipeline.layers import layers_path, name_layers, read_layers
from edgewright.runtime_bench.boards import BOARD_ENGINES, BoardEngine, Place
from edgewright.runtime_bench.cores import core_names, load_core
from edgewright.runtime_bench.cores.elf import read_image

MODEL = "model.tflite"
"""In a build's output folder."""
EVERY_ENGINE: tuple[Engine, ...] = (*ENGINES, *SOURCE_ENGINES)
MOST_INPUT_ELEMENTS = 1 << 24
"""Of one input: more than any microcontroller holds."""
_IDENTIFIER = b"TFL3"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long measuring goes on."""

    target_half_width: float = 0.02
    """Share of the median: a row with so narrow an interval is done."""
    time_limit_seconds: float = 15.0
    """For one row, starts of processes included, after which it is given up; four times that where starting takes so
    long that there are fewer processes than an interval takes."""
    block_seconds: float = 0.2
    """Of inferences in one process."""
    timeout_seconds: float = 120.0
    """An interpreter that takes longer is stopped."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One engine with one set of kernels and a number of threads."""

    engine: Engine
    resolver: Resolver
    threads: int

    @property
    def id(self) -> str:
        """How `bench.json` calls it: `litert/xnnpack/2`."""
        return f"{self.engine.name}/{self.resolver.value}/{self.threads}"

    @property
    def runs_source(self) -> bool:
        """Whether it runs the float source model and not the `.tflite`."""
        return self.engine.reads is ModelFormat.KERAS


@dataclass(frozen=True, kw_only=True)
class BoardSetup:
    """One device."""

    engine: BoardEngine
    place: Place
    most_samples: int | None = None
    """The first so many samples are run; None runs all of them."""

    @property
    def id(self) -> str:
        """How `bench.json` calls it: `serial`, `qemu/cortex-m4`."""
        return self.engine.row_id(self.place)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One model that is measured."""

    name: str
    path: Path
    tflite: bytes
    graph: Graph | None
    """None where the file cannot be read; then `complaint` says why, and the interpreters decide for themselves."""
    complaint: str | None
    layer_names: tuple[str, ...]
    keras: bytes | None
    """The float model that it was made from, where that lies beside it."""

    @property
    def digest(self) -> str:
        """SHA-256 of the `.tflite`."""
        return digest_bytes(self.tflite)

    def content(self, setup: Setup) -> bytes | None:
        """Return what a setup runs; None where this candidate has no such file."""
        return self.keras if setup.runs_source else self.tflite


def open_candidates(paths: Sequence[Path]) -> tuple[Candidate, ...]:
    """Read models: each a `.tflite`, or the output folder of a build.

    Raises:
        TfliteError: a file cannot be read, or is no `.tflite`.
    """
    candidates: list[Candidate] = []
    for path in paths:
        name = path.resolve().name if path.is_dir() else path.stem
        taken = [candidate.name for candidate in candidates]
        unique = next(free for free in _names(name, len(taken)) if free not in taken)
        candidates.append(_open(path / MODEL if path.is_dir() else path, unique))
    return tuple(candidates)


def choose_setups(
    names: Sequence[str] = (), *, threads: int = 1, engines: Sequence[Engine] = EVERY_ENGINE
) -> tuple[Setup, ...]:
    """List the engines in the settings that are measured, those that cannot run here included.

    Args:
        names: of engines; empty for all.
        threads: the most; kernels that use several are measured with 1, 2, 4, … and with this many.
        engines: that there are.

    Raises:
        BadInputError: there is no engine of a name.
    """
    known = [*(engine.name for engine in engines), *(engine.name for engine in BOARD_ENGINES)]
    for name in names:
        if name not in known:
            raise BadInputError(f'engine: "{name}" is unknown; {nearest(name, known)}.')
    chosen = [engine for engine in engines if not names or engine.name in names]
    return tuple(
        Setup(engine=engine, resolver=resolver, threads=count)
        for engine in chosen
        for resolver in engine.resolvers
        if resolver is not Resolver.BUILTIN or len(engine.resolvers) == 1
        for count in (_thread_counts(threads) if resolver is Resolver.XNNPACK else (1,))
    )


def choose_boards(
    names: Sequence[str] = (),
    place: Place | None = None,
    *,
    most_samples: int | None = None,
    engines: Sequence[BoardEngine] = BOARD_ENGINES,
) -> tuple[BoardSetup, ...]:
    """List the devices, those that cannot be reached included.

    Args:
        names: of engines; empty for all.
        place: where devices are; None knows of none.
        most_samples: of the test split, that a device runs; None runs all.
        engines: that there are.

    Raises:
        BadInputError: a program was given without its core, or a core without a program; or there is no such port.
        TargetError: there is no such core.
        CompilerError: the program is none.
    """
    place = place or Place()
    _check_program(place)
    _check_port(place)
    return tuple(
        BoardSetup(engine=engine, place=place, most_samples=most_samples)
        for engine in engines
        if not names or engine.name in names
    )


def _check_port(place: Place) -> None:
    """Refuse a port that is none; names of ports are paths on POSIX systems alone."""
    if place.port is None or os.name != "posix" or "://" in place.port:
        return
    path = Path(place.port)
    if not path.is_char_device():
        problem = "is no serial port" if path.exists() else "does not exist"
        raise BadInputError(f"port: {path} {problem}; give the board's device, such as /dev/ttyUSB0.")


def _check_program(place: Place) -> None:
    if (place.elf is None) != (place.core is None):
        given, missing = ("elf", "core") if place.core is None else ("core", "elf")
        raise BadInputError(
            f"{missing}: is missing, and {given} is given; give --elf firmware.elf and --core, one of "
            f"{', '.join(core_names())}."
        )
    if place.elf is None or place.core is None:
        return
    load_core(place.core)
    try:
        read_image(place.elf)
    except OSError as error:
        raise BadInputError(
            f"{place.elf}: cannot be read ({error.strerror}); give the program that was built from emitted firmware."
        ) from None


def _thread_counts(most: int) -> tuple[int, ...]:
    """Return 1, 2, 4, … and the most.

    >>> _thread_counts(6)
    (1, 2, 4, 6)
    """
    powers = (1 << power for power in range(most.bit_length()))
    return tuple(sorted({*(count for count in powers if count <= most), most}))


def _names(name: str, taken_count: int) -> tuple[str, ...]:
    return (name, *(f"{name} ({number})" for number in range(2, taken_count + 2)))


def _open(path: Path, name: str) -> Candidate:
    try:
        tflite = path.read_bytes()
    except OSError as error:
        raise TfliteError(
            f"{path}: cannot be read ({error.strerror}); give a .tflite, or the output folder of a build."
        ) from None
    if tflite[4:8] != _IDENTIFIER:
        raise TfliteError(
            f"{path}: is no .tflite (it lacks the mark TFL3); give a .tflite, or a build's output folder."
        )
    graph: Graph | None = None
    complaint: str | None = None
    names: tuple[str, ...] = ()
    try:
        graph = _read(tflite, path.name)
        layers = layers_path(path)
        names = read_layers(layers, graph) if layers.is_file() else name_layers(graph)
    except TfliteError as error:
        graph, complaint = None, str(error)
    keras = path.with_suffix(".keras")
    return Candidate(
        name=name,
        path=path,
        tflite=tflite,
        graph=graph,
        complaint=complaint,
        layer_names=names,
        keras=keras.read_bytes() if keras.is_file() else None,
    )


def _read(tflite: bytes, source: str) -> Graph:
    """Read a graph that everything here can work on.

    Raises:
        TfliteError: it is malformed, or takes inputs that nothing could fill.
    """
    graph = read(tflite, source=source)
    validate(graph, source)
    total_macs(graph)
    for tensor in input_tensors(graph):
        if min(tensor.shape, default=1) < 1 or tensor.element_count > MOST_INPUT_ELEMENTS:
            raise TfliteError(
                f"{source}: an input has the shape {tensor.shape}; fixed shapes of at most {MOST_INPUT_ELEMENTS:,} "
                "elements are accepted."
            )
    return graph
