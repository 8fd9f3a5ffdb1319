"""The static runtime in every family: trees without an interpreter, compiled strictly, run, and used wrongly."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.applications import STUBS, build, configure, link, run, samples
from support.families import STATIC_FAMILIES

from edgewright.pipeline.codegen.emission import observed_places
from edgewright.pipeline.static_runtime import compile_for
from edgewright.pipeline.target import choose_family, load_family, load_target
from edgewright.pipeline.trace import traced_outputs
from edgewright.pipeline.vocabulary import EmissionModel, Runtime, SelfTest

HERE = Path(__file__).parent
C99 = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror")
CXX17 = ("-std=c++17", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
SANITIZED = ("-fsanitize=address,undefined,alignment", "-fno-sanitize-recover=all", "-g", "-O1")
PASSED = "SELF-TEST PASS 3/3 max_diff=0"
DEPENDENCIES = re.compile(r"(?i)tensorflow|tflm|tflite-micro|flatbuffer|Chirale|cmsis|esp-nn")
SOURCES = (".c", ".h", ".cc", ".cpp", ".ino")

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]


def static_tree(model: EmissionModel, emit: Emit, family: str = "cmake") -> Mapping[str, bytes]:
    """Return the tree of a family over the static runtime."""
    return emit(model, family, runtime=Runtime.STATIC)


def library_sources(tree: Path, folder: str = "edgewright") -> list[Path]:
    """Return the library's C sources."""
    return sorted((tree / folder).glob("*.c"))


@pytest.mark.parametrize("family", STATIC_FAMILIES)
def test_tree_depends_on_nothing(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """No build file, manifest or README names an interpreter or its kernels, and no source includes a header of one."""
    for name, content in static_tree(tiny, emit, family).items():
        text = content.decode()
        if name.endswith(SOURCES):
            text = "\n".join(re.findall(r"#include .*", text))
        assert (name, []) == (name, DEPENDENCIES.findall(text))


@pytest.mark.parametrize("family", STATIC_FAMILIES)
def test_library_is_c(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """The library is C, but for Arduino's port layer, which talks to C++ objects; the model is code and constants."""
    folder = load_family(family).library_folder
    names = [name.removeprefix(f"{folder}/") for name in static_tree(tiny, emit, family) if name.startswith(folder)]
    own = {"edgewright_port.cpp"} if family == "arduino" else set()
    assert own == {name for name in names if name.endswith((".cc", ".cpp"))}
    assert {"edgewright_model.c", "edgewright_weights.c"} <= set(names)
    assert not {"edgewright_model.cc", "edgewright_model_data.c", "edgewright_model_data.h"} & set(names)


@pytest.mark.parametrize("family", STATIC_FAMILIES)
def test_build_files_list_every_source(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """Build files name exactly the library's sources that were emitted; Arduino has none and takes all of src/."""
    tree = static_tree(tiny, emit, family)
    folder = load_family(family).library_folder
    emitted = sorted(Path(name).name for name in tree if name.startswith(folder) and name.endswith((".c", ".cpp")))
    build_files = [name for name in tree if name.endswith("CMakeLists.txt") or name == "Makefile"]
    text = "".join(tree[name].decode() for name in build_files)
    named = set(re.findall(r"edgewright_\w+\.c\b", text)) - {"edgewright_port.c"}
    assert (set() if family == "arduino" else {name for name in emitted if name != "edgewright_port.c"}) == named


def test_commands_ask_for_no_interpreter() -> None:
    """What a person types to build is without the options that name one."""
    for family in STATIC_FAMILIES:
        command = " ".join(load_family(family).over(Runtime.STATIC).build_command)
        assert (family, None) == (family, DEPENDENCIES.search(command))


@pytest.mark.parametrize("model", ["tiny", "tiny_float"])
def test_selftest_passes(model: str, emit: Emit, unpack: Unpack, cc: Compile, request: pytest.FixtureRequest) -> None:
    """As C99, with every warning an error and under ASan and UBSan, every vector and layer is right to the bit."""
    emitted = replace(request.getfixturevalue(model), selftest=SelfTest.FULL)
    tree = unpack(static_tree(emitted, emit))
    program = cc([*library_sources(tree), tree / "selftest_main.c"], flags=(*C99, *SANITIZED))
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (0, "", PASSED) == (finished.returncode, finished.stderr, finished.stdout.splitlines()[-1])
    assert "as computed" in finished.stdout


def test_selftest_finds_the_layer(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """A wrong weight is told by the layer that has it."""
    tree = unpack(static_tree(tiny, emit))
    weights = tree / "edgewright" / "edgewright_weights.c"
    text = weights.read_text()
    arrays = list(re.finditer(r"const u?int8_t \w+\[\d+\] = \{\n    (-?\d+),", text))
    number = arrays[-1].span(1)
    spoiled = "0" if int(text[slice(*number)]) else "100"
    weights.write_text(text[: number[0]] + spoiled + text[number[1] :])
    program = cc([*library_sources(tree), tree / "selftest_main.c"], flags=C99)
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    assert 1 == finished.returncode
    assert "FULLY_CONNECTED dense" in finished.stdout


def test_headers_are_usable_from_cxx(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """Every header compiles by itself as C++17 and as C99, and a C++ program links with the library."""
    compiler, cxx = shutil.which("cc"), shutil.which("c++")
    if compiler is None or cxx is None:
        pytest.skip("no C++ compiler: install one (Debian: apt install g++)")
    folder = unpack(static_tree(tiny, emit)) / "edgewright"
    for header in sorted(folder.glob("*.h")):
        for program, flags, name in ((compiler, C99, "one.c"), (cxx, CXX17, "one.cc")):
            source = tmp_path / name
            source.write_text(f'#include "{header.name}"\nint nothing{"(void)" if name == "one.c" else "()"};\n')
            command = [program, *flags, f"-I{folder}", "-fsyntax-only", str(source)]
            finished = subprocess.run(command, capture_output=True, text=True, check=False)
            assert (header.name, 0, "") == (header.name, finished.returncode, finished.stderr)


@pytest.mark.slow
def test_project_builds(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """CMake needs no option; the application runs the model for each line of its input."""
    folder = build(unpack(static_tree(replace(tiny, labels=("one", "two", "three")), emit)))
    assert 0 == subprocess.run([folder / "edgewright_selftest"], capture_output=True, check=False).returncode
    status, lines = run(folder / "edgewright_application", samples(tiny, 1, 0))
    assert (0, 2) == (status, sum(line.startswith("element ") for line in lines))


@pytest.mark.slow
def test_project_needs_no_cxx(tiny: EmissionModel, emit: Emit, unpack: Unpack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a C++ compiler the library and its self-test are built all the same."""
    monkeypatch.setenv("CXX", "/nonexistent/c++")
    folder = build(unpack(static_tree(tiny, emit)))
    assert 0 == subprocess.run([folder / "edgewright_selftest"], capture_output=True, check=False).returncode
    assert not (folder / "edgewright_application").exists()


@pytest.mark.slow
def test_sketch_runs_with_its_library_alone(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """Built as Arduino does, with no other library, the sketch tests itself and runs the model for a line."""
    tree = unpack(static_tree(tiny, emit, "arduino"))
    core = STUBS / "arduino"
    sketch = tmp_path / "sketch.cpp"
    sketch.write_text(f"#include <Arduino.h>\n{(tree / 'examples/run_model/run_model.ino').read_text()}")
    library = sorted(path for path in (tree / "src").iterdir() if path.suffix in (".c", ".cpp"))
    sources = [sketch, *library, core / "arduino_core.cpp", core / "arduino_main.cpp"]
    status, lines = run(link(sources, [tree / "src", core], tmp_path / "sketch"), samples(tiny, 1))
    assert (0, 1, 1) == (status, lines.count(PASSED), sum(line.startswith("element ") for line in lines))


@pytest.mark.slow
def test_pico_application_runs(tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """Over stubs of pico-sdk alone the application is built, tests itself and runs the model for a line."""
    tree = unpack(static_tree(tiny, emit, "pico_sdk"))
    firmware = build(tree, f"-DPICO_SDK_PATH={STUBS / 'pico_sdk'}") / "firmware"
    status, lines = run(firmware, samples(tiny, 1))
    assert (0, 1, 1) == (status, lines.count(PASSED), sum(line.startswith("element ") for line in lines))


@pytest.mark.parametrize("family", ["esp_idf", "pico_sdk", "zephyr"])
def test_cmake_reads_the_other_families(family: str, tiny: EmissionModel, emit: Emit, unpack: Unpack) -> None:
    """CMake reads the other families' projects over stubs of their tools, without a word about an interpreter."""
    tree = unpack(static_tree(tiny, emit, family))
    folders = {"IDF_PATH": "esp_idf", "ZEPHYR_BASE": "zephyr", "PICO_SDK_PATH": "pico_sdk"}
    finished = configure(tree, **{name: str(STUBS / folder) for name, folder in folders.items()})
    assert (0, "") == (finished.returncode, finished.stderr)


def test_two_models_live_in_one_program(
    tiny: EmissionModel, tiny_float: EmissionModel, emit: Emit, tmp_path: Path
) -> None:
    """Two static models with two prefixes define no name twice, and both pass in one program."""
    compiler, nm = shutil.which("cc"), shutil.which("nm")
    if compiler is None or nm is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    sources: list[Path] = []
    for prefix, model in (("kws", tiny), ("vww_96", tiny_float)):
        for path, content in static_tree(replace(model, prefix=prefix), emit).items():
            if path.startswith(f"{prefix}/"):
                (tmp_path / path).parent.mkdir(exist_ok=True)
                (tmp_path / path).write_bytes(content)
        sources += library_sources(tmp_path, prefix)
    main = tmp_path / "main.c"
    main.write_text(
        '#include "kws/kws_selftest.h"\n#include "vww_96/vww_96_selftest.h"\n'
        "int main(void) {\n    return kws_selftest_run() != KWS_OK || vww_96_selftest_run() != VWW_96_OK;\n}\n"
    )
    folders = [f"-I{tmp_path / name}" for name in (".", "kws", "vww_96")]
    flags = (*C99, *SANITIZED)
    objects = [source.with_suffix(".o") for source in sources]
    for source, target in zip(sources, objects, strict=True):
        subprocess.run([compiler, *flags, *folders, "-c", str(source), "-o", str(target)], check=True)
    listed = subprocess.run(
        [nm, "--defined-only", "--extern-only", "--format=posix", *objects], capture_output=True, text=True, check=True
    )
    names = [line.split()[0] for line in listed.stdout.splitlines() if len(line.split()) > 1]
    own = [name for name in names if not name.startswith(("__odr_asan", "_"))]
    assert [] == [name for name in own if not name.startswith(("kws_", "vww_96_"))]
    assert sorted(own) == sorted(set(own))
    program = tmp_path / "both"
    subprocess.run([compiler, *flags, *folders, str(main), *objects, "-o", str(program)], check=True)
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (0, 2) == (finished.returncode, finished.stdout.count(PASSED))


def test_trace_holds_what_is_shown(tiny: EmissionModel, emit: Emit) -> None:
    """The self-test's table of layers is that of the outputs that the runtime shows."""
    board = load_target("host")
    static = compile_for(tiny.graph, tiny.layer_names, board, choose_family(board, "cmake", Runtime.STATIC))
    assert static is not None
    shown = traced_outputs(tiny.graph, observed_places(static))
    assert [0, 1, 2, 3] == [traced.layer for traced in shown]
    source = static_tree(tiny, emit)["edgewright/edgewright_trace.c"].decode()
    rows = re.findall(r"\{ EDGEWRIGHT_INT8, (\d+)u, (\d+)u, (\d+)u, \w+ \}", source)
    assert [(one.tensor.element_count, one.layer, one.output) for one in shown] == [
        tuple(map(int, row)) for row in rows
    ]
    assert 3 * len(shown) == len(re.findall(r"0x[0-9a-f]{8}u", source))


@pytest.fixture(scope="module")
def misuser(tiny: EmissionModel, emit: Emit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program that calls the interface as it is told, under ASan and UBSan."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("misuse")
    for name, content in static_tree(tiny, emit).items():
        if name.startswith("edgewright/"):
            (folder / Path(name).name).write_bytes(content)
    sources = [path for path in folder.glob("*.c") if path.stem != "edgewright_port"]
    program = folder / "misuse"
    command = [compiler, *C99, *SANITIZED, f"-I{folder}", *map(str, sources), str(HERE / "static_api_main.c")]
    finished = subprocess.run([*command, "-lm", "-o", str(program)], capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)
    return program


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.binary(max_size=1200))
def test_wrong_use_is_refused(misuser: Path, calls: bytes) -> None:
    """Whatever is called with whatever, a wrong call returns what the header says and nothing is touched."""
    finished = subprocess.run([misuser], input=calls, capture_output=True, check=False)
    assert (0, b"") == (finished.returncode, finished.stderr)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.binary(min_size=1000, max_size=20_000))
def test_more_wrong_use_is_refused(misuser: Path, calls: bytes) -> None:
    """The same, more often and for longer."""
    finished = subprocess.run([misuser], input=calls, capture_output=True, check=False)
    assert (0, b"") == (finished.returncode, finished.stderr)
