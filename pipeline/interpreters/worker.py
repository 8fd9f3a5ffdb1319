"""The process in which one interpreter runs one task: `python -m ...interpreters.worker FOLDER PARENT`.

It dies with its parent, leaves no core file, may not take all of the machine's memory, and ends without running any
destructor of the interpreter. Only the engine that is TensorFlow imports that: it breaks tflite-runtime in the same
process.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgewright.pipeline.interpreters.arena_search import NoArenaError, smallest_working
from edgewright.pipeline.interpreters.batch import WrongInputsError, check_inputs, join_outputs, sample_of
from edgewright.pipeline.interpreters.capture import StderrCapture
from edgewright.pipeline.interpreters.exchange import (
    Kind,
    Outcome,
    Phase,
    Progress,
    Reply,
    Task,
    read_task,
    write_progress,
    write_reply,
)
from edgewright.pipeline.interpreters.memory import PeakMemory
from edgewright.pipeline.interpreters.types import Array, Session, SessionOptions
from edgewright.pipeline.interpreters.yardstick import measure_yardstick_us

MEMORY_LIMIT_BYTES = 4 * 1024**3
"""Address space that a worker may take: a hostile model ends with a refusal, not with a machine that swaps."""

ARENA_LIMIT_BYTES = 64 * 1024 * 1024
"""The largest arena that the search tries."""

_PR_SET_PDEATHSIG = 1

Opener = Callable[[bytes, SessionOptions], Session]
Answer = tuple[Reply, tuple[Array, ...]]


def main(arguments: list[str]) -> None:
    """Do the task that lies in a folder, write the reply there, and end the process.

    Args:
        arguments: the folder, and the process id of the parent.
    """
    die_with_parent(int(arguments[1]))
    _limit_resources()
    folder = Path(arguments[0])
    write_reply(folder, *_answer(folder))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _answer(folder: Path) -> Answer:
    task, tflite, inputs = read_task(folder)
    try:
        opener: Opener = importlib.import_module(task.module).open_session
        importlib.import_module(task.runtime_module)
    except Exception as error:  # whatever an import raises
        return Reply(outcome=Outcome.NOT_STARTED, message=str(error) or type(error).__name__), ()
    try:
        if task.kind is Kind.RUN:
            return _run(folder, task, opener, tflite, inputs)
        if task.kind is Kind.TIME_INVOKES:
            return _time_invokes(folder, task, opener, tflite, inputs)
        return _find_arena(folder, task, opener, tflite)
    except WrongInputsError as error:
        return Reply(outcome=Outcome.WRONG_INPUTS, message=str(error)), ()
    except Exception as error:  # whatever an interpreter raises is its refusal
        return Reply(outcome=Outcome.REFUSED, message=str(error) or type(error).__name__), ()


def _run(folder: Path, task: Task, opener: Opener, tflite: bytes, inputs: tuple[Array, ...]) -> Answer:
    session, load_time_us = _open(folder, opener, tflite, _options(task))
    count = check_inputs(inputs, session.inputs)
    _enter(folder, Phase.RUNNING)
    outputs, latencies_us = [], []
    for index in range(count):
        session.set_inputs(sample_of(inputs, session.inputs, index))
        latencies_us.append(_invoke_us(session))
        outputs.append(session.outputs())
    reply = Reply(
        outcome=Outcome.DONE,
        latencies_us=tuple(latencies_us) if task.want_timings else (),
        load_time_us=load_time_us,
        uses_delegate=session.uses_delegate(),
        allocations=session.allocations() if task.want_allocations else None,
    )
    return reply, join_outputs(outputs)


def _time_invokes(folder: Path, task: Task, opener: Opener, tflite: bytes, inputs: tuple[Array, ...]) -> Answer:
    peak = PeakMemory()
    session, load_time_us = _open(folder, opener, tflite, _options(task))
    if inputs:
        check_inputs(inputs, session.inputs)
        session.set_inputs(sample_of(inputs, session.inputs, 0))
    else:
        session.set_inputs(_zeros(session))
    _enter(folder, Phase.RUNNING)
    first_time_us = _invoke_us(session)
    memory = peak.measure()
    _invoke_repeatedly(session, task.time_limit_seconds / 4, 0, task.warm_up_runs - 1)
    before_us = measure_yardstick_us()
    latencies_us = _invoke_repeatedly(session, task.time_limit_seconds, task.minimum_runs, task.maximum_runs)
    reply = Reply(
        outcome=Outcome.DONE,
        latencies_us=latencies_us,
        load_time_us=load_time_us,
        first_time_us=first_time_us,
        yardsticks_us=(before_us, measure_yardstick_us()),
        memory=memory,
        uses_delegate=session.uses_delegate(),
    )
    return reply, ()


def _find_arena(folder: Path, task: Task, opener: Opener, tflite: bytes) -> Answer:
    """Search from the bytes that the interpreter reports as used; with some models far more are needed to start."""
    session, load_time_us = _open(folder, opener, tflite, _options(task))
    _enter(folder, Phase.RUNNING)
    session.set_inputs(_zeros(session))
    session.invoke()
    allocations = session.allocations()
    if allocations is None:
        raise NoArenaError("this interpreter has no arena")
    _enter(folder, Phase.SEARCHING)
    with StderrCapture():
        found = smallest_working(
            lambda arena_bytes: _works(opener, tflite, _options(task, arena_bytes)),
            near_bytes=allocations.total_bytes,
            limit_bytes=ARENA_LIMIT_BYTES,
        )
    reply = Reply(
        outcome=Outcome.DONE,
        load_time_us=load_time_us,
        allocations=allocations,
        arena_bytes=found.arena_bytes,
        attempts=found.attempts,
    )
    return reply, ()


def _works(opener: Opener, tflite: bytes, options: SessionOptions) -> bool:
    """Try one arena in a fork of this process: too small a one makes the interpreter raise, or crash (LSTM does)."""
    worker = os.getpid()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    status = 1
    try:
        die_with_parent(worker)
        session = opener(tflite, options)
        session.set_inputs(_zeros(session))
        session.invoke()
        session.outputs()
        status = 0
    finally:
        os._exit(status)


def _open(folder: Path, opener: Opener, tflite: bytes, options: SessionOptions) -> tuple[Session, float]:
    _enter(folder, Phase.LOADING)
    started_ns = time.perf_counter_ns()
    session = opener(tflite, options)
    return session, (time.perf_counter_ns() - started_ns) / 1000


def _options(task: Task, arena_bytes: int | None = None) -> SessionOptions:
    return SessionOptions(resolver=task.resolver, threads=task.threads, arena_bytes=arena_bytes or task.arena_bytes)


def _invoke_us(session: Session) -> float:
    started_ns = time.perf_counter_ns()
    session.invoke()
    return (time.perf_counter_ns() - started_ns) / 1000


def _invoke_repeatedly(session: Session, limit_seconds: float, minimum: int, maximum: int) -> tuple[float, ...]:
    deadline = time.perf_counter() + limit_seconds
    latencies_us: list[float] = []
    while len(latencies_us) < minimum or (len(latencies_us) < maximum and time.perf_counter() < deadline):
        latencies_us.append(_invoke_us(session))
    return tuple(latencies_us)


def _zeros(session: Session) -> tuple[Array, ...]:
    return tuple(np.zeros(spec.shape, spec.dtype) for spec in session.inputs)


def _enter(folder: Path, phase: Phase) -> None:
    sys.stdout.flush()
    write_progress(folder, Progress(phase=phase, log_bytes=os.fstat(sys.stderr.fileno()).st_size))


def die_with_parent(parent: int) -> None:
    """Ask the kernel for a kill when the parent ends, where it can do that; end at once where the parent has ended."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:
        return
    limits = ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY_LIMIT_BYTES))
    for kind, limit in limits:
        hard = resource.getrlimit(kind)[1]
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    main(sys.argv[1:])
