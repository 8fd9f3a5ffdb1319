"""The worker process seen from outside: started, watched, killed, and its end put into one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters.engine import Engine
from edgewright.pipeline.interpreters.exchange import (
    LOG,
    ExchangeError,
    Outcome,
    Reply,
    Task,
    read_progress,
    read_reply,
    write_task,
)
from edgewright.pipeline.interpreters.types import Array

WORKER = "edgewright.pipeline.interpreters.worker"

_LOG_LIMIT_BYTES = 65536
_MESSAGE_LIMIT = 300
_CHATTER = ("INFO", "WARNING", "W0000", "I0000")


def work(
    engine: Engine, task: Task, tflite: bytes, inputs: tuple[Array, ...], *, timeout_seconds: float
) -> tuple[Reply, tuple[Array, ...]]:
    """Have a worker process do one task.

    Args:
        engine: which interpreter; must be available.
        task: what to do.
        tflite: the model.
        inputs: arrays with a leading sample axis; may be empty where the task allows it.
        timeout_seconds: after this the worker is killed.

    Returns:
        The reply and its output arrays.

    Raises:
        InterpreterError: the engine is not available, refused the model or the inputs, crashed, timed out, or left no
            usable result.
    """
    reason = engine.unavailable_reason()
    if reason is not None:
        raise InterpreterError(reason)
    with tempfile.TemporaryDirectory(prefix="edgewright-") as name:
        folder = Path(name)
        write_task(folder, task, tflite, inputs)
        status = _wait(_start(folder), timeout_seconds)
        if status is None:
            raise InterpreterError(
                f"{engine.label} did not finish within {timeout_seconds:g} s while {_phase(folder)} and was stopped: "
                "allow more time, or give it a smaller model or fewer samples."
            )
        if status < 0:
            raise InterpreterError(_describe_crash(engine, folder, -status))
        return _read(engine, folder, status)


def condense(text: str) -> str:
    r"""Make one short line of what a program said.

    >>> condense("first\nsecond \x00 third.  ")
    'first second third'
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    if len(line) > _MESSAGE_LIMIT:
        line = line[:_MESSAGE_LIMIT].rstrip() + " ..."
    return line.rstrip(".:; ") if not line.endswith("...") else line


def _start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", WORKER, str(folder), str(os.getpid())],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], timeout_seconds: float) -> int | None:
    """Return the exit status, or None where the time is up; the whole process group is gone afterwards."""
    try:
        return process.wait(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(engine: Engine, folder: Path, status: int) -> tuple[Reply, tuple[Array, ...]]:
    try:
        reply, outputs = read_reply(folder)
    except ExchangeError as error:
        said = _last_line(folder)
        raise InterpreterError(
            f"{engine.label} ended with status {status} while {_phase(folder)} without a usable result: "
            f"{condense(said or str(error))}."
        ) from None
    if reply.outcome is Outcome.WRONG_INPUTS:
        raise InterpreterError(f"{engine.label} cannot run these samples: {condense(reply.message)}.")
    if reply.outcome is Outcome.NOT_STARTED:
        raise InterpreterError(
            f"{engine.label} could not be started: {condense(reply.message)}. Install it again: `{engine.install}`."
        )
    if reply.outcome is Outcome.REFUSED:
        said = _first_line(folder)
        reason = condense(reply.message) + (f" ({condense(said)})" if said else "")
        refusal = InterpreterError(
            f"{engine.label} refused the model while {_phase(folder)}: {reason}. "
            "Use a model that this interpreter supports, or another interpreter."
        )
        refusal.log = "\n".join(_lines(folder))
        raise refusal
    return reply, outputs


def _describe_crash(engine: Engine, folder: Path, number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    said = _last_line(folder)
    words = f' (it said "{condense(said)}")' if said else ""
    cause = "memory may have run out" if name == "SIGKILL" else "the model may be damaged: check it or convert it again"
    return f"{engine.label} crashed with {name} while {_phase(folder)}{words}; {cause}."


def _phase(folder: Path) -> str:
    return read_progress(folder).phase.value


def _first_line(folder: Path) -> str:
    return next(iter(_lines(folder)), "")


def _last_line(folder: Path) -> str:
    return next(reversed(_lines(folder)), "")


def _lines(folder: Path) -> list[str]:
    """What was printed in the worker's last phase, without chatter; of a long log only the beginning."""
    with (folder / LOG).open("rb") as log:
        log.seek(read_progress(folder).log_bytes)
        text = log.read(_LOG_LIMIT_BYTES).decode(errors="replace")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(_CHATTER)]
