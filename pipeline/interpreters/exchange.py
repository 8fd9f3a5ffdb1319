"""How parent and worker talk: files in a folder of their own, so that nothing an interpreter prints can get in between.

    task.json, model.tflite, inputs.npz   written by the parent before the worker starts
    phase                                 what the worker is doing, rewritten as it goes
    log                                   whatever the worker or the interpreter prints
    outputs.npz, reply.json               written by the worker; the reply comes last, and by renaming

Arrays are read without pickle. Both sides read only what they expect, and anything else is an `ExchangeError`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgewright.pipeline.interpreters.engine import Resolver
from edgewright.pipeline.interpreters.types import Allocations, Array, MemoryUse

LOG = "log"
_TASK, _MODEL, _INPUTS = "task.json", "model.tflite", "inputs.npz"
_PHASE, _REPLY, _OUTPUTS = "phase", "reply.json", "outputs.npz"


class ExchangeError(Exception):
    """A file of the exchange is missing or is not what it should be."""


class Kind(str, Enum):
    """What a worker is asked to do."""

    RUN = "run"
    FIND_ARENA = "find_arena"
    TIME_INVOKES = "time_invokes"


class Phase(str, Enum):
    """What a worker is doing; the value completes "... while"."""

    STARTING = "starting"
    LOADING = "loading the model"
    RUNNING = "running the model"
    SEARCHING = "searching for the smallest arena"


class Outcome(str, Enum):
    """How a worker's task ended."""

    DONE = "done"
    NOT_STARTED = "not_started"
    """The interpreter could not be imported."""
    REFUSED = "refused"
    """The interpreter raised."""
    WRONG_INPUTS = "wrong_inputs"
    """The arrays do not fit the model."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the worker is asked to do, without model and arrays; the figures are those of the request classes."""

    kind: Kind
    module: str
    runtime_module: str
    resolver: Resolver = Resolver.REFERENCE
    threads: int = 1
    arena_bytes: int | None = None
    want_timings: bool = False
    want_allocations: bool = False
    warm_up_runs: int = 0
    minimum_runs: int = 1
    maximum_runs: int = 1
    time_limit_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the worker answers, without arrays."""

    outcome: Outcome
    message: str = ""
    latencies_us: tuple[float, ...] = ()
    load_time_us: float = 0.0
    first_time_us: float = 0.0
    yardsticks_us: tuple[float, ...] = ()
    memory: MemoryUse | None = None
    uses_delegate: bool = False
    allocations: Allocations | None = None
    arena_bytes: int = 0
    attempts: int = 0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The phase a worker was last in, and how long its log was when that phase began."""

    phase: Phase
    log_bytes: int


def write_task(folder: Path, task: Task, tflite: bytes, inputs: tuple[Array, ...]) -> None:
    """Write what the worker needs into an empty folder."""
    _write_arrays(folder / _INPUTS, inputs)
    (folder / _MODEL).write_bytes(tflite)
    (folder / _TASK).write_text(json.dumps(asdict(task)))


def read_task(folder: Path) -> tuple[Task, bytes, tuple[Array, ...]]:
    """Read what `write_task` wrote.

    Raises:
        ExchangeError: a file is missing or malformed.
    """
    fields = _read_json(folder / _TASK)
    task = Task(
        kind=_enum(fields, "kind", Kind),
        module=_text(fields, "module"),
        runtime_module=_text(fields, "runtime_module"),
        resolver=_enum(fields, "resolver", Resolver),
        threads=_integer(fields, "threads"),
        arena_bytes=None if fields.get("arena_bytes") is None else _integer(fields, "arena_bytes"),
        want_timings=fields.get("want_timings") is True,
        want_allocations=fields.get("want_allocations") is True,
        warm_up_runs=_integer(fields, "warm_up_runs"),
        minimum_runs=_integer(fields, "minimum_runs"),
        maximum_runs=_integer(fields, "maximum_runs"),
        time_limit_seconds=_number(fields, "time_limit_seconds"),
    )
    return task, (folder / _MODEL).read_bytes(), _read_arrays(folder / _INPUTS)


def write_progress(folder: Path, progress: Progress) -> None:
    """Note what the worker does next."""
    (folder / _PHASE).write_text(f"{progress.log_bytes} {progress.phase.value}")


def read_progress(folder: Path) -> Progress:
    """Read what the worker was last doing; a worker that noted nothing was starting."""
    try:
        log_bytes, _, phase = (folder / _PHASE).read_text().partition(" ")
        return Progress(phase=Phase(phase), log_bytes=int(log_bytes))
    except (OSError, ValueError):
        return Progress(phase=Phase.STARTING, log_bytes=0)


def write_reply(folder: Path, reply: Reply, outputs: tuple[Array, ...] = ()) -> None:
    """Write the outputs, then the reply that says they are complete."""
    _write_arrays(folder / _OUTPUTS, outputs)
    unfinished = folder / f"{_REPLY}.unfinished"
    unfinished.write_text(json.dumps(asdict(reply)))
    unfinished.replace(folder / _REPLY)


def read_reply(folder: Path) -> tuple[Reply, tuple[Array, ...]]:
    """Read what `write_reply` wrote.

    Raises:
        ExchangeError: a file is missing or malformed.
    """
    fields = _read_json(folder / _REPLY)
    allocations, memory = fields.get("allocations"), fields.get("memory")
    latencies_us = _figures(fields, "latencies_us")
    reply = Reply(
        outcome=_enum(fields, "outcome", Outcome),
        message=_text(fields, "message"),
        latencies_us=latencies_us,
        load_time_us=_number(fields, "load_time_us"),
        first_time_us=_number(fields, "first_time_us"),
        yardsticks_us=_figures(fields, "yardsticks_us"),
        memory=None if memory is None else _memory(memory),
        uses_delegate=fields.get("uses_delegate") is True,
        allocations=None if allocations is None else _allocations(allocations),
        arena_bytes=_integer(fields, "arena_bytes"),
        attempts=_integer(fields, "attempts"),
    )
    return reply, _read_arrays(folder / _OUTPUTS)


def _write_arrays(path: Path, arrays: tuple[Array, ...]) -> None:
    np.savez(path, **{f"array_{index}": array for index, array in enumerate(arrays)})


def _read_arrays(path: Path) -> tuple[Array, ...]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return tuple(archive[f"array_{index}"] for index in range(len(archive.files)))
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ExchangeError(f"{path.name} cannot be read ({error})") from None


def _read_json(path: Path) -> Mapping[str, object]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ExchangeError(f"{path.name} cannot be read ({error})") from None
    if not isinstance(content, dict):
        raise ExchangeError(f"{path.name} holds no object")
    return content


def _allocations(fields: object) -> Allocations:
    if not isinstance(fields, dict):
        raise ExchangeError("allocations is no object")
    return Allocations(
        total_bytes=_integer(fields, "total_bytes"),
        head_bytes=_integer(fields, "head_bytes"),
        tail_bytes=_integer(fields, "tail_bytes"),
    )


def _memory(fields: object) -> MemoryUse:
    if not isinstance(fields, dict):
        raise ExchangeError("memory is no object")
    return MemoryUse(base_bytes=_integer(fields, "base_bytes"), peak_bytes=_integer(fields, "peak_bytes"))


def _figures(fields: Mapping[str, object], key: str) -> tuple[float, ...]:
    value = fields.get(key)
    if not isinstance(value, list) or not all(isinstance(figure, float) for figure in value):
        raise ExchangeError(f"{key} is no list of numbers")
    return tuple(value)


AnyEnum = TypeVar("AnyEnum", bound=Enum)


def _enum(fields: Mapping[str, object], key: str, kind: type[AnyEnum]) -> AnyEnum:
    try:
        return kind(fields.get(key))
    except ValueError as error:
        raise ExchangeError(f"{key}: {error}") from None


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise ExchangeError(f"{key} is no text")
    return value


def _integer(fields: Mapping[str, object], key: str) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ExchangeError(f"{key} is no integer")
    return value


def _number(fields: Mapping[str, object], key: str) -> float:
    value = fields.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ExchangeError(f"{key} is no number")
    return float(value)
