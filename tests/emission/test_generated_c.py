"""The parts that need no TFLM: they compile as C99 without a warning, and the self-test says what it must."""

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
from support.families import FIRMWARE_FAMILIES

from edgewright.pipeline.graph.types import DType, Quantization
from edgewright.pipeline.vocabulary import SELFTEST_VERSION, EmissionModel, GoldenVectors, Kernels
from edgewright.runtime_bench.cores import Ending, Program, load_core, run

HERE = Path(__file__).parent
C99 = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")
STRICT = (*C99, "-pedantic", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes")
SMALL_ARENA_BYTES = 256
"""For an arena that stands in the fake model's place: so much fits the smallest core."""
SANITIZED = (*STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]


def run_program(program: Path, fake: str = "") -> tuple[int, list[str]]:
    """Run a program and return its exit status and the lines that it printed."""
    environment = {**os.environ, "FAKE": fake}
    finished = subprocess.run([program], capture_output=True, text=True, env=environment, check=False)
    assert finished.stderr == ""
    return finished.returncode, finished.stdout.splitlines()


def library_sources(tree: Path) -> list[Path]:
    """Return the C sources of the cmake family, its TFLM harness left out."""
    return sorted((tree / "edgewright").glob("*.c"))


def with_fake_model(tree: Path, main: Path) -> list[Path]:
    """Return the sources of a program over the fake model, which is put beside the emitted ones."""
    shutil.copy(HERE / "fake_model.c", tree / "edgewright" / "fake_model.c")
    return [*library_sources(tree), main]


def build_selftest(tree: Path, cc: Compile, flags: tuple[str, ...]) -> Path:
    """Build the self-test over the fake model."""
    return cc(with_fake_model(tree, tree / "selftest_main.c"), flags=flags)


def several_tensors(model: EmissionModel) -> EmissionModel:
    """Return a model with inputs and outputs of every type that firmware serves, and vectors for them."""
    quantization = Quantization(scales=(0.5,), zero_points=(1,))
    facts = [
        (0, (1, 4, 4, 1), DType.INT8, quantization), (3, (1, 2), DType.INT16, quantization),
        (9, (1, 3), DType.INT8, quantization), (5, (4,), DType.INT32, None), (8, (), DType.UINT8, quantization),
    ]  # fmt: skip
    main = model.graph.main
    tensors = list(main.tensors)
    for index, shape, dtype, given in facts:
        tensors[index] = replace(tensors[index], shape=shape, dtype=dtype, quantization=given)
    changed = replace(main, tensors=tuple(tensors), inputs=(0, 3), outputs=(9, 5, 8))
    draw = np.random.default_rng(1)
    extremes = np.array([-(2**31), 2**31 - 1, 0, -1], np.int32)
    vectors = GoldenVectors(
        inputs=tuple(
            (draw.integers(-128, 128, (1, 4, 4, 1), np.int8), draw.integers(-(2**15), 2**15, (1, 2), np.int16))
            for _ in range(2)
        ),
        outputs=tuple(
            (draw.integers(-128, 128, (1, 3), np.int8), extremes, draw.integers(0, 256, (), np.uint8)) for _ in range(2)
        ),
        origin="random, seed 1",
    )
    return replace(model, graph=replace(model.graph, subgraphs=(changed,)), vectors=vectors, labels=(), trace=None)


@pytest.mark.parametrize("flags", [C99, STRICT, SANITIZED, (*STRICT[1:], "-std=c11"), (*STRICT[1:], "-std=c17")])
def test_pass_line(flags: tuple[str, ...], tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """A model that returns the golden outputs passes; the lines before say what was tested, and with what."""
    program = build_selftest(unpack(emit(tiny, "cmake")), cc, flags)
    status, lines = run_program(program)
    assert (0, 5) == (status, len(lines))
    assert f"SELF-TEST BEGIN format=2 edgewright=0.0.0 configuration={'0' * 64}" == lines[0]
    setup = "SELF-TEST SETUP kernels=reference tolerance=0 vectors=3 arena_used=1234 arena_bytes=2048"
    assert [setup, "SELF-TEST ARENA used=1234 expected=0 reserved=2048 not computed"] == lines[1:3]
    timing = re.fullmatch(r"SELF-TEST TIMING ticks=(\d+) ticks_per_second=1000000 us=(\d+)", lines[3])
    assert timing is not None
    assert timing[1] == timing[2]
    assert "SELF-TEST PASS 3/3 max_diff=0" == lines[4]


@pytest.mark.parametrize(
    ("computed", "says"), [(1234, "as computed"), (1250, "differs by -16"), (1000, "differs by 234")]
)
def test_arena_line(*, computed: int, says: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """What the arena holds is compared with what was computed; another figure is told, and is no failure."""
    program = build_selftest(unpack(emit(tiny, "cmake", used_bytes=computed)), cc, STRICT)
    status, lines = run_program(program)
    line = f"SELF-TEST ARENA used=1234 expected={computed} reserved=2048 {says}"
    assert (0, line, "SELF-TEST PASS 3/3 max_diff=0") == (status, lines[2], lines[-1])


def test_fail_line(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """The first element that differs is named with its vector, and the exit status is not 0."""
    program = build_selftest(unpack(emit(tiny, "cmake")), cc, SANITIZED)
    status, lines = run_program(program, "1 0 2 -4")
    assert (1, "SELF-TEST FAIL vector 1 element 2 expected 19 got 15") == (status, lines[-1])
    status, lines = run_program(program, "0 0 0 1")
    assert (1, "SELF-TEST FAIL vector 0 element 0 expected -86 got -85") == (status, lines[-1])


def test_tolerance_of_kernels(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """With esp-nn a difference of 1 passes and is printed; a difference of 2 fails."""
    tree = unpack(emit(tiny, "cmake"))
    for name, content in emit(tiny, "esp_idf").items():
        if Path(name).name in ("edgewright_model.h", "edgewright_selftest.h", "edgewright_selftest.c"):
            (tree / "edgewright" / Path(name).name).write_bytes(content)
    program = build_selftest(tree, cc, SANITIZED)
    status, lines = run_program(program, "2 0 1 -1")
    assert (0, "SELF-TEST PASS 3/3 max_diff=1") == (status, lines[-1])
    assert "SELF-TEST SETUP kernels=esp_nn tolerance=1 vectors=3 arena_used=1234 arena_bytes=2048" == lines[1]
    status, lines = run_program(program, "2 0 1 2")
    assert (1, "SELF-TEST FAIL vector 2 element 1 expected -44 got -42") == (status, lines[-1])


@pytest.mark.parametrize(
    ("step", "status_name"),
    [("init", "arena"), ("reset", "not_ready"), ("input", "tensor"), ("invoke", "invoke"), ("output", "tensor")],
)
def test_error_line(
    *, step: str, status_name: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile
) -> None:
    """A step that cannot be done is named with its status, and the exit status is not 0."""
    status, lines = run_program(build_selftest(unpack(emit(tiny, "cmake")), cc, STRICT), step)
    assert (1, f"SELF-TEST ERROR {step} status={status_name}") == (status, lines[-1])


@pytest.mark.parametrize("flags", [STRICT, (*STRICT, "-Wdouble-promotion", "-Wfloat-conversion"), SANITIZED])
def test_floats_are_compared_in_steps(
    flags: tuple[str, ...], tiny_float: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile
) -> None:
    """A model of float inputs and outputs passes, and a difference is told as the integers behind the floats."""
    program = build_selftest(unpack(emit(tiny_float, "cmake")), cc, flags)
    status, lines = run_program(program)
    assert (0, "SELF-TEST PASS 3/3 max_diff=0") == (status, lines[-1])
    status, lines = run_program(program, "1 0 2 -4")
    assert (1, "SELF-TEST FAIL vector 1 element 2 expected 19 got 15") == (status, lines[-1])
    status, lines = run_program(program, "0 0 0 1000000")
    assert (1, "SELF-TEST FAIL vector 0 element 0 expected -86 got -2147483648") == (status, lines[-1])


@pytest.mark.parametrize("flags", [STRICT, SANITIZED])
def test_every_tensor_type(
    flags: tuple[str, ...], tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile
) -> None:
    """Several inputs and outputs of all types and ranks compile; elements are counted through all outputs."""
    program = build_selftest(unpack(emit(several_tensors(tiny), "cmake")), cc, flags)
    status, lines = run_program(program)
    assert (0, "SELF-TEST PASS 2/2 max_diff=0") == (status, lines[-1])
    status, lines = run_program(program, "0 1 3 1")
    assert (1, "SELF-TEST FAIL vector 0 element 6 expected -1 got 0") == (status, lines[-1])
    status, lines = run_program(program, "1 1 0 5")
    assert (1, "SELF-TEST FAIL vector 1 element 3 expected -2147483648 got -2147483643") == (status, lines[-1])


def expected_facts(model: EmissionModel) -> str:
    """Return what facts_main.c prints about the tiny model."""
    lines = [
        "1 image 0 4: 1 4 4 1 = 16 16 0.0078125 -3", "1 class 0 2: 1 3 = 3 3 0.00390625 -128",
        *(f"label {label}" for label in model.labels), "aligned 0", "refused 9",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def test_facts_reach_the_program(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile, tmp_path: Path) -> None:
    """Names, shapes, scales and labels that C reads are the model's; wrong indices and arguments are refused."""
    tree = unpack(emit(tiny, "cmake"))
    shutil.copy(HERE / "facts_main.c", tree / "facts_main.c")
    program = cc(with_fake_model(tree, tree / "facts_main.c"), flags=SANITIZED)
    assert expected_facts(tiny) == subprocess.run([program], capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("family", FIRMWARE_FAMILIES)
def test_headers_serve_cpp(family: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """Every header compiles by itself as C++, pedantically."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler: install one (Debian: apt install g++)")
    tree = unpack(emit(tiny, family))
    headers = sorted(path for path in tree.rglob("*.h"))
    (tmp_path / "all.cc").write_text("".join(f'#include "{path.name}"\n' for path in headers for _ in range(2)))
    flags = ["-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
    command = [compiler, *flags, f"-I{headers[0].parent}", str(tmp_path / "all.cc")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)


@pytest.mark.parametrize(
    ("macro", "value", "message"),
    [("EDGEWRIGHT_INPUT_0_LENGTH", "17u", "input_0_length"), ("EDGEWRIGHT_LABEL_COUNT", "4u", "label_count")],
)
def test_static_asserts_find_a_changed_header(
    *, macro: str, value: str, message: str, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """A header that no longer belongs to the other files does not compile."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    tree = unpack(emit(tiny, "cmake")) / "edgewright"
    header = tree / "edgewright_model.h"
    lines = header.read_text().splitlines()
    changed = [f"#define {macro} {value}" if line.startswith(f"#define {macro} ") else line for line in lines]
    header.write_text("\n".join(changed) + "\n")
    command = [compiler, "-std=c99", "-fsyntax-only", str(tree / "edgewright_metadata.c")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode != 0
    assert message in finished.stderr


def test_port_of_posix(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """The host's port layer reads without waiting, counts time and ends the process on reset."""
    tree = unpack(emit(tiny, "cmake"))
    shutil.copy(HERE / "port_main.c", tree / "port_main.c")
    port = tree / "edgewright" / "edgewright_port.c"
    program = cc([port, tree / "port_main.c"], flags=SANITIZED)
    finished = subprocess.run([program], input=b"hello", capture_output=True, timeout=10, check=False)
    assert (0, b"read 5 hello\nread 0\nticks ok\nstack 0\n", b"") == (
        finished.returncode,
        finished.stdout,
        finished.stderr,
    )


def test_documentation_has_the_version_and_tolerances() -> None:
    """docs/selftest.md describes the format's present version and states each kernel family's tolerance."""
    text = (HERE.parents[1] / "docs" / "selftest.md").read_text(encoding="utf-8")
    assert text.startswith(f"# The self-test: format {SELFTEST_VERSION}\n")
    for kernels in Kernels:
        assert f"| `{kernels.value}` | {kernels.tolerance_lsb} |" in text


@pytest.mark.parametrize("core", every_core())
def test_selftest_on_cores(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """On emulated cores the self-test passes, names the vector that differs and the step that fails, and exits so."""
    tree = unpack(emit(replace(tiny, host_arena_bytes=SMALL_ARENA_BYTES), "cmake"))
    program = build_for(core, with_fake_model(tree, tree / "selftest_main.c"), flags=STRICT)
    endings = {
        "": (0, "SELF-TEST PASS 3/3 max_diff=0"),
        "1 0 2 -4": (1, "SELF-TEST FAIL vector 1 element 2 expected 19 got 15"),
        "init": (1, "SELF-TEST ERROR init status=arena"),
    }
    for fake, (status, verdict) in endings.items():
        done = run(program, environment={"FAKE": fake})
        lines = done.stdout.decode().splitlines()
        assert (status, verdict, b"") == (done.exit_status, lines[-1], done.stderr)
        assert "SELF-TEST SETUP kernels=reference tolerance=0 vectors=3 arena_used=1234 arena_bytes=256" == lines[1]
    done = run(program)
    rate = load_core(core).support.defines["EDGEWRIGHT_TICKS_PER_SECOND"]
    assert re.search(
        rf"^SELF-TEST TIMING ticks=\d+ ticks_per_second={rate} us=\d+$", done.stdout.decode(), re.MULTILINE
    )


@pytest.mark.parametrize("core", every_core())
def test_float_selftest_on_cores(
    core: str, tiny_float: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """On emulated cores, with and without a floating point unit, floats are compared in steps of their scale."""
    tree = unpack(emit(replace(tiny_float, host_arena_bytes=SMALL_ARENA_BYTES), "cmake"))
    program = build_for(core, with_fake_model(tree, tree / "selftest_main.c"), flags=(*STRICT, "-Wdouble-promotion"))
    assert b"\nSELF-TEST PASS 3/3 max_diff=0\n" in run(program).stdout
    done = run(program, environment={"FAKE": "1 0 2 -4"})
    assert (1, b"SELF-TEST FAIL vector 1 element 2 expected 19 got 15") == (
        done.exit_status, done.stdout.splitlines()[-1],
    )  # fmt: skip


@pytest.mark.parametrize("core", every_core(without=("lx106",)))
def test_facts_on_cores(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """Emulated cores, but for the LX106, which prints no floats, read the same facts and refuse the same."""
    tree = unpack(emit(replace(tiny, host_arena_bytes=SMALL_ARENA_BYTES), "cmake"))
    shutil.copy(HERE / "facts_main.c", tree / "facts_main.c")
    program = build_for(core, with_fake_model(tree, tree / "facts_main.c"), flags=STRICT)
    assert expected_facts(tiny) == run(program).stdout.decode()


@pytest.mark.parametrize("core", every_core())
def test_port_of_cores(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """An emulated core's port layer reads without waiting, counts time, sees its stack, and ends the run."""
    tree = unpack(emit(tiny, "cmake"))
    shutil.copy(HERE / "port_main.c", tree / "port_main.c")
    program = build_for(core, [tree / "edgewright" / "edgewright_port.c", tree / "port_main.c"], flags=STRICT)
    done = run(program, stdin=b"h")
    *lines, stack = done.stdout.splitlines()
    assert ([b"read 1 h", b"read 0", b"ticks ok"], Ending.RESET) == (lines, done.ending)
    assert 32 < int(stack.removeprefix(b"stack ")) < 4096
