"""Devices as rows of a bench: outputs, figures, and how each way of going wrong is told in the row alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.benches import quick_bench, tiny_tflite
from support.boards import board_at_port
from support.devices import SAMPLE_COUNT, device_elf, device_program
from support.emulated import usable_core

from edgewright.pipeline.errors import BadInputError, CompilerError, TargetError
from edgewright.runtime_bench.bench import Limits, choose_boards
from edgewright.runtime_bench.bench.schema import Bench, ModelSection, RowSection
from edgewright.runtime_bench.boards import Place
from edgewright.runtime_bench.cores import Build, Surroundings, build

LIMITS = Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=20.0)
IMPATIENT = Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=1.5)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the device for this computer."""
    return device_program(tmp_path_factory.mktemp("device"))


def serial_bench(
    command: list[str | Path], folder: Path, limits: Limits = LIMITS, samples: int | None = None, **environment: str
) -> Bench:
    """Measure the tiny network on TFLM and on a program behind a serial port."""
    with board_at_port(command, **environment) as (port, _):
        boards = choose_boards(["serial"], Place(port=port), most_samples=samples)
        return quick_bench([tiny_tflite(folder)], limits=limits, boards=boards)


def qemu_bench(elf: Path, folder: Path, limits: Limits = LIMITS) -> ModelSection:
    """Measure the tiny network on TFLM and on an emulated Cortex-M4."""
    boards = choose_boards(["qemu"], Place(elf=elf, core="cortex-m4", cache=folder / "cache"))
    return quick_bench([tiny_tflite(folder)], limits=limits, boards=boards).models[0]


def rows_of(model: ModelSection) -> tuple[RowSection, RowSection]:
    """Return TFLM's row and the device's, after a look at whether TFLM's was measured."""
    tflm, device = model.rows
    assert (None, "tflm") == (tflm.failure, tflm.engine)
    assert tflm.latency is not None
    return tflm, device


@pytest.mark.slow
def test_board_at_a_port(program: Path, tmp_path: Path) -> None:
    """A board gives every output, the time of each run by its own clock, and its arena."""
    model = serial_bench([program], tmp_path).models[0]
    _, row = rows_of(model)
    assert ("serial", None, None, "reference", SAMPLE_COUNT) == (
        row.id, row.unavailable, row.failure, row.kernels, row.sample_count,
    )  # fmt: skip
    assert row.latency is not None
    assert ("device", SAMPLE_COUNT - 1, None) == (row.latency.clock, row.latency.run_count, row.latency.load_us)
    assert (row.latency.doubt is None) == row.latency.trusted
    assert row.device is not None
    assert ("device", "cd" * 32, "", 1234, 1024, None) == (
        row.device.model_name, row.device.configuration_digest, row.device.selftest, row.device.arena_used_bytes,
        row.device.arena_bytes, row.device.stack_bytes,
    )  # fmt: skip
    assert row.instructions is None
    (pair,) = model.pairs
    assert ("tflm/reference/1", "serial", SAMPLE_COUNT, 0, 0, 0, True) == (
        pair.left, pair.right, pair.sample_count, pair.differing_sample_count, pair.largest_lsb, pair.tolerance_lsb,
        pair.holds,
    )  # fmt: skip


@pytest.mark.slow
def test_first_samples_on_a_board(program: Path, tmp_path: Path) -> None:
    """A stated number of samples is run and compared, and others are run again until a time can be told."""
    model = serial_bench([program], tmp_path, samples=5).models[0]
    _, row = rows_of(model)
    assert row.latency is not None
    assert (5, 5, 13) == (row.sample_count, model.pairs[0].sample_count, row.latency.run_count)


@pytest.mark.slow
def test_one_step_is_reported(tmp_path: Path) -> None:
    """A board whose output is one LSB off in one sample breaks what its kernels promise, and that sample is named."""
    model = serial_bench([device_program(tmp_path, SPOILED_VECTOR="7")], tmp_path).models[0]
    (pair,) = model.pairs
    assert (1, 1, 7, 0, False) == (
        pair.differing_sample_count, pair.largest_lsb, pair.first_differing_sample, pair.tolerance_lsb, pair.holds,
    )  # fmt: skip
    assert pair.divergence is not None
    assert pair.divergence.layer is None
    assert (pair.divergence.note or "").startswith("a device shows no layer")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fifth_run", "words"),
    [
        ("exit", "disappeared while INVOKE was asked"),
        ("restart", "restarted, or was left alone"),
        ("hang", "stopped answering: nothing came back for INVOKE within 1.5 s"),
        ("fail", 'failed at INVOKE with the status "invoke"'),
    ],
)
def test_board_that_ends_halfway(fifth_run: str, words: str, program: Path, tmp_path: Path) -> None:
    """A board that dies, restarts, hangs or fails in its fifth run has a sentence in its row; TFLM's is measured."""
    model = serial_bench([program], tmp_path, IMPATIENT, FIFTH_RUN=fifth_run).models[0]
    _, row = rows_of(model)
    assert words in (row.failure or "")
    assert (None, None, (), ()) == (row.latency, row.device, row.scores, model.pairs)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["sh", "-c", "exec yes garbage"], ["sh", "-c", "exec cat /dev/zero"], ["sh", "-c", "exec cat /dev/urandom"]],
    ids=["text", "zeros", "noise"],
)
def test_garbage_at_the_port(command: list[str | Path], tmp_path: Path) -> None:
    """Whatever streams out of a port that is no board, the row says that nothing there answers."""
    _, row = rows_of(serial_bench(command, tmp_path, IMPATIENT).models[0])
    assert "answers: waited 1.5 s" in (row.failure or "")


@pytest.mark.slow
def test_another_model_on_the_board(program: Path, tmp_path: Path) -> None:
    """A board that runs another model than the one that is measured is told apart by the model's digest."""
    path = tiny_tflite(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(16))
    with board_at_port([program]) as (port, _):
        found = quick_bench([path], limits=LIMITS, boards=choose_boards(["serial"], Place(port=port)))
    _, row = rows_of(found.models[0])
    assert 'runs another model, "device" (SHA-256 ' in (row.unavailable or "")
    assert "flash the firmware that was emitted for it" in (row.unavailable or "")
    assert (None, ()) == (row.failure, found.models[0].pairs)


@pytest.mark.slow
def test_ports_that_cannot_be_opened(program: Path, tmp_path: Path) -> None:
    """A port that is missing is refused before anything is measured; one that another program has open, in its row."""
    import serial

    path = tiny_tflite(tmp_path)

    def failure(port: str) -> str:
        boards = choose_boards(["serial"], Place(port=port))
        return rows_of(quick_bench([path], limits=LIMITS, boards=boards).models[0])[1].failure or ""

    with pytest.raises(BadInputError, match="port: /dev/ttyMISSING does not exist"):
        failure("/dev/ttyMISSING")
    with board_at_port([program]) as (port, _), serial.Serial(port, exclusive=True):
        assert "is open in another program" in failure(port)


@pytest.mark.slow
def test_emulated_core(tmp_path: Path) -> None:
    """On an emulated core instructions are counted alike each time, stack and sizes are told, and no time."""
    model = qemu_bench(device_elf("cortex-m4", tmp_path), tmp_path)
    _, row = rows_of(model)
    assert ("qemu/cortex-m4", None, None, None) == (row.id, row.unavailable, row.failure, row.latency)
    assert row.instructions is not None
    assert SAMPLE_COUNT == row.instructions.run_count
    assert 64 * 32 < row.instructions.minimum <= row.instructions.median <= row.instructions.maximum < 1_000_000
    assert row.device is not None
    assert 100 < (row.device.stack_bytes or 0) < 4096
    assert 1024 < (row.device.ram_bytes or 0) < 64_000
    assert 4096 < (row.device.flash_bytes or 0) < 64_000
    assert [(0, True)] == [(pair.largest_lsb, pair.holds) for pair in model.pairs]
    again = rows_of(qemu_bench(tmp_path / "program.elf", tmp_path))[1]
    assert row.instructions == again.instructions


@pytest.mark.slow
def test_core_that_ends_halfway(tmp_path: Path) -> None:
    """A program that resets in its fifth run ends the emulator, and the row says so."""
    _, row = rows_of(qemu_bench(device_elf("cortex-m4", tmp_path, RESTARTING="1"), tmp_path))
    assert "qemu-system-arm disappeared while INVOKE was asked (it ended with status 0" in (row.failure or "")
    assert row.instructions is None


@pytest.mark.slow
def test_program_that_speaks_no_protocol(tmp_path: Path) -> None:
    """A program that only turns in circles is found to answer nothing, and TFLM's row is measured."""
    source = tmp_path / "silent_main.c"
    source.write_text("int main(void) { for (;;) { } }")
    elf = build(usable_core("cortex-m4"), Build(sources=(source,), surroundings=Surroundings.BARE), tmp_path).elf
    _, row = rows_of(qemu_bench(elf, tmp_path, IMPATIENT))
    assert "Nothing at qemu-system-arm answers: waited 1.5 s" in (row.failure or "")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda elf: Place(elf=elf), BadInputError, "core: is missing, and elf is given"),
        (lambda elf: Place(core="cortex-m4"), BadInputError, "elf: is missing, and core is given"),
        (lambda elf: Place(elf=elf, core="cortex_m4"), TargetError, 'did you mean "cortex-m4"'),
        (lambda elf: Place(elf=elf, core="cortex-m4"), CompilerError, "is not a program for a 32-bit core"),
        (lambda elf: Place(elf=elf.with_name("gone"), core="cortex-m4"), BadInputError, "cannot be read"),
    ],
)
def test_programs_that_cannot_be_used(
    make: Callable[[Path], Place], error: type[Exception], words: str, tmp_path: Path
) -> None:
    """A program without a core, a core without a program, an unknown core and a file of something else are refused."""
    elf = tmp_path / "program.elf"
    elf.write_bytes(b"text")
    with pytest.raises(error, match=words):
        choose_boards((), make(elf))
