"""The contract that every registered engine keeps, and the facts of engines."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from support.models import two_layer_tflite

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import read, write
from edgewright.pipeline.interpreters import (
    ENGINES,
    Array,
    Engine,
    FindArena,
    Request,
    Resolver,
    TimeInvokes,
    engine_named,
    find_arena,
    run,
    tflite_engine,
    tflm_engine,
    time_invokes,
)

EVERY_ENGINE = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
EVERY_KERNEL_SET = pytest.mark.parametrize(
    ("engine", "resolver"),
    [(engine, resolver) for engine in ENGINES for resolver in engine.resolvers],
    ids=lambda value: value.name if isinstance(value, Engine) else value.value,
)


def require(engine: Engine) -> None:
    """Skip where an engine is not available."""
    reason = engine.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)


def samples(count: int = 7) -> tuple[Array, Array]:
    """Inputs of `two_layer_tflite`."""
    generator = np.random.default_rng(5)
    return (
        generator.integers(-128, 128, (count, 3), dtype=np.int8),
        generator.integers(-128, 128, (count, 4), dtype=np.int8),
    )


def expected_layer(tflite: bytes, operator_index: int, x: Array) -> Array:
    """What a fully-connected layer should give, in exact arithmetic rounded once."""
    graph = read(tflite)
    tensors = [graph.main.tensors[index] for index in graph.main.operators[operator_index].inputs]
    weights, bias = (graph.array(tensor) for tensor in tensors[1:])
    assert weights is not None
    assert bias is not None
    sums = (x.astype(np.int64) - 3) @ weights.astype(np.int64).T + bias.astype(np.int64)
    return np.clip(np.floor(sums * (0.5 * 0.25 / 8.0) + 0.5) - 5, -128, 127).astype(np.int8)


@EVERY_KERNEL_SET
def test_outputs_are_right_and_in_the_models_order(engine: Engine, resolver: Resolver) -> None:
    """Several inputs and outputs keep the model's order, whatever that of its tensors, and the figures are right."""
    require(engine)
    narrow, wide = samples()
    result = run(Request(engine=engine, tflite=two_layer_tflite(), inputs=(narrow, wide), resolver=resolver))
    expected = (expected_layer(two_layer_tflite(), 0, wide), expected_layer(two_layer_tflite(), 1, narrow))
    assert [(7, 2), (7, 5)] == [output.shape for output in result.outputs]
    for ours, theirs in zip(expected, result.outputs, strict=True):
        assert np.dtype(np.int8) == theirs.dtype
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


@EVERY_ENGINE
def test_full_and_batchless_shapes_mean_the_same(engine: Engine) -> None:
    """A sample may be given in its tensor's own shape or without the batch extent of 1."""
    require(engine)
    narrow, wide = samples()
    short = run(Request(engine=engine, tflite=two_layer_tflite(), inputs=(narrow, wide)))
    full = run(Request(engine=engine, tflite=two_layer_tflite(), inputs=(narrow[:, None], wide[:, None])))
    for ours, theirs in zip(short.outputs, full.outputs, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@EVERY_ENGINE
def test_a_result_says_what_was_asked_for(engine: Engine) -> None:
    """Timings come one for each sample, allocations where there is an arena, versions always."""
    require(engine)
    asked = Request(
        engine=engine, tflite=two_layer_tflite(), inputs=samples(), want_timings=True, want_allocations=engine.has_arena
    )
    result = run(asked)
    silent = run(dataclasses.replace(asked, want_timings=False, want_allocations=False))
    assert 7 == len(result.latencies_us)
    assert all(latency_us > 0 for latency_us in result.latencies_us)
    assert result.load_time_us > 0
    assert engine.has_arena == (result.allocations is not None)
    assert (engine.name, engine.version) == (result.versions.engine, result.versions.engine_version)
    assert ((), None) == (silent.latencies_us, silent.allocations)


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (samples()[:1], "has 2 inputs, 1 arrays"),
        ((samples()[0], samples()[1].astype(np.float32)), "input 1 takes int8, an array of float32"),
        ((samples()[0], samples()[1][:, :3]), r"input 1 takes shape \(N, 4\), \(7, 3\) was given"),
        ((samples()[0], samples()[1][:6]), r"different numbers of samples: \[6, 7\]"),
        (samples(0), "no sample to run"),
        ((np.zeros(3, object), samples()[1]), "give an array of numbers"),
    ],
    ids=["count", "dtype", "shape", "samples", "empty", "objects"],
)
def test_wrong_samples_are_refused(engine: Engine, inputs: tuple[Array, ...], words: str) -> None:
    """Arrays that do not fit the model end in one sentence that says what is accepted."""
    require(engine)
    with pytest.raises(InterpreterError, match=words):
        run(Request(engine=engine, tflite=two_layer_tflite(), inputs=inputs))


@EVERY_KERNEL_SET
def test_invokes_are_timed_until_the_limit(engine: Engine, resolver: Resolver) -> None:
    """Timing ends with the number of runs where that comes before the time limit."""
    require(engine)
    times = time_invokes(
        TimeInvokes(engine=engine, tflite=two_layer_tflite(), resolver=resolver, maximum_runs=20, time_limit_seconds=10)
    )
    assert 20 == len(times.latencies_us)


@EVERY_ENGINE
def test_an_engine_tells_whether_it_is_there(engine: Engine) -> None:
    """An engine has a version where it is available, and otherwise a sentence with a line that mends it."""
    reason = engine.unavailable_reason()
    if reason is None:
        assert engine.version
    else:
        assert "pip install" in reason
    assert "pip install" in engine.install


def test_engines_are_told_apart_by_name() -> None:
    """Names are unique, and each finds its engine."""
    assert list(ENGINES) == [engine_named(engine.name) for engine in ENGINES]


def test_an_unknown_engine_gets_the_nearest_name() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(InterpreterError, match='did you mean "litert"'):
        engine_named("litter")


def test_nothing_heavy_is_imported_to_ask() -> None:
    """Looking at all engines imports no interpreter and no TensorFlow."""
    program = (
        "import sys; from edgewright.pipeline.interpreters import ENGINES\n"
        "[(engine.version, engine.unavailable_reason()) for engine in ENGINES]\n"
        "print(sorted({'tensorflow', 'tflite_runtime', 'ai_edge_litert', 'tflite_micro'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distribution": "edgewright-no-such-package"}, "is not installed: run `pip install tflite-runtime"),
        ({"newest_python": (3, 8)}, r"no wheel for Python 3\.\d+ .*use LiteRT.*pip install ai-edge-litert"),
        ({"numpy_below": 1}, r'does not work with numpy .*pip install "numpy<1"'),
    ],
    ids=["missing", "python", "numpy"],
)
def test_an_unavailable_engine_says_how_to_mend_it(change: dict[str, object], words: str) -> None:
    """A missing package, too new a Python and too new a numpy each have their sentence, and running raises it."""
    changed = {"distribution": "numpy", "newest_python": None, "numpy_below": None, **change}
    engine = dataclasses.replace(engine_named("tflite_runtime"), runtime_module="numpy", **changed)
    reason = engine.unavailable_reason()
    assert reason is not None
    with pytest.raises(InterpreterError, match=words):
        run(Request(engine=engine, tflite=b"", inputs=(np.zeros((1, 1), np.int8),)))


def test_a_resolver_that_an_engine_lacks_is_refused() -> None:
    """TFLM has reference kernels only, and says so."""
    with pytest.raises(InterpreterError, match=r'no resolver "xnnpack"\. Accepted: reference'):
        run(Request(engine=tflm_engine(), tflite=two_layer_tflite(), inputs=samples(), resolver=Resolver.XNNPACK))


def test_no_threads_are_refused() -> None:
    """A thread count below 1 is refused before anything starts."""
    with pytest.raises(InterpreterError, match="cannot run with 0 threads"):
        run(Request(engine=tflm_engine(), tflite=two_layer_tflite(), inputs=samples(), threads=0))


def test_an_engine_without_arena_has_none_to_find() -> None:
    """Only an engine with an arena can be asked for its size."""
    engine = tflite_engine()
    with pytest.raises(InterpreterError, match="has no arena to measure"):
        find_arena(FindArena(engine=engine, tflite=two_layer_tflite()))


def test_an_unsupported_operator_is_named() -> None:
    """TFLM's own words about a missing operator end up in the sentence."""
    require(tflm_engine())
    graph = read(two_layer_tflite())
    first = dataclasses.replace(
        graph.main.operators[0], op="CONV_3D", options_type="Conv3DOptions", options={}, version=1
    )
    subgraph = dataclasses.replace(graph.main, operators=(first, *graph.main.operators[1:]))
    tflite = write(dataclasses.replace(graph, subgraphs=(subgraph,)))
    with pytest.raises(InterpreterError, match="Didn't find op for builtin opcode 'CONV_3D'") as caught:
        run(Request(engine=tflm_engine(), tflite=tflite, inputs=samples()))
    assert "\n" not in str(caught.value)
