"""The walk through the layers, over a fake model that shows any layers: the one that computes wrongly is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core

from edgewright.pipeline.emission.layers import trace_context
from edgewright.pipeline.selftest_log import read_log, summarize
from edgewright.pipeline.vocabulary import EmissionModel, SelfTest
from edgewright.runtime_bench.cores import Program, run

HERE = Path(__file__).parent
STRICT = (
    "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic", "-Wshadow", "-Wstrict-prototypes",
    "-Wmissing-prototypes", "-DFAKE_LAYERS",
)  # fmt: skip
SANITIZED = (*STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
LAYERS = ("CONV_2D conv2d", "RESHAPE flatten", "FULLY_CONNECTED dense", "SOFTMAX softmax")
BLIND = (
    "unknown: the runtime shows no layer (TensorFlow Lite Micro shows none where it is built with "
    "TF_LITE_STRIP_ERROR_STRINGS)"
)

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]


def with_counts(model: EmissionModel, hashed: int, valued: int, kind: SelfTest = SelfTest.USUAL) -> EmissionModel:
    """Return the model with so many vectors' hashes and values."""
    assert model.trace is not None
    return replace(model, trace=replace(model.trace, hashed_count=hashed, valued_count=valued), selftest=kind)


def sources_of(tree: Path, model: EmissionModel) -> list[Path]:
    """Return the sources of the self-test over the fake model, which shows the tiny model's layers."""
    assert model.trace is not None
    tensors = [model.trace.tensors[index] for index in (3, 5, 8, 9)]
    longest = max(array[0].size for array in tensors)
    rows = [
        "{ " + ", ".join("{ " + ", ".join(map(str, array[vector].flat)) + " }" for array in tensors) + " }"
        for vector in range(3)
    ]
    (tree / "edgewright" / "fake_layers.h").write_text(
        f"#define FAKE_COUNT 4u\n#define FAKE_LONGEST {longest}\n"
        f"static const size_t fake_lengths[4] = {{ {', '.join(str(array[0].size) for array in tensors)} }};\n"
        f"static const int8_t fake_layers[3][4][{longest}] = {{ {', '.join(rows)} }};\n"
    )
    shutil.copy(HERE / "fake_model.c", tree / "edgewright" / "fake_model.c")
    return [*sorted((tree / "edgewright").glob("*.c")), tree / "selftest_main.c"]


def run_program(program: Path, fake: str) -> tuple[int, list[str]]:
    """Run a program and return its exit status and what it says of layers, the verdict last."""
    environment = {**os.environ, "FAKE": fake}
    finished = subprocess.run([program], capture_output=True, text=True, env=environment, check=False)
    assert finished.stderr == ""
    return finished.returncode, told(finished.stdout)


def told(text: str) -> list[str]:
    """Return what is said of layers, and the last line."""
    *lines, verdict = text.splitlines()
    start = "SELF-TEST LAYER "
    return [*(line.removeprefix(start) for line in lines if line.startswith(start)), verdict]


@pytest.fixture
def selftest(emit: Emit, unpack: Unpack, cc: Compile) -> Callable[..., Path]:
    """Return a function that builds the self-test of the cmake family with the fake model and its layers."""

    def build(model: EmissionModel, flags: tuple[str, ...] = STRICT, kernels_of: str = "cmake") -> Path:
        tree = unpack(emit(model, "cmake"))
        for name, content in emit(model, kernels_of).items():
            if Path(name).name == "edgewright_selftest.h":
                (tree / "edgewright" / "edgewright_selftest.h").write_bytes(content)
        return cc(sources_of(tree, model), flags=flags)

    return build


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_the_first_layer_is_named(layer: int, tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """By hash the first layer that differs is named; of the last one, whose values are held, how far it is off."""
    program = selftest(tiny, SANITIZED)
    status, (line, verdict) = run_program(program, f"1 0 2 -4 {layer} 1 7")
    assert (1, "SELF-TEST FAIL vector 1 element 2 expected 19 got 15") == (status, verdict)
    found = "max_diff=7 element=1 expected=-62 got=-55" if layer == 3 else "hash differs expected=H got=H"
    hashless = re.sub(r"[0-9a-f]{8}", "H", line)
    assert f"first difference at layer {layer} {LAYERS[layer]} {found} output=0 vector=1" == hashless


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_values_tell_how_far_a_layer_is_off(layer: int, tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """With values the largest difference is told, with its element and how many layers differ by themselves."""
    program = selftest(with_counts(tiny, 3, 3), SANITIZED)
    _, (line, _) = run_program(program, f"1 0 2 -4 {layer} 1 7")
    assert tiny.trace is not None
    expected = int(tiny.trace.tensors[(3, 5, 8, 9)[layer]][1].flat[1])
    found = f"max_diff=7 element=1 expected={expected} got={expected + 7} output=0 vector=1 layers=1"
    assert f"first difference at layer {layer} {LAYERS[layer]} {found}" == line


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_log_tells_the_rest(layer: int, tiny: EmissionModel, selftest: Callable[..., Path], tmp_path: Path) -> None:
    """Where a firmware holds hashes alone, its console has what a computer needs to say how far the layer is off."""
    finished = subprocess.run(
        [selftest(tiny, SANITIZED)],
        capture_output=True,
        env={**os.environ, "FAKE": f"1 0 2 -4 {layer} 1 7"},
        check=False,
    )
    (tmp_path / "console.log").write_bytes(b"noise \xff\n" + finished.stdout.replace(b"\n", b"\r\n"))
    found = summarize(read_log(tmp_path / "console.log"), tiny.graph, tiny.configuration_digest)
    assert tiny.trace is not None
    expected = tiny.trace.tensors[(3, 5, 8)[layer]][1].reshape(-1)
    assert f"first difference at layer {layer} {LAYERS[layer]} max_diff=7 output=0 vector=1" == found.layer
    assert (1, expected.size, ((1, expected[1], expected[1] + 7),)) == (
        found.differing_count, found.element_count, found.worst,
    )  # fmt: skip


def test_vectors_with_values_are_tried_first(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """Where the vector that failed has no values, those that have some are tried, and then its hashes."""
    program = selftest(with_counts(tiny, 3, 1))
    assert "layer 2 FULLY_CONNECTED dense hash differs" in run_program(program, "1 0 2 -4 2 1 7")[1][0]
    assert "layer 2 FULLY_CONNECTED dense max_diff=7" in run_program(program, "0 0 2 -4 2 1 7")[1][0]


def test_an_output_that_is_right_again(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """Where no layer differs the line says so, and whether the output is wrong again."""
    program = selftest(tiny)
    ends = "max_diff=0 seen=4/4 vector=1"
    for fake, reason in (
        ("1 0 2 -4", "the output becomes wrong after its layer has run"),
        ("once 1 0 2 -4", "run again, the output is right"),
    ):
        status, (line, verdict) = run_program(program, fake)
        assert (1, f"no difference at any layer: {reason} {ends}") == (status, line)
        assert "SELF-TEST FAIL vector 1 element 2 expected 19 got 15" == verdict


def test_a_runtime_that_shows_no_layer(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """A runtime that tells nothing of its layers is not taken for one whose layers are right."""
    program = selftest(tiny, STRICT[:-1])
    verdict = "SELF-TEST FAIL vector 1 element 2 expected 19 got 15"
    assert (1, [BLIND, verdict]) == run_program(program, "1 0 2 -4")


def test_a_firmware_that_holds_nothing(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """Without hashes, which a small flash has no room for, the line says that nothing can be told."""
    line = "unknown: this firmware does not hold what its layers must give"
    for model in (with_counts(tiny, 0, 0), with_counts(tiny, 0, 0, SelfTest.FULL)):
        status, lines = run_program(selftest(model, SANITIZED), "1 0 2 -4")
        assert (1, line) == (status, lines[0])
    assert (0, [line, "SELF-TEST PASS 3/3 max_diff=0"]) == run_program(selftest(model), "")


@pytest.mark.parametrize("valued", [0, 1, 3])
def test_full_looks_at_every_layer(valued: int, tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """In full the layers are looked at although the outputs are right; one that differs fails the test."""
    program = selftest(with_counts(tiny, 3, valued, SelfTest.FULL), SANITIZED)
    line = f"no difference at any layer: vectors=3 by_value={valued} max_diff=0 seen=4/4"
    assert (0, [line, "SELF-TEST PASS 3/3 max_diff=0"]) == run_program(program, "")
    status, (line, verdict) = run_program(program, "2 0 0 0 0 3 -2")
    assert (1, "SELF-TEST FAIL vector 2 layer 0") == (status, verdict)
    assert line.startswith("first difference at layer 0 CONV_2D conv2d ")
    assert (" max_diff=2 " in line) == (valued == 3)


def test_tolerance_of_layers(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """With esp-nn a layer may differ by 1, which only values can tell; hashes are compared after a wrong output."""
    program = selftest(with_counts(tiny, 3, 3, SelfTest.FULL), SANITIZED, kernels_of="esp_idf")
    line = "no difference at any layer: vectors=3 by_value=3 max_diff=1 seen=4/4"
    assert (0, [line, "SELF-TEST PASS 3/3 max_diff=0"]) == run_program(program, "2 0 0 0 2 0 1")
    assert "layer 2 FULLY_CONNECTED dense max_diff=2 " in run_program(program, "2 0 0 0 2 0 2")[1][0]
    line = "no difference at any layer: those within the tolerance add up max_diff=1 seen=4/4 vector=1"
    assert line == run_program(program, "1 0 2 -4 2 0 1")[1][0]
    hashed = selftest(with_counts(tiny, 3, 0, SelfTest.FULL), kernels_of="esp_idf")
    assert (
        "unknown: this firmware does not hold what its layers must give" == run_program(hashed, "2 0 0 0 2 0 2")[1][0]
    )
    assert "layer 2 FULLY_CONNECTED dense hash differs" in run_program(hashed, "1 0 2 -4 2 0 1")[1][0]


def test_a_model_that_does_not_run_again(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """A step that fails during the walk is named; in full it is the verdict."""
    for kind, verdict in ((SelfTest.USUAL, "PASS 3/3 max_diff=0"), (SelfTest.FULL, "ERROR walk status=not_ready")):
        tree = unpack(emit(with_counts(tiny, 3, 0, kind), "cmake"))
        sources = sources_of(tree, tiny)
        fake = tree / "edgewright" / "fake_model.c"
        text = fake.read_text()
        call = 'return fails("reset") ?'
        assert 1 == text.count(call)
        fake.write_text(text.replace(call, "static int calls = 0;\n    return ++calls > 3 ?"))
        _, lines = run_program(cc(sources, flags=STRICT), "")
        assert f"SELF-TEST {verdict}" == lines[-1]
    assert "unknown: the model did not run again, status=not_ready" == lines[0]


def test_names_are_words(tiny: EmissionModel, selftest: Callable[..., Path]) -> None:
    """What a user called a layer reaches the console as one word of printable ASCII."""
    names = ("größe 1", 'a"b\\c\n', "", "??=x")
    lines = [
        run_program(selftest(replace(tiny, layer_names=names)), f"1 0 2 -4 {layer} 1 7")[1][0] for layer in range(4)
    ]
    assert ["gr__e_1", 'a"b\\c_', "_", "??=x"] == [line.split(" ")[6] for line in lines]


@pytest.mark.parametrize("core", every_core())
def test_walk_on_cores(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """On emulated cores the walk names the same layers, by hash and by value."""
    for valued, found in ((0, "hash differs expected="), (3, "max_diff=7 element=1 expected=-10 got=-3 ")):
        model = replace(with_counts(tiny, 3, valued), host_arena_bytes=256)
        tree = unpack(emit(model, "cmake"))
        program = build_for(core, sources_of(tree, model), flags=STRICT)
        done = run(program, environment={"FAKE": "1 0 2 -4 2 1 7"})
        line, verdict = told(done.stdout.decode())
        assert line.startswith(f"first difference at layer 2 FULLY_CONNECTED dense {found}")
        assert (1, "SELF-TEST FAIL vector 1 element 2 expected 19 got 15") == (done.exit_status, verdict)


def test_values_stand_once(tiny: EmissionModel) -> None:
    """The values of the model's outputs stand in the vectors and not a second time in the trace."""
    trace = trace_context(tiny.graph, with_counts(tiny, 3, 2).trace, 3)
    assert [["layer_0_output_0_vector_0", "layer_1_output_0_vector_0", "layer_2_output_0_vector_0", "NULL"]] == [
        [array.symbol for array in vector] for vector in trace.values[:1]
    ]
    assert (2, 3, (None, None, None, 0)) == (
        len(trace.values), trace.hashed_count, tuple(output.model_output for output in trace.outputs),
    )  # fmt: skip


def test_a_trace_that_does_not_fit_is_refused(tiny: EmissionModel) -> None:
    """A tensor that was not traced, or has another shape or type, is a defect of the caller."""
    assert tiny.trace is not None
    tensors = dict(tiny.trace.tensors)
    for changed, message in (
        ({**tensors, 8: tensors[8].astype(np.int16)}, r"traced as int16 \(3,\); the model has int8 \(1, 3\)"),
        ({**tensors, 8: tensors[8][:, :2]}, r"traced as int8 \(2,\)"),
        ({**tensors, 8: tensors[8][:2]}, "was not traced for golden vector 2"),
        ({index: array for index, array in tensors.items() if index != 3}, r'Tensor 3 \("conv"\) was not traced'),
    ):
        with pytest.raises(ValueError, match=message):
            trace_context(tiny.graph, replace(tiny.trace, tensors=changed), 3)
    with pytest.raises(ValueError, match="Values of 4 vectors and hashes of 3 do not go with 3"):
        trace_context(tiny.graph, replace(tiny.trace, valued_count=4), 3)
    with pytest.raises(ValueError, match="hashes of 3 do not go with 2"):
        trace_context(tiny.graph, tiny.trace, 2)


def test_the_order_is_that_of_the_emitted_graph(tiny: EmissionModel) -> None:
    """Layers are counted in the order in which the firmware runs them, whatever order they were traced in."""
    main = tiny.graph.main
    graph = replace(tiny.graph, subgraphs=(replace(main, operators=main.operators[::-1]),))
    assert [9, 8, 5, 3] == [
        main.operators[::-1][output.layer].outputs[0] for output in trace_context(graph, tiny.trace, 3).outputs
    ]
