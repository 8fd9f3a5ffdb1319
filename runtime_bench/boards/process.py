"""The worker process seen from outside: started, watched, killed with what it started, its end put into a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.interpreters.process import condense
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask

WORKER = "edgewright.runtime_bench.boards.worker"
LOG = "log"
FIRST_SECONDS = 60.0
"""What a worker may take to start, and a board to boot and test itself, beyond the time of one inference."""
_LOOK_SECONDS = 0.05
_LOG_LIMIT_BYTES = 4096

Watch = Callable[[int], None]
"""Told how many samples are done, whenever that grew."""


def run_device(
    task: BoardTask, inputs: tuple[Array, ...], watch: Watch, *, stall_seconds: float | None = None
) -> tuple[BoardReply, tuple[Array, ...]]:
    """Have a worker process run every sample on a device.

    Args:
        task: engine, device and model.
        inputs: one array (N, …) for each input of the model.
        watch: is told how far it is.
        stall_seconds: the worker is stopped where no sample was done for so long; None takes the task's time for one
            inference and a minute.

    Returns:
        The reply, perhaps a complaint, and the outputs, none with a complaint.

    Raises:
        BoardError: the worker crashed, stalled, or left no usable result.
    """
    from edgewright.runtime_bench.boards import worker

    with tempfile.TemporaryDirectory(prefix="edgewright-") as name:
        folder = Path(name)
        place = task.place
        elf = place.elf.resolve() if place.elf is not None else None
        there = place.model_copy(update={"elf": elf, "cache": place.cache.resolve()})
        (folder / worker.TASK).write_text(task.model_copy(update={"place": there}).model_dump_json())
        worker.write_arrays(folder / worker.INPUTS, inputs)
        patience = stall_seconds if stall_seconds is not None else task.timeout_seconds + FIRST_SECONDS
        status = _wait(_start(folder), folder / worker.PROGRESS, watch, patience)
        done = _done(folder / worker.PROGRESS)
        if status is None:
            raise BoardError(
                f"{task.engine} did nothing for {patience:g} s after sample {done} of {len(inputs[0])} and was stopped."
            )
        if status != 0:
            raise BoardError(f"{task.engine} crashed with status {status} after sample {done}: {_last_line(folder)}.")
        try:
            reply = BoardReply.model_validate_json((folder / worker.REPLY).read_bytes())
            return reply, worker.read_arrays(folder / worker.OUTPUTS)
        except (OSError, ValidationError, ValueError, KeyError):
            raise BoardError(f"{task.engine} ended after sample {done} without a usable result.") from None


def _start(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", WORKER, str(folder), str(os.getpid())],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], progress: Path, watch: Watch, stall_seconds: float) -> int | None:
    """Return the exit status, or None where nothing went on; the whole process group is gone afterwards."""
    done, since = 0, time.monotonic()
    try:
        while True:
            try:
                return process.wait(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                now = _done(progress)
            if now > done:
                done, since = now, time.monotonic()
                watch(done)
            if time.monotonic() - since > stall_seconds:
                return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last_line(folder: Path) -> str:
    """Return what the worker said last."""
    lines = (folder / LOG).read_bytes()[-_LOG_LIMIT_BYTES:].decode(errors="replace").splitlines()
    return condense(next((line for line in reversed(lines) if line.strip()), "without a word"))


def _done(progress: Path) -> int:
    """Return how many samples are done; a file that is being written, or is not there yet, says nothing."""
    try:
        return int(progress.read_text() or 0)
    except (OSError, ValueError):
        return 0
