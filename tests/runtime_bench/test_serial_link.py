"""Samples over a line that harms what it carries, and boards that restart, stall, fail or disappear.

The boards are the emitted C, compiled for this computer.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from support.boards import (
    DIGEST,
    MODEL_NAME,
    NoisyLine,
    board_at_port,
    board_program,
    draw_samples,
    outputs_of,
    results_of,
)

from edgewright.pipeline.errors import BoardError, ExitStatus
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.progress import SilentReporter
from edgewright.runtime_bench.serial import (
    BoardResult,
    Patience,
    ProgramLine,
    SerialPort,
    Transport,
    open_board,
    run_board,
    run_samples,
)

FRAMES_OF_A_SAMPLE = 10
"""RESET, four pieces of the inputs, INVOKE, four pieces of the outputs."""
QUICK = Patience(first_seconds=20, answer_seconds=20, repeat_seconds=0.02, silence_seconds=0.001)
HASTY = Patience(first_seconds=2, answer_seconds=0.5, run_seconds=0.5, repeat_seconds=0.05)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the board's program."""
    return board_program(tmp_path_factory.mktemp("board"))


@pytest.fixture
def line(board: Path) -> Iterator[ProgramLine]:
    """Return the line to a board that has just started."""
    with ProgramLine([str(board)]) as found:
        yield found


def stream(line: Transport, samples: tuple[Array, ...], patience: Patience = QUICK) -> BoardResult:
    """Run samples on the board at a line, hold every byte to what must come out, and return the result."""
    with open_board(line, patience=patience) as found:
        result = run_samples(found, samples, SilentReporter(), configuration_digest=DIGEST)
    assert results_of(samples) == outputs_of(result)
    return result


def complaint(board: Path, fifth_run: str) -> str:
    """Return what is said of a board behind a pseudo-terminal whose fifth run ends so."""
    with board_at_port([board], FIFTH_RUN=fifth_run) as (port, _):
        line = SerialPort(port)
        with pytest.raises(BoardError) as caught:
            stream(line, draw_samples(8), HASTY)
        line.close()
    assert ExitStatus.BAD_INPUT == caught.value.exit_status
    return str(caught.value).replace(port, "PORT")


def test_quiet_line(line: ProgramLine) -> None:
    """Over a line that harms nothing, every request is sent once."""
    result = stream(line, draw_samples(20), Patience())
    assert (0, 0) == (result.traffic.repetition_count, result.traffic.damaged_count)
    assert ("1.2.3", MODEL_NAME) == (result.description.tool_version, result.description.model_name)
    assert (1234, 1024) == (result.memory.arena_used_bytes, result.memory.arena_bytes)
    assert 20 == len(result.latencies_us)


def test_thousand_frames(line: ProgramLine) -> None:
    """1,000 frames with 1 % of the bytes corrupted, dropped or doubled, either way: no wrong result."""
    noisy = NoisyLine(line, seed=1)
    result = stream(noisy, draw_samples(1000 // FRAMES_OF_A_SAMPLE))
    assert result.traffic.request_count >= 1000
    assert noisy.harmed_count > 500
    assert result.traffic.damaged_count > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.full) for seed in (3, 4))])
def test_ten_thousand_frames(seed: int, line: ProgramLine) -> None:
    """10,000 frames with 1 % of the bytes corrupted, dropped or doubled, either way: no wrong result."""
    noisy = NoisyLine(line, seed=seed)
    result = stream(noisy, draw_samples(10_000 // FRAMES_OF_A_SAMPLE, seed))
    assert result.traffic.request_count >= 10_000
    assert noisy.harmed_count > 5_000


def test_serial_port(board: Path) -> None:
    """The same behind a pseudo-terminal, through pyserial; whoever comes next finds the board ready."""
    with board_at_port([board]) as (port, _):
        for seed in range(2):
            samples = draw_samples(5, seed)
            result = run_board(port, samples, SilentReporter(), patience=QUICK, configuration_digest=DIGEST)
            assert results_of(samples) == outputs_of(result)


def test_board_that_restarts(board: Path) -> None:
    """A board that restarts in the middle is noticed at once: it no longer knows the session."""
    assert (
        "The board at PORT restarted, or was left alone for too long: it no longer knows the session in which INVOKE "
        'was asked. Results so far are dropped; start again. The last that it printed: "board is up".'
    ) == complaint(board, "restart")


def test_board_that_stalls(board: Path) -> None:
    """A board that never comes back from a run is given up after the time that was allowed."""
    assert (
        "The board at PORT stopped answering: nothing came back for INVOKE within 0.5 s. Reset it, and if it only "
        'takes longer than that, allow more time. The last that it printed: "the fifth run".'
    ) == complaint(board, "hang")


def test_board_that_disappears(board: Path) -> None:
    """A board whose port goes away is told, and that nothing is left of the run."""
    message = complaint(board, "exit")
    assert message.startswith("The board at PORT disappeared while INVOKE was asked (")
    assert 'Check cable and power, then start again. The last that it printed: "the fifth run".' in message


def test_model_that_fails(board: Path) -> None:
    """A run that fails is told with the model's own status."""
    assert (
        'The model on PORT failed at INVOKE with the status "invoke"; edgewright_model.h says what that means.'
    ) == complaint(board, "fail")


def test_slow_run_is_waited_for(board: Path) -> None:
    """A board that is stopped for a while, longer than requests are repeated, still gives each result once."""
    with board_at_port([board]) as (port, process):
        line = SerialPort(port)
        timer = Timer(0.6, process.send_signal, [signal.SIGCONT])
        with open_board(line) as found:
            process.send_signal(signal.SIGSTOP)
            timer.start()
            samples = draw_samples(3)
            result = run_samples(found, samples, SilentReporter())
        line.close()
    assert result.traffic.repetition_count > 0
    assert results_of(samples) == outputs_of(result)


@pytest.mark.parametrize(
    ("command", "printed"),
    [(("sleep", "60"), ""), (("sh", "-c", "head -c 1 >&2; echo SELF-TEST ERROR init status=arena; exec sleep 60"),
      ' The last that it printed: "SELF-TEST ERROR init status=arena".')],
)  # fmt: skip
def test_nothing_answers(command: tuple[str, ...], printed: str) -> None:
    """A port at which nothing speaks the protocol is named, with what to look for and what was printed there."""
    with board_at_port(command) as (port, _):
        line = SerialPort(port)
        with (
            pytest.raises(BoardError) as caught,
            open_board(line, patience=Patience(first_seconds=0.4, repeat_seconds=0.05)),
        ):
            pass
        line.close()
    assert (
        f"Nothing at {port} answers: waited 0.4 s. Is it the board's port, and is firmware of edgewright on it (make "
        f"target=NAME flash)?{printed}"
    ) == str(caught.value)
