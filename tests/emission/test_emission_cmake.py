"""The plain CMake family: its application reads samples from standard input, here over the fake model."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.applications import RESULTS, SELFTEST, build, replace_model, run, run_over_protocol, samples

from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.serial import ProgramLine, open_board

RATE = {"rate": "1000000", "us": "0", "kernels": "reference"}

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def application(tree: Path) -> Path:
    """Build the emitted project against an empty library and return the application."""
    ar = shutil.which("ar")
    if ar is None:
        pytest.skip("no ar: install it (Debian: apt install binutils)")
    library = tree / "libnothing.a"
    subprocess.run([ar, "qc", str(library)], check=True)
    replace_model(tree / "edgewright" / "edgewright_model.cc")
    return build(tree, f"-DTFLM_INCLUDE={tree}", f"-DTFLM_LIB={library}") / "edgewright_application"


@pytest.mark.slow
def test_application(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """It tests itself, then runs the model for each line, refuses what is none, and ends where its input ends."""
    program = application(unpack(emit(replace(tiny, labels=("one", "two", "three")), "cmake")))
    status, lines = run(program, samples(tiny, 1, 0) + "1,2,x\n\n7")
    lines = [re.sub(r"ticks=\d+|us=\d+|\d+ us", "", line) for line in lines]
    assert (0, 'LINE REFUSED: number 3 is "x", which the input does not take') == (status, lines.pop(8).split(";")[0])
    expected = [re.sub(r"ticks=\d+|us=\d+|\d+ us", "", line.format(**RATE)) for line in (*SELFTEST, *RESULTS)]
    assert [*expected[:6], expected[7], expected[6], expected[6]] == lines


@pytest.mark.slow
def test_application_over_the_protocol(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """A computer runs the model over the serial protocol; then the console is back, without the line begun before."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "cmake"))
    statuses, output, lines = run_over_protocol(application(tree), tiny, 2)
    assert ([0] * 6, tiny.vectors.outputs[2][0].tobytes()) == (statuses, output)
    assert [RESULTS[0]] == [re.sub(r"\d+ us", "{us} us", line) for line in lines[len(SELFTEST) :]]


@pytest.mark.slow
def test_application_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """After a failed self-test, and after an inference that failed, the exit status is not 0."""
    program = application(unpack(emit(tiny, "cmake")))
    status, lines = run(program, "\n", "0 0 1 9")
    assert (1, "The self-test failed, so the application does not start; the serial protocol is answered.") == (
        status,
        lines[-1],
    )
    status, lines = run(program, ",".join(["0.5"] * 16) + "\n")
    assert (1, "The model could not run: invoke") == (status, lines[-1])


@pytest.mark.slow
def test_protocol_after_a_failure(
    tiny: EmissionModel, emit: Emit, unpack: Unpack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed self-test a computer is told so over the protocol, and sees what the model computes."""
    program = application(unpack(emit(tiny, "cmake")))
    for fake, word in (("0 0 1 9", "selftest"), ("", "ok")):
        monkeypatch.setenv("FAKE", fake)
        with ProgramLine([program]) as line, open_board(line) as board:
            assert word == board.description.selftest
            (output,) = board.run((tiny.vectors.inputs[0][0],)).outputs
        wrong = int(output.flat[1]) - int(tiny.vectors.outputs[0][0].flat[1])
        assert (9 if fake else 0) == wrong


@pytest.mark.slow
def test_model_that_is_not_ready_over_the_protocol(
    tiny: EmissionModel, emit: Emit, unpack: Unpack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that cannot be made ready is told with its status, instead of silence."""
    program = application(unpack(emit(tiny, "cmake")))
    monkeypatch.setenv("FAKE", "init")
    with (
        ProgramLine([program]) as line,
        pytest.raises(BoardError, match='failed at HELLO with the status "arena"'),
        open_board(line),
    ):
        pass
