"""Samples through an open session with a device, whatever carries it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import RenderableType

from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.interpreters.batch import sample_of
from edgewright.pipeline.interpreters.types import TensorSpec
from edgewright.pipeline.progress import Advance as Step
from edgewright.runtime_bench.boards.engine import Advance
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask
from edgewright.runtime_bench.serial import Board, BoardResult, run_samples


class OtherModelError(BoardError):
    """The device runs another model than the one that is measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionRuns:
    """What a session gave."""

    result: BoardResult
    extra_ticks: tuple[int, ...]
    """Of runs beyond the samples, for a time that can be told."""

    def describe(self) -> BoardReply:
        """Return what the device told of itself and its memory."""
        found, memory = self.result.description, self.result.memory
        return BoardReply(
            tool_version=found.tool_version,
            configuration_digest=found.configuration_digest,
            model_name=found.model_name,
            kernels=found.kernels,
            selftest=found.selftest,
            arena_used_bytes=memory.arena_used_bytes,
            arena_bytes=memory.arena_bytes,
            stack_bytes=memory.stack_bytes,
        )


class _Counting:
    """A reporter whose bar counts for the process outside."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    def line(self, text: str) -> None:
        """Show nothing."""

    def show(self, view: RenderableType) -> None:
        """Show nothing."""

    @contextmanager
    def bar(self, title: str, step_count: int) -> Iterator[Step]:
        """Count steps."""
        del title, step_count
        done = 0

        def step(remark: str) -> None:
            nonlocal done
            del remark
            done += 1
            self._advance(done)

        yield step


def run_session(
    board: Board, task: BoardTask, inputs: tuple[Array, ...], advance: Advance, *, fewest_runs: int = 0
) -> SessionRuns:
    """Run every sample on a device that runs the right model.

    Args:
        board: in an open session.
        task: which model must be on it.
        inputs: the samples.
        advance: is told of every sample.
        fewest_runs: samples are run again until there are so many runs.

    Raises:
        OtherModelError: another model is on the device.
        BoardError: as `run_samples`.
    """
    found = board.description
    if found.model_digest != task.model_digest:
        raise OtherModelError(
            f'{board.name} runs another model, "{found.model_name}" (SHA-256 {found.model_digest[:12]}…), and this one '
            f"is {task.model_digest[:12]}…: flash the firmware that was emitted for it, or give its build's folder."
        )
    result = run_samples(board, inputs, _Counting(advance))
    specs = tuple(TensorSpec(shape=tensor.shape, dtype=tensor.dtype) for tensor in found.inputs)
    count = len(inputs[0])
    extra = [board.run(sample_of(inputs, specs, index % count)).ticks for index in range(count, fewest_runs)]
    return SessionRuns(result=result, extra_ticks=tuple(extra))
