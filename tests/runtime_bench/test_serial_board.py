"""A board's own description, wrong samples, firmware of another kind, and its outputs against TensorFlow Lite Micro."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from support.boards import board_program, board_sources, compile_board, draw_samples

from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.progress import ConsoleReporter, SilentReporter
from edgewright.runtime_bench.serial import (
    Board,
    BoardTensor,
    Patience,
    ProgramLine,
    open_board,
    run_samples,
)

QUICK = Patience(first_seconds=5, answer_seconds=5, repeat_seconds=0.2)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the board's program."""
    return board_program(tmp_path_factory.mktemp("board"))


@pytest.fixture
def board(program: Path) -> Iterator[Board]:
    """Return a board in an open session."""
    with ProgramLine([str(program)]) as line, open_board(line, patience=QUICK) as found:
        yield found


def edited_program(folder: Path, file: str, old: str, new: str) -> Path:
    """Compile a board in whose emitted C one text was replaced."""
    sources = board_sources(folder, "protocol_main.c")
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return compile_board(sources, folder, flags=("-std=c99",))


def complaint(program: Path) -> str:
    """Return why no sample can be run on a board."""
    with (
        ProgramLine([str(program)]) as line,
        pytest.raises(BoardError) as caught,
        open_board(line, patience=QUICK) as found,
    ):
        run_samples(found, draw_samples(1), SilentReporter())
    return str(caught.value)


def test_description(board: Board) -> None:
    """Types, shapes, scales and names are those of the model."""
    image, counts = board.description.inputs
    scores, angles = board.description.outputs
    assert BoardTensor(name="image", dtype=np.dtype("i1"), shape=(1, 150), scale=0.5, zero_point=3) == image
    assert ("counts", np.dtype("i4"), (7,), (7,)) == (counts.name, counts.dtype, counts.shape, counts.sample_shape)
    assert ("scores", np.dtype("i1"), (131,), 131) == (
        scores.name,
        scores.dtype,
        scores.sample_shape,
        scores.size_bytes,
    )
    assert ("angles", np.dtype("i2"), 0.25, 10) == (angles.name, angles.dtype, angles.scale, angles.size_bytes)


def test_run(board: Board) -> None:
    """Runs are counted and timed, one after another."""
    samples = draw_samples(3)
    for index in range(3):
        found = board.run((samples[0][index], samples[1][index]))
        assert [(1, 131), (5,)] == [output.shape for output in found.outputs]
        assert found.ticks == board.timing().ticks
    assert (3, 1_000_000) == (board.timing().run_count, board.timing().ticks_per_second)


def test_progress_is_shown(board: Board) -> None:
    """Each sample moves the bar by one, with the ticks that it took."""
    stream = StringIO()
    reporter = ConsoleReporter(Console(file=stream, force_terminal=True, width=120))
    run_samples(board, draw_samples(4), reporter)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "samples on board" in shown
    assert re.search(r"4/4 .* \d+ ticks", shown)


def test_wrong_samples(board: Board) -> None:
    """Samples of another type, shape or number are refused before anything is sent."""
    images, counts = draw_samples(2)
    place = "The samples do not fit the model on board: "
    for wrong, reason in (
        ((images,), "the model has 2 inputs, 1 arrays were given"),
        ((images.astype(np.float32), counts), "input 0 takes int8, an array of float32 was given"),
        ((images[:, :9], counts), "input 0 takes shape (N, 150), (2, 9) was given"),
        ((images[:0], counts[:0]), "there is no sample to run"),
    ):
        with pytest.raises(BoardError) as caught:
            run_samples(board, wrong, SilentReporter())
        assert f"{place}{reason}." == str(caught.value)
    with pytest.raises(BoardError) as caught:
        board.run((images[0], counts[0].astype(np.int16)))
    assert ("The model on board takes int8 [1, 150], int32 [7]; the sample has int8 [150], int16 [7].") == str(
        caught.value
    )


def test_another_configuration(board: Board) -> None:
    """A board with the firmware of another configuration is not mistaken for the right one."""
    with pytest.raises(BoardError, match=r"configuration (ab){32}, wanted is configuration 1234: flash the firmware"):
        run_samples(board, draw_samples(1), SilentReporter(), configuration_digest="1234")


def test_another_version(tmp_path: Path) -> None:
    """Firmware that speaks another version of the protocol must be made anew."""
    program = edited_program(tmp_path, "edgewright_protocol.h", "PROTOCOL_VERSION 1u", "PROTOCOL_VERSION 2u")
    assert (
        "The firmware at board speaks version 2 of the serial protocol, this edgewright version 1: emit it again and "
        "flash it."
    ) == complaint(program)


def test_refused_command(tmp_path: Path) -> None:
    """A command that the firmware does not know is told by name."""
    program = edited_program(tmp_path, "edgewright_protocol.h", "COMMAND_RESET = 5", "COMMAND_RESET = 99")
    assert complaint(program).startswith("board refused RESET with COMMAND: emit the firmware again with this")


def test_facts_that_contradict_themselves(tmp_path: Path) -> None:
    """A tensor whose bytes are not those of its shape and type is no tensor."""
    program = edited_program(tmp_path, "edgewright_protocol.c", "(uint32_t)tensor->bytes)", "7u)")
    assert complaint(program).startswith("board answered READ with what the protocol does not allow: emit the firmware")


def test_model_that_is_not_ready(tmp_path: Path) -> None:
    """A model that could not be made ready is told with its status."""
    program = edited_program(
        tmp_path, "edgewright_protocol.c", "of_model(edgewright_init()", "of_model(EDGEWRIGHT_ERROR_ARENA"
    )
    assert complaint(program).startswith('The model on board failed at HELLO with the status "arena"; edgewright_model')


def test_inputs_that_change(tmp_path: Path) -> None:
    """Inputs that are not what was sent, because something else writes to them, are never run."""
    program = edited_program(
        tmp_path, "edgewright_protocol.c", "memcpy(input + offset, asked->payload + 5, length)",
        "memset(input + offset, 1, length)",
    )  # fmt: skip
    assert "The inputs that board holds are not those that were sent to it: restart the board." == complaint(program)


def test_outputs_that_change(tmp_path: Path) -> None:
    """Outputs that are not those of the run, because something else writes to them, are never given out."""
    program = edited_program(
        tmp_path,
        "edgewright_protocol.c",
        "? check_outputs()",
        "? ~check_outputs()",
    )
    assert complaint(program).startswith("The outputs that board sent are not those that it computed")
