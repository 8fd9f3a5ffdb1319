"""The self-test over a real TensorFlow Lite Micro, in which a kernel computes wrongly: it names the layer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.models import reference_models
from support.tflm import Compile, Emit, Unpack, build_selftest, compile_c, compile_cpp, compile_library, link

from edgewright.pipeline.arena import measure_host_arena, replay
from edgewright.pipeline.golden import compute_vectors, random_inputs
from edgewright.pipeline.graph import read
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.vocabulary import EmissionModel, Kernels, LayerTrace, SelfTest
from edgewright.runtime_bench.cores import Core, Program
from edgewright.runtime_bench.cores import run as run_on_core

HERE = Path(__file__).parent
GRAPH_SOURCE = "tensorflow/lite/micro/micro_interpreter_graph.cc"
STEPS = 37
KERNELS = (("CONV_2D", "Conv2D", "CONV_2D"), ("FULLY_CONNECTED", "FullyConnected", "FULLY_CONNECTED"))
"""The operator, what the resolver's method adds, and TFLM's registration."""

Run = Callable[[str], tuple[int, list[str]]]
"""Runs a self-test with a layer to corrupt; returns its exit status and what it says of layers, the verdict last."""


def reference_model(name: str) -> EmissionModel:
    """Return a reference model with five golden vectors, the values of the first one held, and every layer tested."""
    tflite = (reference_models() / "arena" / f"{name}.tflite").read_bytes()
    graph = read(tflite)
    vectors = compute_vectors(tflite, tuple(array[:3] for array in random_inputs(graph, 1)), graph, "random")
    return EmissionModel(
        name=name,
        tflite=tflite,
        graph=graph,
        labels=(),
        layer_names=name_layers(graph),
        vectors=vectors,
        host_arena_bytes=measure_host_arena(tflite) * 2,
        tflm_revision="0",
        configuration_digest="0" * 64,
        trace=LayerTrace(tensors=vectors.layers, hashed_count=len(vectors.inputs), valued_count=1),
        selftest=SelfTest.FULL,
    )


@pytest.fixture(params=["tiny", "dscnn_small"])
def model(request: pytest.FixtureRequest) -> EmissionModel:
    """Return the tiny model with hashes only, or a reference model with the values of a vector."""
    return request.getfixturevalue("tiny") if request.param == "tiny" else reference_model(request.param)


def corrupt(tree: Path, model: EmissionModel) -> Path:
    """Let the harness register kernels that compute wrongly when CORRUPT says so."""
    harness = tree / "edgewright" / "edgewright_model.cc"
    text = harness.read_text()
    for number, (operator, method, registration) in enumerate(KERNELS):
        count = sum(one.op == operator for one in model.graph.main.operators)
        call = f"resolver.Add{method}()"
        assert 1 == text.count(call)
        wrapped = f"corrupted<{number}, {count}>(tflite::Register_{registration}())"
        text = text.replace(call, f"resolver.Add{method}({wrapped})")
    last = '#include "tensorflow/lite/schema/schema_generated.h"\n'
    harness.write_text(text.replace(last, f'{last}#include "corruption.h"\n'))
    shutil.copy(HERE / "corruption.h", tree / "edgewright" / "corruption.h")
    return tree


def told(text: str) -> list[str]:
    """Return what is said of layers, and the last line."""
    *lines, verdict = text.splitlines()
    start = "SELF-TEST LAYER "
    return [*(line.removeprefix(start) for line in lines if line.startswith(start)), verdict]


def run_on_host(program: Path) -> Run:
    """Return a function that runs a program on this computer."""

    def run(corruption: str) -> tuple[int, list[str]]:
        environment: Mapping[str, str] = {**os.environ, "CORRUPT": corruption}
        finished = subprocess.run([program], capture_output=True, text=True, env=environment, check=False)
        return finished.returncode, told(finished.stdout)

    return run


def check_layers(model: EmissionModel, run: Run) -> None:
    """Every convolution and fully-connected layer, corrupted in turn, is the one that the self-test names.

    Where every layer is tested, one step is enough, although the outputs may be right then.
    """
    assert model.trace is not None
    full = f"no difference at any layer: vectors={len(model.vectors.inputs)} by_value={model.trace.valued_count}"
    status, lines = run("")
    count = len(model.vectors.inputs)
    assert (0, f"SELF-TEST PASS {count}/{count} max_diff=0") == (status, lines[-1])
    assert [full] * (model.selftest is SelfTest.FULL) == [line.split(" max_diff")[0] for line in lines[:-1]]
    for kernel, _, _ in KERNELS:
        places = [operator.index for operator in model.graph.main.operators if operator.op == kernel]
        for number, layer in enumerate(places):
            for steps in (STEPS, 1) if model.selftest is SelfTest.FULL else (STEPS,):
                status, lines = run(f"{kernel} {number} {steps}")
                assert (1, 2) == (status, len(lines)), lines
                assert lines[1].startswith("SELF-TEST FAIL vector ")
                name = re.escape(model.layer_names[layer])
                by_value = rf"max_diff={steps} element=\d+ expected=-?\d+ got=-?\d+ output=0 vector=0 layers=1"
                by_hash = r"hash differs expected=[0-9a-f]{8} got=[0-9a-f]{8} output=0 vector=\d"
                found = by_value if model.trace.valued_count else by_hash
                assert re.fullmatch(f"first difference at layer {layer} {kernel} {name} {found}", lines[0]), lines[0]


@pytest.mark.slow
def test_a_corrupted_kernel_is_named(
    *, model: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str], library: str, cc: Compile, tmp_path: Path
) -> None:
    """Whichever convolution or fully-connected layer computes wrongly, the self-test names that one and how far off."""
    tree = corrupt(unpack(emit(model, "cmake")), model)
    check_layers(model, run_on_host(build_selftest(tree, tmp_path, includes, library, cc)))


@pytest.mark.slow
def test_a_corrupted_kernel_is_named_on_core(
    *,
    model: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    build_on_core: Callable[[Path], Program],
    given_core: Core,
) -> None:
    """On the emulated core that TFLM was compiled for, the same layers are named, and the arena is as computed."""
    use = replay(model.graph, Kernels.REFERENCE, given_core.name)
    used_bytes = use.head_bytes + use.tail_bytes
    program = build_on_core(corrupt(unpack(emit(model, "cmake", used_bytes=used_bytes)), model))

    def run(corruption: str) -> tuple[int, list[str]]:
        done = run_on_core(program, environment={"CORRUPT": corruption})
        return done.exit_status, told(done.stdout.decode())

    check_layers(model, run)
    arena = re.search(r"^SELF-TEST ARENA .*$", run_on_core(program).stdout.decode(), re.MULTILINE)
    reserved = model.host_arena_bytes
    line = f"SELF-TEST ARENA used={used_bytes} expected={used_bytes} reserved={reserved} as computed"
    assert line == (arena and arena[0])


@pytest.mark.slow
def test_without_error_strings_nothing_is_told(
    *, tiny: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str], library: str, cc: Compile, tmp_path: Path
) -> None:
    """A TFLM that was built with TF_LITE_STRIP_ERROR_STRINGS shows no layer, and the self-test says so."""
    sources = [Path(flag) / GRAPH_SOURCE for flag in includes if flag != "-isystem"]
    source = next((path for path in sources if path.is_file()), None)
    if source is None:
        pytest.skip(f"the TFLM tree has no {GRAPH_SOURCE}; give its root with the sources")
    stripped = tmp_path / "stripped.o"
    flags = ("-w", "-fno-rtti", "-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_STRIP_ERROR_STRINGS", "-O1")
    compile_cpp(source, *flags, *includes, "-c", "-o", str(stripped))
    tree = corrupt(unpack(emit(tiny, "cmake")), tiny)
    objects = compile_library(tree, "edgewright", tmp_path, includes, cc)
    objects += [*compile_c([tree / "selftest_main.c"], [tree / "edgewright"], cc), stripped]
    run = run_on_host(link(objects, library, tmp_path / "without_strings"))
    assert (0, ["SELF-TEST PASS 3/3 max_diff=0"]) == run("")
    status, (line, verdict) = run("FULLY_CONNECTED 0 37")
    assert (1, True) == (status, verdict.startswith("SELF-TEST FAIL vector 0 "))
    assert line.startswith("unknown: the runtime shows no layer ")
