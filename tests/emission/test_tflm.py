"""Generated firmware against a real TensorFlow Lite Micro: a user's own copy, which support/tflm.py finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.applications import run as run_application
from support.applications import samples
from support.families import FIRMWARE_FAMILIES
from support.models import reference_models
from support.tflm import (
    DOWNLOADS,
    Compile,
    Emit,
    Unpack,
    build_selftest,
    compile_c,
    compile_cpp,
    compile_library,
    include_folders,
    link,
    run_selftest,
)

from edgewright.pipeline.arena import arrangements, replay
from edgewright.pipeline.arena.layout import Abi, layout_of
from edgewright.pipeline.golden import compute_vectors, random_inputs
from edgewright.pipeline.graph import Graph, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.operator_tables import OperatorTable, load_table, table_names
from edgewright.pipeline.target import load_family, load_target
from edgewright.pipeline.vocabulary import EmissionModel, Kernels, Placement
from edgewright.runtime_bench.cores import Core, Program
from edgewright.runtime_bench.cores import run as run_on_core

HERE = Path(__file__).parent
RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"
REGISTRATION = re.compile(r"TfLiteStatus (Add\w+)\(")
NO_OPERATORS = frozenset({"AddBuiltin", "AddCustom"})
"""What the others are written with."""


@pytest.mark.parametrize("family", FIRMWARE_FAMILIES)
@pytest.mark.parametrize("fixture", ["tiny", "tiny_float"])
def test_harness_compiles(
    *,
    family: str,
    fixture: str,
    emit: Emit,
    unpack: Unpack,
    includes: list[str],
    request: pytest.FixtureRequest,
) -> None:
    """Every C++ file of every family compiles against TFLM's headers without a warning."""
    tree = unpack(emit(request.getfixturevalue(fixture), family))
    stubs = [HERE / "stubs" / folder for folder in ("", "arduino", "pico_sdk/include", "zephyr/include")]
    own = [f"-I{folder}" for folder in (tree / load_family(family).library_folder, *stubs)]
    sources = sorted(path for path in tree.rglob("*") if path.suffix in (".cc", ".cpp"))
    assert sources
    for source in sources:
        compile_cpp(source, "-fsyntax-only", *own, *includes)


def test_harness_in_psram_compiles(tiny: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str]) -> None:
    """With its arena in PSRAM the harness compiles against TFLM's headers as well."""
    tree = unpack(emit(tiny, "esp_idf", target=load_target("esp32s3_n8r8"), placement=Placement.PSRAM))
    library = tree / load_family("esp_idf").library_folder
    own = [f"-I{folder}" for folder in (library, HERE / "stubs")]
    compile_cpp(library / "edgewright_model.cc", "-fsyntax-only", *own, *includes)


@pytest.fixture(scope="module")
def resolver_methods(includes: list[str]) -> frozenset[str]:
    """Return the registrations that TFLM's resolver declares."""
    headers = [Path(flag) / RESOLVER for flag in includes if flag != "-isystem"]
    (text,) = (header.read_text(encoding="utf-8") for header in headers if header.is_file())
    return frozenset(REGISTRATION.findall(text)) - NO_OPERATORS


@pytest.fixture(scope="module")
def table(resolver_methods: frozenset[str]) -> OperatorTable:
    """Return the table of operators that comes nearest to the given TFLM."""
    tables = [load_table(name) for name in table_names()]
    return min(tables, key=lambda table: len(table.methods ^ resolver_methods))


def test_a_table_has_the_registrations(table: OperatorTable, resolver_methods: frozenset[str]) -> None:
    """The table of this TFLM's revision names the registrations of its resolver, no more and no fewer."""
    more, fewer = sorted(resolver_methods - table.methods), sorted(table.methods - resolver_methods)
    if more or fewer:
        pytest.skip(f"no table is of this TFLM's revision: {table.revision} comes nearest (+{more}, -{fewer})")
    assert resolver_methods == table.methods


@pytest.mark.parametrize("is_static", [True, False], ids=["static", "full"])
def test_structures_have_the_sizes_that_are_known(*, is_static: bool, includes: list[str], tmp_path: Path) -> None:
    """What arenas are computed with is what the compiler of this computer says of TFLM's structures."""
    layout = layout_of(Abi.WORD_64)
    sizes = {
        "SingleArenaBufferAllocator": layout.allocator_bytes,
        "GreedyMemoryPlanner": layout.planner_bytes,
        "MicroAllocator": layout.micro_allocator_bytes,
        "SubgraphAllocations": layout.subgraph_bytes,
        "NodeAndRegistration": layout.node_bytes if is_static else layout.full_node_bytes,
        "TfLiteTensor": layout.tensor_bytes if is_static else layout.full_tensor_bytes,
        "TfLiteEvalTensor": layout.eval_tensor_bytes,
        "TfLiteAffineQuantization": layout.quantization_bytes,
        "internal::ScratchBufferRequest": layout.request_bytes,
        "AllocationInfo": layout.allocation_bytes,
        "ScratchBufferHandle": layout.word_bytes,
    }
    headers = ("micro_allocator", "micro_allocation_info", "memory_planner/greedy_memory_planner",
               "arena_allocator/single_arena_buffer_allocator")  # fmt: skip
    source = tmp_path / "structures.cc"
    source.write_text(
        "".join(f'#include "tensorflow/lite/micro/{header}.h"\n' for header in headers)
        + "using namespace tflite;\n"
        + "".join(f'static_assert(sizeof({name}) == {nbytes}, "{name}");\n' for name, nbytes in sizes.items())
    )
    compile_cpp(source, "-fsyntax-only", *(["-DTF_LITE_STATIC_MEMORY"] if is_static else []), *includes)


def test_every_registration_exists(table: OperatorTable, includes: list[str], tmp_path: Path) -> None:
    """TFLM's resolver takes every registration of the nearest table as firmware calls it."""
    facts = (*table.operators.values(), *table.custom_operators.values())
    methods = sorted({one.method for one in facts})
    calls = "".join(f"    failed += resolver.{method}() != kTfLiteOk;\n" for method in methods)
    source = tmp_path / "registrations.cc"
    source.write_text(
        '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"\n'
        f"int main() {{\n    tflite::MicroMutableOpResolver<{len(methods)}> resolver;\n    int failed = 0;\n{calls}"
        "    return failed;\n}\n"
    )
    compile_cpp(source, "-fsyntax-only", *includes)


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["tiny", "tiny_float"])
def test_selftest_passes(
    *,
    fixture: str,
    emit: Emit,
    unpack: Unpack,
    includes: list[str],
    library: str,
    cc: Compile,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Linked against TFLM, the self-test passes without any difference, within the arena."""
    tiny: EmissionModel = request.getfixturevalue(fixture)
    program = build_selftest(unpack(emit(tiny, "cmake")), tmp_path, includes, library, cc)
    status, lines = run_selftest(program)
    assert (0, "SELF-TEST PASS 3/3 max_diff=0") == (status, lines[-1])
    used, reserved = re.findall(r"arena_(?:used|bytes)=(\d+)", lines[1])
    assert 0 < int(used) <= int(reserved) == tiny.host_arena_bytes


@pytest.mark.slow
def test_two_models_in_one_firmware(
    *,
    tiny: EmissionModel,
    tiny_float: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    includes: list[str],
    library: str,
    cc: Compile,
    tmp_path: Path,
) -> None:
    """Two models with a prefix each link into one program, in which both pass their self-tests."""
    main = tmp_path / "two_main.c"
    main.write_text(
        '#include "kws_selftest.h"\n#include "vww_selftest.h"\n'
        "int main(void) { return kws_selftest_run() != KWS_OK || vww_selftest_run() != VWW_OK; }\n"
    )
    objects, folders = [], []
    for prefix, model in (("kws", tiny), ("vww", tiny_float)):
        tree = unpack(emit(replace(model, prefix=prefix), "cmake"))
        objects += compile_library(tree, prefix, tmp_path, includes, cc)
        folders.append(tree / prefix)
    program = link([*objects, *compile_c([main], folders, cc)], library, tmp_path / "both")
    status, lines = run_selftest(program)
    assert (0, 2) == (status, lines.count("SELF-TEST PASS 3/3 max_diff=0"))


def flip_weight(model: EmissionModel) -> tuple[EmissionModel, npt.NDArray[np.generic]]:
    """Flip one bit of a weight, such that the first vector's output changes; return that output too."""
    graph: Graph = model.graph
    expected = model.vectors.outputs[0][0]
    for position in range(len(graph.buffers[4])):
        weights = np.frombuffer(graph.buffers[4], np.int8).copy()
        weights[position] ^= 0x40
        spoiled = write(replace(graph, buffers=(*graph.buffers[:4], weights.tobytes(), *graph.buffers[5:])))
        request = Request(engine=tflm_engine(), tflite=spoiled, inputs=model.vectors.inputs[0])
        (output,) = run(request).outputs
        if not np.array_equal(expected, output):
            return replace(model, tflite=spoiled), output
    raise AssertionError("no weight changes the first vector's output")


@pytest.mark.slow
def test_selftest_finds_a_flipped_weight(
    *, tiny: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str], library: str, cc: Compile, tmp_path: Path
) -> None:
    """With one bit of a weight flipped, the self-test names the very element, and the exit status is not 0."""
    spoiled, output = flip_weight(tiny)
    status, lines = run_selftest(build_selftest(unpack(emit(spoiled, "cmake")), tmp_path, includes, library, cc))
    expected = tiny.vectors.outputs[0][0]
    element = int(np.flatnonzero(expected != output)[0])
    sentence = f"element {element} expected {expected.flat[element]} got {output.flat[element]}"
    assert (1, f"SELF-TEST FAIL vector 0 {sentence}") == (status, lines[-1])


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["tiny", "tiny_float"])
def test_selftest_passes_on_core(
    *,
    fixture: str,
    emit: Emit,
    unpack: Unpack,
    build_on_core: Callable[[Path], Program],
    request: pytest.FixtureRequest,
) -> None:
    """On the emulated core that TFLM was compiled for, the self-test passes without a difference, within the arena."""
    tiny: EmissionModel = request.getfixturevalue(fixture)
    done = run_on_core(build_on_core(unpack(emit(tiny, "cmake"))))
    lines = done.stdout.decode().splitlines()
    assert (0, "SELF-TEST PASS 3/3 max_diff=0") == (done.exit_status, lines[-1])
    used, reserved = re.findall(r"arena_(?:used|bytes)=(\d+)", lines[1])
    assert 0 < int(used) <= int(reserved) == tiny.host_arena_bytes


def reference_emission(tiny: EmissionModel, name: str, core: str) -> tuple[EmissionModel, int]:
    """Return a reference model in the smallest arena that is computed for a core, and the bytes that it should use.

    It has the best arrangement in memory that there is; the vectors are those of the model as it was.
    """
    (path,) = reference_models().rglob(f"{name}.tflite")
    given = read(path.read_bytes())
    found = [given, *(one.graph for one in arrangements(given, Kernels.REFERENCE, core))]
    graph = min(found, key=lambda one: replay(one, Kernels.REFERENCE, core).smallest_bytes)
    assert (graph is not given) == (name in PLANNED)
    tflite = path.read_bytes() if graph is given else write(graph)
    use = replay(graph, Kernels.REFERENCE, core)
    model = replace(
        tiny,
        name=name,
        tflite=tflite,
        graph=graph,
        labels=(),
        layer_names=tuple(operator.label for operator in graph.main.operators),
        vectors=compute_vectors(path.read_bytes(), random_inputs(given, 1), given, "random, seed 1").first(1),
        trace=None,
        host_arena_bytes=use.smallest_bytes,
    )
    return model, use.used_bytes


PLANNED = ("inception_like", "mobilenet_v1_like")
"""Those that get another order of execution, and an offline plan."""
USES_COMPARED = ("autoencoder", "dscnn_small", "gap_mean_odd", "squeeze_excite", *PLANNED)
"""One whose arena the planner's notes decide, and different operators."""


@pytest.mark.slow
@pytest.mark.parametrize("name", USES_COMPARED)
def test_arena_used_is_what_was_computed(
    *,
    name: str,
    tiny: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    includes: list[str],
    library: str,
    cc: Compile,
    tmp_path: Path,
) -> None:
    """In the smallest arena that is computed, the program starts, passes, and reports the bytes that were computed."""
    model, used_bytes = reference_emission(tiny, name, "host")
    status, lines = run_selftest(build_selftest(unpack(emit(model, "cmake")), tmp_path, includes, library, cc))
    assert (0, "SELF-TEST PASS 1/1 max_diff=0") == (status, lines[-1])
    assert [str(used_bytes)] == re.findall(r"arena_used=(\d+)", "\n".join(lines))


@pytest.mark.slow
@pytest.mark.parametrize("name", USES_COMPARED)
def test_arena_used_is_what_was_computed_on_core(
    *,
    name: str,
    tiny: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    given_core: Core | None,
    build_on_core: Callable[[Path], Program],
) -> None:
    """So it does on the emulated core that TFLM was compiled for."""
    assert given_core is not None
    model, used_bytes = reference_emission(tiny, name, given_core.name)
    done = run_on_core(build_on_core(unpack(emit(model, "cmake"))))
    lines = done.stdout.decode().splitlines()
    assert (0, "SELF-TEST PASS 1/1 max_diff=0") == (done.exit_status, lines[-1])
    assert [str(used_bytes)] == re.findall(r"arena_used=(\d+)", "\n".join(lines))


@pytest.mark.slow
def test_selftest_finds_a_flipped_weight_on_core(
    *, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_on_core: Callable[[Path], Program]
) -> None:
    """There, too, one flipped bit of a weight ends with the vector, the element and a status that is not 0."""
    spoiled, output = flip_weight(tiny)
    done = run_on_core(build_on_core(unpack(emit(spoiled, "cmake"))))
    expected = tiny.vectors.outputs[0][0]
    element = int(np.flatnonzero(expected != output)[0])
    sentence = f"element {element} expected {expected.flat[element]} got {output.flat[element]}"
    assert (1, f"SELF-TEST FAIL vector 0 {sentence}") == (done.exit_status, done.stdout.decode().splitlines()[-1])


@pytest.mark.slow
def test_selftest_needs_its_arena(
    *, tiny: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str], library: str, cc: Compile, tmp_path: Path
) -> None:
    """An arena that is too small ends with a verdict of its own, and the exit status is not 0."""
    small = replace(tiny, host_arena_bytes=512)
    status, lines = run_selftest(build_selftest(unpack(emit(small, "cmake")), tmp_path, includes, library, cc))
    assert (1, "SELF-TEST ERROR init status=arena") == (status, lines[-1])


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"shape": (1, 2, 8, 1)}, {"name": "image", "quantization": None}, {}])
def test_selftest_checks_the_tensors(
    *,
    change: dict[str, object],
    tiny: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    includes: list[str],
    library: str,
    cc: Compile,
    tmp_path: Path,
) -> None:
    """A model whose input is not as the generated facts say is refused at boot; a missing scale is no contradiction."""
    main = tiny.graph.main
    changed = replace(main, tensors=(replace(main.tensors[0], **change), *main.tensors[1:]))  # type: ignore[arg-type]
    model = replace(tiny, graph=replace(tiny.graph, subgraphs=(changed,)))
    status, lines = run_selftest(build_selftest(unpack(emit(model, "cmake")), tmp_path, includes, library, cc))
    expected = (1, "SELF-TEST ERROR init status=tensor") if "shape" in change else (0, "SELF-TEST PASS 3/3 max_diff=0")
    assert expected == (status, lines[-1])


@pytest.mark.slow
def test_cmake_builds_and_tests(
    tiny: EmissionModel, emit: Emit, unpack: Unpack, includes: list[str], library: str
) -> None:
    """The commands of the cmake family's README build the project, and its own test passes."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake: install it (Debian: apt install cmake)")
    tree = unpack(emit(tiny, "cmake"))
    folders = ";".join(flag for flag in includes if flag != "-isystem")
    build = str(tree / "build")
    for command in (
        [cmake, "-S", str(tree), "-B", build, f"-DTFLM_INCLUDE={folders}", f"-DTFLM_LIB={library}"],
        [cmake, "--build", build],
    ):
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (0, "") == (finished.returncode, finished.stderr)
    status, lines = run_selftest(tree / "build" / "edgewright_selftest")
    assert (0, "SELF-TEST PASS 3/3 max_diff=0") == (status, lines[-1])
    status, lines = run_application(tree / "build" / "edgewright_application", samples(tiny, 1, 0) + "1,2,3\n")
    assert (0, "LINE REFUSED: 3 numbers; send 16 numbers, separated by commas") == (status, lines[-1])
    assert ["element 2", "element 1"] == [line[:9] for line in lines if line.startswith("element ")]


def test_root_and_folders_mean_the_same(tmp_path: Path) -> None:
    """A tree's root brings its third-party include directories along, in either layout."""
    for folder in ("third_party/gemmlowp", "third_party/flatbuffers/include", f"{DOWNLOADS}/ruy"):
        (tmp_path / folder).mkdir(parents=True)
    names = ["", "third_party/flatbuffers/include", "third_party/gemmlowp", f"{DOWNLOADS}/ruy"]
    assert [tmp_path / name for name in names] == include_folders(str(tmp_path))
    pair = [tmp_path / names[1], tmp_path / names[2]]
    assert pair == include_folders(os.pathsep.join(map(str, pair)))
