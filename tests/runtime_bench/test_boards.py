"""The contract that every engine of devices keeps, and the process that an engine runs in."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.emulated import usable_core

from edgewright.pipeline.errors import BoardError
from edgewright.runtime_bench.bench import choose_boards, choose_setups
from edgewright.runtime_bench.boards import BOARD_ENGINES, BoardEngine, BoardTask, Place, board_engine_named, run_device
from edgewright.runtime_bench.boards.serial import SerialEngine
from edgewright.runtime_bench.cores import Build, Surroundings, build

EVERY_ENGINE = pytest.mark.parametrize("engine", BOARD_ENGINES, ids=lambda engine: engine.name)
SAMPLES = (np.zeros((3, 4), np.int8),)


def task_of(engine: str, **place: str) -> BoardTask:
    """Return a task that no device is there for."""
    return BoardTask(
        engine=engine, place=Place.model_validate(place), model_digest="0", fewest_runs=1, timeout_seconds=1.0
    )


@EVERY_ENGINE
def test_every_engine_says_what_it_lacks(engine: BoardEngine) -> None:
    """Where no device was named, the sentence says which option names one."""
    reason = engine.unavailable_reason(Place())
    assert reason is not None
    assert "give --" in reason
    assert reason.endswith(".")


@EVERY_ENGINE
def test_every_engine_is_a_row(engine: BoardEngine) -> None:
    """Each is found by its name, and is a row of a bench of its own under it, beside the interpreters or alone."""
    assert engine is board_engine_named(engine.name)
    assert engine.row_id(Place()) == engine.name
    assert [engine] == [setup.engine for setup in choose_boards([engine.name])]
    assert () == choose_setups([engine.name])
    assert engine in [setup.engine for setup in choose_boards()]


@EVERY_ENGINE
def test_every_engine_ends_in_a_complaint(engine: BoardEngine) -> None:
    """A device that is not there is one sentence, told by the process that looked for it."""
    place = {"port": "/dev/ttyMISSING"} if engine.name == "serial" else {"elf": __file__, "core": "cortex-m4"}
    reply, outputs = run_device(task_of(engine.name, **place), SAMPLES, lambda done: None)
    assert outputs == ()
    assert reply.complaint is not None
    assert "\n" not in reply.complaint


def test_a_missing_package() -> None:
    """Without pyserial the row says how to install it."""
    engine = replace(SerialEngine(), module="edgewright_no_such_package")
    assert "pyserial is not installed: run `pip install pyserial`." == engine.unavailable_reason(Place(port="x"))


def test_nothing_heavy_is_imported_to_ask() -> None:
    """Looking at all engines imports neither pyserial nor an interpreter."""
    program = (
        "import sys; from edgewright.runtime_bench.boards import BOARD_ENGINES, Place\n"
        "[engine.unavailable_reason(Place(port='x')) for engine in BOARD_ENGINES]\n"
        "print(sorted({'serial', 'tensorflow', 'tflite_runtime', 'tflite_micro'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"serial crashed with status -11 after sample 0"),
        ("print('stack smashed'); raise SystemExit(3)", r"crashed with status 3 after sample 0: stack smashed\."),
        ("import sys; open(sys.argv[1] + '/reply.json', 'w').write('garbage')", "without a usable result"),
        ("pass", "without a usable result"),
        ("import sys, time; open(sys.argv[1] + '/progress', 'w').write('2'); time.sleep(60)",
         r"did nothing for 0\.5 s after sample 2 of 3 and was stopped"),
    ],
)  # fmt: skip
def test_a_worker_that_misbehaves(body: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that crashes, prints garbage, leaves nothing or hangs is stopped and put into one sentence."""
    (tmp_path / "odd_worker.py").write_text(body)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setattr("edgewright.runtime_bench.boards.process.WORKER", "odd_worker")
    with pytest.raises(BoardError, match=words):
        run_device(task_of("serial"), SAMPLES, lambda done: None, stall_seconds=0.5)


@pytest.mark.slow
def test_what_a_stopped_worker_started_is_gone(tmp_path: Path) -> None:
    """When a worker is stopped, the emulator that it started is stopped with it."""
    source = tmp_path / "silent_main.c"
    source.write_text("int main(void) { for (;;) { } }")
    elf = build(usable_core("cortex-m4"), Build(sources=(source,), surroundings=Surroundings.BARE), tmp_path).elf
    task = task_of("qemu", elf=str(elf), core="cortex-m4", cache=str(tmp_path / "cache"))
    task = task.model_copy(update={"timeout_seconds": 60.0})
    with pytest.raises(BoardError, match="qemu did nothing for 4 s after sample 0 of 3 and was stopped"):
        run_device(task, SAMPLES, lambda done: None, stall_seconds=4.0)
    deadline = time.monotonic() + 5
    while running_with(str(elf)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == running_with(str(elf))


def running_with(argument: str) -> list[str]:
    """Return the processes of this computer that have an argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            found += [str(path)] if argument.encode() in words else []
    return found
