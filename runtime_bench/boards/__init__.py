"""Devices as engines of the bench: emitted firmware that speaks the serial protocol, whatever runtime is behind it.

    BoardEngine.run(BoardTask, inputs) -> BoardReply, outputs    in a process of its own: `run_device`

An engine is one module with an `ENGINE`, and its entry in `BOARD_ENGINES`.
"""

from __future__ import annotations

from edgewright.pipeline.errors import BoardError, nearest
from edgewright.runtime_bench.boards import qemu, serial
from edgewright.runtime_bench.boards.engine import BoardEngine
from edgewright.runtime_bench.boards.process import run_device
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask, Place

__all__ = ["BOARD_ENGINES", "BoardEngine", "BoardReply", "BoardTask", "Place", "board_engine_named", "run_device"]

BOARD_ENGINES: tuple[BoardEngine, ...] = (qemu.ENGINE, serial.ENGINE)


def board_engine_named(name: str) -> BoardEngine:
    """Return the engine of that name.

    Raises:
        BoardError: there is none.
    """
    for engine in BOARD_ENGINES:
        if engine.name == name:
            return engine
    raise BoardError(f'Unknown engine "{name}": {nearest(name, (engine.name for engine in BOARD_ENGINES))}.')
