"""The emitted protocol on emulated cores, behind the emulator's serial port."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.boards import NoisyLine, board_sources, draw_samples, outputs_of, results_of
from support.emulated import every_core, usable_core

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.progress import SilentReporter
from edgewright.runtime_bench.cores import (
    Build,
    Count,
    Program,
    Surroundings,
    build,
    counter_unavailable_reason,
    emulator_command,
)
from edgewright.runtime_bench.serial import Patience, ProgramLine, emulated_board, open_board, run_samples

PATIENCE = Patience(first_seconds=30, answer_seconds=30, repeat_seconds=0.1, silence_seconds=0.002)


def program_for(name: str, folder: Path, **defines: str) -> Program:
    """Build the board for a core, with the core's own port layer, or skip the test."""
    sources = board_sources(folder, "board_main.c")
    what = Build(
        sources=tuple(path for path in sources if path.name != "edgewright_port.c"),
        includes=(folder,),
        defines=defines,
        surroundings=Surroundings.BARE,
        with_port=True,
    )
    return build(usable_core(name), what, folder)


@pytest.mark.parametrize("name", every_core())
def test_noisy_line(name: str, tmp_path: Path) -> None:
    """On every core, 200 frames with 1 % of the bytes corrupted, dropped or doubled, either way: no wrong result."""
    samples = draw_samples(20)
    with emulated_board(program_for(name, tmp_path)) as emulated:
        noisy = NoisyLine(emulated.line, seed=3)
        with open_board(noisy, patience=PATIENCE) as board:
            result = run_samples(board, samples, SilentReporter())
    assert results_of(samples) == outputs_of(result)
    assert result.traffic.request_count >= 200
    assert noisy.harmed_count > 100
    assert min(result.ticks) > 0
    assert usable_core(name).support.defines["EDGEWRIGHT_TICKS_PER_SECOND"] == result.ticks_per_second


@pytest.mark.slow
def test_core_that_restarts(tmp_path: Path) -> None:
    """A core that resets in the middle of a run comes up again, and is found to have forgotten the session."""
    command = emulator_command(program_for("cortex-m4", tmp_path, RESTARTING="1"))
    with (
        ProgramLine([word for word in command if word != "-no-reboot"]) as line,
        pytest.raises(BoardError, match=r"qemu-system-arm restarted, .* in which INVOKE was asked") as caught,
        open_board(line, patience=PATIENCE) as board,
    ):
        run_samples(board, draw_samples(8), SilentReporter())
    assert str(caught.value).endswith('The last that it printed: "board is up".')


@pytest.mark.slow
def test_emulator_that_ends(tmp_path: Path) -> None:
    """A core whose emulator ends in the middle is gone, and what it ended with is told."""
    with (
        emulated_board(program_for("cortex-m4", tmp_path, RESTARTING="1")) as emulated,
        pytest.raises(BoardError, match=r"qemu-system-arm disappeared .* \(it ended with status 0") as caught,
        open_board(emulated.line, patience=PATIENCE) as board,
    ):
        run_samples(board, draw_samples(8), SilentReporter())
    assert "while INVOKE was asked" in str(caught.value)


@pytest.mark.slow
def test_runs_are_counted(tmp_path: Path) -> None:
    """The instructions of each run are counted while the board is asked over its line, and are the same every time."""
    reason = counter_unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    marks = ("edgewright_invoke", "edgewright_port_ticks")
    count = Count(cache=Cache(root=tmp_path / "cache"), marks=marks)
    image, counts = draw_samples(1)
    samples = (image.repeat(3, axis=0), counts.repeat(3, axis=0))
    with emulated_board(program_for("cortex-m4", tmp_path), count=count) as emulated:
        assert emulated.counted is None
        with open_board(emulated.line, patience=PATIENCE) as board:
            result = run_samples(board, samples, SilentReporter())
    assert results_of(samples) == outputs_of(result)
    assert emulated.counted is not None
    runs = emulated.counted.between(*marks)
    assert (3, 1) == (len(runs), len(set(runs)))
    assert 150 + 28 + 131 + 10 < runs[0] < 100 * (150 + 28 + 131 + 10)
