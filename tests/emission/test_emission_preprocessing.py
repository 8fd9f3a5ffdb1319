"""Preprocessing: one rule, in Python and in the generated C, equal to the bit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core
from support.prepared import IMAGES, INPUTS, SIZES, Array, assert_same, bytes_of_images, floats, prepared_model

from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.cores import Program, run

HERE = Path(__file__).parent
FLAGS = (
    "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wfloat-conversion", "-Wshadow", "-Wmissing-prototypes",
    "-pedantic", "-Werror",
)  # fmt: skip
SANITIZERS = ("-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FUSING = ("-std=gnu11", "-O3", "-mfma")
"""How a processor with a fused multiply-add is compiled for where nobody says anything against it."""

PREPROCESSING = "edgewright_preprocessing.c"
Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]
SIZES_ON_CORES = [(17, 13), (3, 2)]
"""Down and up."""


def sources(emit: Emit, unpack: Unpack, tiny: EmissionModel) -> list[Path]:
    """Return the sources of the program that preprocesses."""
    tree = unpack(emit(prepared_model(tiny), "cmake"))
    shutil.copy(HERE / "preprocessing_main.c", tree / "preprocessing_main.c")
    library = [tree / "edgewright" / f"edgewright_{part}.c" for part in ("preprocessing", "quantization", "metadata")]
    return [*library, tree / "preprocessing_main.c"]


def build(emit: Emit, unpack: Unpack, cc: Compile, tiny: EmissionModel, flags: tuple[str, ...]) -> Path:
    """Build the program that preprocesses."""
    return cc(sources(emit, unpack, tiny), flags=(*FLAGS, *flags))


def arguments_for(number: int, raw: Array) -> list[str]:
    """Return the arguments with which the program preprocesses raw samples (N, …, C)."""
    height, width = raw.shape[1], raw.shape[2] if raw.ndim == 4 else 1
    return [str(number), "uint8" if raw.dtype == np.uint8 else "float", str(height), str(width), str(raw.shape[-1])]


def run_c(program: Path, number: int, raw: Array) -> bytes:
    """Preprocess raw samples (N, …, C) with the compiled program."""
    command = [str(program), *arguments_for(number, raw)]
    return subprocess.run(command, input=raw.tobytes(), capture_output=True, check=True).stdout


def run_on_core(program: Program, number: int, raw: Array) -> bytes:
    """Preprocess raw samples (N, …, C) with the program on its emulated core."""
    done = run(program, arguments=arguments_for(number, raw), stdin=raw.tobytes(), timeout_seconds=600)
    assert (0, b"") == (done.exit_status, done.stderr)
    return done.stdout


def samples(number: int, sizes: list[tuple[int, int]]) -> Iterator[Array]:
    """Yield raw samples of every type that an input takes, images in each of some sizes."""
    shape = INPUTS[number].shape[1:]
    for taken in [(*size, shape[-1]) for size in sizes] if number in IMAGES else [shape]:
        yield floats(taken)
        if len(taken) == 3:
            yield bytes_of_images(taken)


def can_fuse() -> bool:
    """Say whether this processor has a fused multiply-add that FUSING makes use of."""
    facts = Path("/proc/cpuinfo")
    return facts.is_file() and re.search(r"^flags\b.*\bfma\b", facts.read_text(), re.MULTILINE) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        ("-std=c99", "-O0"),
        ("-std=c99", "-O2", "-ffp-contract=off"),
        SANITIZERS,
        pytest.param(FUSING, marks=pytest.mark.skipif(not can_fuse(), reason="this processor has no FMA of x86")),
    ],
    ids=["O0", "O2", "sanitized", "fusing"],
)
def test_c_equals_python_to_the_bit(
    flags: tuple[str, ...], tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile
) -> None:
    """On 1,000 random samples and the extremes, for every type of input and size of image, C gives Python's bits."""
    program = build(emit, unpack, cc, tiny, flags)
    for number in range(len(INPUTS)):
        for raw in samples(number, SIZES):
            assert_same(INPUTS[number].expected(raw), run_c(program, number, raw))


@pytest.mark.parametrize("core", every_core(at_least_ram_bytes=2**20))
def test_cores_equal_python_to_the_bit(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """On the same samples, emulated cores give Python's bits, whether they have a floating point unit or not."""
    program = build_for(core, sources(emit, unpack, tiny), flags=FLAGS)
    for number in range(len(INPUTS)):
        for raw in samples(number, SIZES_ON_CORES):
            assert_same(INPUTS[number].expected(raw), run_on_core(program, number, raw))


@pytest.mark.full
@pytest.mark.parametrize("core", every_core(at_least_ram_bytes=2**20))
def test_cores_equal_python_at_every_size(
    core: str, tiny: EmissionModel, emit: Emit, unpack: Unpack, build_for: Callable[..., Program]
) -> None:
    """So they do for images of all other sizes."""
    program = build_for(core, sources(emit, unpack, tiny), flags=FLAGS)
    for number in IMAGES:
        for raw in samples(number, [size for size in SIZES if size not in SIZES_ON_CORES]):
            assert_same(INPUTS[number].expected(raw), run_on_core(program, number, raw))


def test_part_of_a_sample_is_its_beginning(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """Where nothing is resized, the first rows can be preprocessed alone."""
    program = build(emit, unpack, cc, tiny, ("-std=c99",))
    raw = np.random.default_rng(1).normal(size=(1, 4, 4)).astype(np.float32)
    expected = INPUTS[3].expected(raw)
    assert expected.tobytes() == run_c(program, 3, raw)[: expected.nbytes]


def test_wrong_arguments_are_refused(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """Null pointers, empty and endless images and too many values are refused, and nothing is read or written."""
    program = build(emit, unpack, cc, tiny, SANITIZERS)
    assert b"refused 9\n" == subprocess.run([program], capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("compiler", "flags", "fused"),
    [
        ("arm-none-eabi-gcc", ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), r"\bvfn?m[as]"),
        ("riscv64-unknown-elf-gcc", ("-march=rv32imafc", "-mabi=ilp32f"), r"\bfn?m(add|sub)\.s"),
    ],
)
def test_microcontrollers_do_not_fuse(
    *, compiler: str, flags: tuple[str, ...], fused: str, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """Even where a build says nothing about it, the code of a core with a fused multiply-add has none."""
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}: install it (Debian: apt install gcc-{compiler.removesuffix('-gcc')})")
    folder = unpack(emit(prepared_model(tiny), "cmake")) / "edgewright"
    command = [compiler, "-std=gnu11", "-O3", "-ffreestanding", *FLAGS, *flags, "-S", "-o", "-", PREPROCESSING]
    guarded = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    source = folder / PREPROCESSING
    source.write_text(source.read_text().replace('#pragma GCC optimize("fp-contract=off")', ""))
    bare = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert (True, False) == (bool(re.search(fused, bare)), bool(re.search(fused, guarded)))


@pytest.mark.parametrize(
    ("family", "path"),
    [
        ("cmake", "CMakeLists.txt"),
        ("esp_idf", "components/edgewright/CMakeLists.txt"),
        ("pico_sdk", "CMakeLists.txt"),
        ("zephyr", "CMakeLists.txt"),
    ],
)
def test_build_files_forbid_fusing(family: str, path: str, tiny: EmissionModel, emit: Emit) -> None:
    """The build files compile the preprocessing without fused operations."""
    build_file = emit(tiny, family)[path].decode()
    assert re.search(rf'{PREPROCESSING}"? PROPERTIES COMPILE_OPTIONS "?-ffp-contract=off"?\)', build_file)


def test_people_read_what_is_done(tiny: EmissionModel, emit: Emit) -> None:
    """Header and README say in words and figures what happens to the samples of each input."""
    tree = emit(prepared_model(tiny), "cmake")
    sentences = {
        0: "resize to 8 x 6, then (x * scale[c] + 0.0 - mean[c]) / std[c]",
        1: "resize to 5 x 7",
        3: "(x * 0.1 + -0.7 - 0.3) / 1.7",
        4: "nothing, since none was declared",
    }
    header = tree["edgewright/edgewright_preprocessing.h"].decode()
    for number, sentence in sentences.items():
        assert f"/* x{number}: {sentence} */\n" in header
        assert f"`edgewright_preprocess_input_{number}` does" in tree["README.md"].decode()
        assert f": `{sentence}`.\n" in tree["README.md"].decode()


def test_plain_integers_have_no_preprocessing(tiny: EmissionModel, emit: Emit) -> None:
    """An input without scale and zero point gets no function, and nothing can be declared for it."""
    main = tiny.graph.main
    tensors = (replace(main.tensors[0], quantization=None), *main.tensors[1:])
    model = replace(tiny, graph=replace(tiny.graph, subgraphs=(replace(main, tensors=tensors),)))
    assert b"edgewright_preprocess_input" not in emit(model, "cmake")["edgewright/edgewright_preprocessing.h"]
    with pytest.raises(ValueError, match="input_0 takes plain integers"):
        emit(replace(model, preprocessing=(Preprocessing(scale=2.0),)), "cmake")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ([{}, {}], "Got 2 preprocessings for 1 inputs"),
        ([{"resize": [4, 5]}], r"has the shape \(1, 4, 4, 1\), but images become \(4, 5\)"),
        ([{"scale": [1, 2]}], r"has 1 channels, but its figures \{'scale': 2\}"),
        ([{"normalization": "train"}], "still to be measured"),
        ([{"scale": 1e300}], r"scale is too large for float32: \[inf\]"),
    ],
)
def test_preprocessing_must_belong_to_the_model(
    declared: list[dict[str, object]], message: str, tiny: EmissionModel, emit: Emit
) -> None:
    """Preprocessing of other samples, or with unknown figures, is a defect of the caller."""
    settings = tuple(Preprocessing.model_validate(table) for table in declared)
    with pytest.raises(ValueError, match=message):
        emit(replace(tiny, preprocessing=settings), "cmake")
