"""A real board at a serial port of this computer; its own clock tells how long an inference takes."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass

from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.boards.engine import Advance
from edgewright.runtime_bench.boards.session import SessionRuns, run_session
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask, Place
from edgewright.runtime_bench.serial import Patience, SerialPort, open_board

PACKAGE = "pyserial"


@dataclass(frozen=True, kw_only=True)
class SerialEngine:
    """Reaches a board through pyserial."""

    name: str = "serial"
    title: str = "a board at a serial port"
    module: str = "serial"
    """Of pyserial."""

    def unavailable_reason(self, place: Place) -> str | None:
        """Say why no board can be reached; whether it answers shows when it is asked."""
        if importlib.util.find_spec(self.module) is None:
            return f"{PACKAGE} is not installed: run `pip install {PACKAGE}`."
        if place.port is None:
            return "no board was named: give --port /dev/ttyUSB0 (make: port=/dev/ttyUSB0)."
        return None

    def row_id(self, place: Place) -> str:
        """Return the name alone: boards are told apart by what they tell of themselves."""
        del place
        return self.name

    def run(self, task: BoardTask, inputs: tuple[Array, ...], advance: Advance) -> tuple[BoardReply, tuple[Array, ...]]:
        """Run every sample on the board.

        Raises:
            BoardError: the port cannot be opened, or the board is not to be reached, or runs another model.
        """
        first_seconds = min(Patience().first_seconds, task.timeout_seconds)
        patience = Patience(first_seconds=first_seconds, run_seconds=task.timeout_seconds)
        line = SerialPort(task.place.port or "", baud=task.place.baud)
        try:
            with open_board(line, patience=patience) as board:
                found = run_session(board, task, inputs, advance, fewest_runs=task.fewest_runs)
        finally:
            line.close()
        return _with_times(found), found.result.outputs


ENGINE = SerialEngine()


def _with_times(found: SessionRuns) -> BoardReply:
    described = found.describe().model_copy(update={"engine_version": importlib.metadata.version(PACKAGE)})
    rate = found.result.ticks_per_second
    if rate <= 0:
        return described.model_copy(update={"note": "the board's clock has no rate, so no time is told"})
    first, *others = (ticks * 1e6 / rate for ticks in (*found.result.ticks, *found.extra_ticks))
    return described.model_copy(update={"first_us": first, "latencies_us": tuple(others), "tick_us": 1e6 / rate})
