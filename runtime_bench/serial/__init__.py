"""A board over its serial line: the host's side of the protocol that every firmware speaks (docs/protocol.md)."""

from edgewright.runtime_bench.serial.board import Board, open_board
from edgewright.runtime_bench.serial.emulation import EmulatedBoard, emulated_board
from edgewright.runtime_bench.serial.facts import BoardDescription, BoardMemory, BoardRun, BoardTensor, BoardTiming
from edgewright.runtime_bench.serial.link import Patience, Traffic
from edgewright.runtime_bench.serial.streaming import BoardResult, compare_with_tflm, run_board, run_samples
from edgewright.runtime_bench.serial.transport import ProgramLine, SerialPort, Transport, port_names

__all__ = [
    "Board",
    "BoardDescription",
    "BoardMemory",
    "BoardResult",
    "BoardRun",
    "BoardTensor",
    "BoardTiming",
    "EmulatedBoard",
    "Patience",
    "ProgramLine",
    "SerialPort",
    "Traffic",
    "Transport",
    "compare_with_tflm",
    "emulated_board",
    "open_board",
    "port_names",
    "run_board",
    "run_samples",
]
