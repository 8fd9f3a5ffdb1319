"""Whatever a worker does - crash, hang, print, lie - the parent gets an answer or one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.models import two_layer_tflite

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters import ENGINES, Engine, FindArena, Request, Resolver, find_arena, run

INPUTS = (np.arange(6, dtype=np.int8).reshape(3, 2),)

ENGINE_MODULE = """
import os, signal, sys, time
import numpy as np
from edgewright.pipeline.interpreters.types import Allocations, TensorSpec

class Session:
    inputs = (TensorSpec(shape=(1, 2), dtype=np.dtype(np.int8)),)
    def __init__(self, tflite, options):
        self.tflite, self.options = tflite, options
        {on_open}
    def set_inputs(self, arrays):
        self.arrays = arrays
    def invoke(self):
        {on_invoke}
    def outputs(self):
        return (self.arrays[0] + 1,)
    def uses_delegate(self):
        return False
    def allocations(self):
        return Allocations(total_bytes=100, head_bytes=60, tail_bytes=40)

def open_session(tflite, options):
    return Session(tflite, options)
"""

EngineMaker = Callable[..., Engine]


@pytest.fixture
def make_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineMaker:
    """Make an engine that does what a line of Python says."""

    def make(on_open: str = "pass", on_invoke: str = "pass", before: str = "") -> Engine:
        (tmp_path / "odd_engine.py").write_text(before + ENGINE_MODULE.format(on_open=on_open, on_invoke=on_invoke))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return Engine(
            name="odd",
            title="Odd",
            module="odd_engine",
            distribution="numpy",
            runtime_module="numpy",
            install="pip install numpy",
            resolvers=(Resolver.REFERENCE,),
            has_arena=True,
        )

    return make


def request(engine: Engine) -> Request:
    """A request that the odd engine answers with each input plus one."""
    return Request(engine=engine, tflite=b"model", inputs=INPUTS)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGFPE"])
def test_a_crash_is_a_sentence(make_engine: EngineMaker, name: str) -> None:
    """A worker that a signal ends gives a sentence with engine, signal and what it was doing."""
    engine = make_engine(on_invoke=f"os.kill(os.getpid(), signal.{name})")
    with pytest.raises(InterpreterError, match=rf"^Odd \(numpy .*\) crashed with {name} while running the model"):
        run(request(engine))


def test_a_crash_repeats_the_last_words(make_engine: EngineMaker) -> None:
    """What was printed before a crash is quoted."""
    engine = make_engine(on_open="print('tensor 7 is odd', file=sys.stderr); os.abort()")
    with pytest.raises(InterpreterError, match=r'SIGABRT while loading the model \(it said "tensor 7 is odd"\)'):
        run(request(engine))


def test_a_hang_is_killed_with_its_children(make_engine: EngineMaker, tmp_path: Path) -> None:
    """After the timeout the whole process group is gone."""
    pids = tmp_path / "pids"
    engine = make_engine(
        on_invoke=f"c = os.fork(); open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(60)"
    )
    started = time.monotonic()
    with pytest.raises(InterpreterError, match=r"did not finish within 1 s while running the model and was stopped"):
        run(request(engine), timeout_seconds=1)
    assert time.monotonic() - started < 5
    worker_and_child = [int(pid) for pid in pids.read_text().split()]
    assert 2 == len(worker_and_child)
    assert wait_until(lambda: not any(alive(pid) for pid in worker_and_child))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills children of a parent that was killed")
def test_a_worker_dies_with_its_parent(make_engine: EngineMaker, tmp_path: Path) -> None:
    """When the parent is killed without a chance to clean up, the worker ends as well."""
    pid_file = tmp_path / "pid"
    engine = make_engine(
        on_open=f"open({str(pid_file)!r} + '.new', 'w').write(str(os.getpid())); "
        f"os.rename({str(pid_file)!r} + '.new', {str(pid_file)!r}); time.sleep(60)"
    )
    program = (
        "import numpy as np\n"
        "from edgewright.pipeline.interpreters import Engine, Request, Resolver, run\n"
        f"engine = Engine(name='odd', title='Odd', module={engine.module!r}, distribution='numpy',\n"
        "    runtime_module='numpy', install='', resolvers=(Resolver.REFERENCE,))\n"
        "run(Request(engine=engine, tflite=b'', inputs=(np.zeros((1, 2), np.int8),)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)})
    assert wait_until(pid_file.exists, seconds=30)
    worker = int(pid_file.read_text())
    assert alive(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: not alive(worker))


def test_printed_garbage_does_not_matter(make_engine: EngineMaker) -> None:
    """Bytes on standard output and error, at any time, leave the result as it is."""
    garbage = "[os.write(f, bytes(range(256)) * 500 + b'{\"outcome\": 1}') for f in (1, 2)]; print('odd')"
    result = run(request(make_engine(on_open=garbage, on_invoke=garbage, before="print('early')\n")))
    np.testing.assert_array_equal(INPUTS[0] + 1, result.outputs[0])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "raise RuntimeError('tensor 3\\nis odd')",
            r"refused the model while loading the model: tensor 3 is odd\. Use",
        ),
        ("raise KeyError()", "refused the model while loading the model: KeyError"),
        ("os._exit(0)", "ended with status 0 while loading the model without a usable result"),
        ("os._exit(3)", "ended with status 3 while loading the model without a usable result"),
        ("sys.exit('over')", "ended with status 1 while loading the model without a usable result: over"),
        ("open('reply.json', 'w').write('[1'); os._exit(0)", "without a usable result: reply.json cannot be read"),
        ("open('reply.json', 'w').write('[1]'); os._exit(0)", "without a usable result: reply.json holds no object"),
        ("open('reply.json', 'w').write('{}'); os._exit(0)", "without a usable result: latencies_us is no list"),
    ],
)
def test_bad_ends_are_sentences(make_engine: EngineMaker, line: str, words: str) -> None:
    """Exceptions, early exits and broken replies each give one line without a traceback."""
    with pytest.raises(InterpreterError, match=words) as caught:
        run(request(make_engine(on_open=line)))
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_an_engine_that_cannot_be_imported_says_so(make_engine: EngineMaker) -> None:
    """A broken installation is told from a model that is refused, and the line that mends it is given."""
    with pytest.raises(InterpreterError, match=r"could not be started: no such luck\. Install it again: `pip install"):
        run(request(make_engine(before="raise ImportError('no such luck')\n")))


def test_memory_is_limited(make_engine: EngineMaker) -> None:
    """A model that wants all memory is refused, and the machine stays usable."""
    with pytest.raises(InterpreterError, match="refused the model while loading the model: Unable to allocate"):
        run(request(make_engine(on_open="np.ones(8 * 1024**3, np.uint8)")))


def test_tensorflow_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine's worker imports TensorFlow, which would break tflite-runtime beside it."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('TensorFlow was imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    inputs = (np.zeros((1, 3), np.int8), np.zeros((1, 4), np.int8))
    for engine in ENGINES:
        if engine.unavailable_reason() is None:
            assert 2 == len(run(Request(engine=engine, tflite=two_layer_tflite(), inputs=inputs)).outputs)


def test_the_smallest_arena_is_found_across_crashes(make_engine: EngineMaker) -> None:
    """Too small an arena that crashes the interpreter counts as one that does not work."""
    engine = make_engine(on_open="(options.arena_bytes or 9999) < 1000 and os.kill(os.getpid(), signal.SIGSEGV)")
    found = find_arena(FindArena(engine=engine, tflite=b""))
    assert (1008, 100) == (found.arena_bytes, found.allocations.total_bytes)


def test_an_arena_beyond_all_limits_is_refused(make_engine: EngineMaker) -> None:
    """Where no arena works the search ends with a sentence."""
    engine = make_engine(on_open="assert options.arena_bytes is None")
    with pytest.raises(InterpreterError, match="no arena up to 67108864 bytes works"):
        find_arena(FindArena(engine=engine, tflite=b""))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
@pytest.mark.parametrize("seed", range(4))
def test_a_hostile_model_does_not_hurt_the_parent(engine: Engine, seed: int) -> None:
    """Random bytes behind the identifier, and a real model cut off, end in one sentence."""
    if (reason := engine.unavailable_reason()) is not None:
        pytest.skip(reason)
    noise = np.random.default_rng(seed).bytes(300)
    model = b"\x1c\0\0\0TFL3" + noise if seed else two_layer_tflite()[:200]
    inputs = (np.zeros((1, 3), np.int8), np.zeros((1, 4), np.int8))
    with pytest.raises(InterpreterError, match=engine.title) as caught:
        run(Request(engine=engine, tflite=model, inputs=inputs), timeout_seconds=30)
    assert "\n" not in str(caught.value)
