"""A whole set of samples through the model on a board, and whether it computes what TensorFlow Lite Micro computes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version

from edgewright.pipeline.agreement import Agreement, compare, integers_of
from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Array, Request, Resolver, Result, Versions, run, tflm_engine
from edgewright.pipeline.interpreters.batch import WrongInputsError, check_inputs, join_outputs, sample_of
from edgewright.pipeline.interpreters.types import TensorSpec
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.vocabulary import promised_lsb
from edgewright.runtime_bench.serial.board import Board, open_board
from edgewright.runtime_bench.serial.facts import BoardDescription, BoardMemory
from edgewright.runtime_bench.serial.link import Patience, Traffic
from edgewright.runtime_bench.serial.transport import BAUD, SerialPort

ENGINE = "serial"


@dataclass(frozen=True, kw_only=True)
class BoardResult:
    """What a board made of a set of samples."""

    description: BoardDescription
    outputs: tuple[Array, ...]
    """(N, ...) each, in the shapes that interpreters give."""
    ticks: tuple[int, ...]
    """Of each inference."""
    ticks_per_second: int
    memory: BoardMemory
    traffic: Traffic

    @property
    def latencies_us(self) -> tuple[float, ...]:
        """The time of each inference."""
        return tuple(ticks * 1e6 / self.ticks_per_second for ticks in self.ticks)


def run_samples(
    board: Board, inputs: tuple[Array, ...], reporter: Reporter, *, configuration_digest: str | None = None
) -> BoardResult:
    """Run every sample on a board; its model forgets the earlier ones before each.

    Args:
        board: in an open session.
        inputs: one array for each input of the model, of its type, (N, ...) as in `interpreters.types`.
        reporter: shows how far it is.
        configuration_digest: what the firmware must have been made from; None takes any.

    Raises:
        BoardError: the samples do not fit the model, the board runs another one, or it failed, restarted, stalled or
            disappeared. There is no partial result.
    """
    found = board.description
    if configuration_digest not in (None, found.configuration_digest):
        raise BoardError(
            f'The firmware at {board.name} runs "{found.model_name}" of configuration {found.configuration_digest}, '
            f"wanted is configuration {configuration_digest}: flash the firmware that was emitted with it."
        )
    specs = tuple(TensorSpec(shape=tensor.shape, dtype=tensor.dtype) for tensor in found.inputs)
    try:
        count = check_inputs(inputs, specs)
    except WrongInputsError as error:
        raise BoardError(f"The samples do not fit the model on {board.name}: {error}.") from None
    runs = []
    with reporter.bar(f"samples on {board.name}", count) as advance:
        for index in range(count):
            runs.append(board.run(sample_of(inputs, specs, index)))
            advance(f"{runs[-1].ticks:,} ticks")
    return BoardResult(
        description=found,
        outputs=join_outputs([found.outputs for found in runs]),
        ticks=tuple(found.ticks for found in runs),
        ticks_per_second=board.timing().ticks_per_second,
        memory=board.memory(),
        traffic=board.traffic,
    )


def run_board(
    port: str,
    inputs: tuple[Array, ...],
    reporter: Reporter,
    *,
    baud: int = BAUD,
    patience: Patience | None = None,
    configuration_digest: str | None = None,
) -> BoardResult:
    """Run every sample on the board at a serial port.

    Args:
        port: its name, such as /dev/ttyUSB0.
        inputs: as in `run_samples`.
        reporter: shows how far it is.
        baud: the rate that the firmware sets; a port over USB takes any.
        patience: how long the board is waited for.
        configuration_digest: as in `run_samples`.

    Raises:
        BoardError: the port cannot be opened, nothing answers at it, or as in `run_samples`.
    """
    line = SerialPort(port, baud=baud)
    try:
        with open_board(line, patience=patience) as board:
            return run_samples(board, inputs, reporter, configuration_digest=configuration_digest)
    finally:
        line.close()


def compare_with_tflm(
    tflite: bytes, inputs: tuple[Array, ...], result: BoardResult, *, classifies: bool = True
) -> Agreement:
    """Compare every output of a board with what TensorFlow Lite Micro's interpreter computes on this computer.

    What is accepted is what the board's kernels are held to: nothing at all of those that were found to be bit-exact.

    Args:
        tflite: the model that the firmware was emitted for.
        inputs: the samples that the board ran.
        result: what it made of them.
        classifies: whether the largest element of the first output is a class.

    Raises:
        InterpreterError: the interpreter refused the model, or the outputs are not those of this model.
    """
    graph = read(tflite)
    golden = run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs))
    theirs = Result(
        outputs=integers_of(graph, result.outputs),
        latencies_us=result.latencies_us,
        load_time_us=0.0,  # of which nothing is compared
        uses_delegate=False,
        allocations=None,
        versions=Versions(
            engine=ENGINE,
            engine_version=result.description.tool_version,
            numpy_version=version("numpy"),
            python_version=python_version(),
        ),
    )
    return compare(
        integers_of(graph, golden.outputs),
        theirs,
        resolver=Resolver.REFERENCE,
        classifies=classifies,
        tolerance_lsb=promised_lsb(result.description.kernels),
    )
