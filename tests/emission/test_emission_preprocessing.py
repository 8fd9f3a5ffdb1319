"""Preprocessing: one rule, in Python and in the generated C, equal to the bit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.emulated import every_core

from edgewright.pipeline.graph import DType, Operator, Quantization, Tensor
from edgewright.pipeline.preprocessing import Preprocessing, preprocess
from edgewright.pipeline.quantization import fill
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors
from edgewright.runtime_bench.cores import Program, run

HERE = Path(__file__).parent
RANDOM_SAMPLES = 1000
FLAGS = (
    "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wfloat-conversion", "-Wshadow", "-Wmissing-prototypes",
    "-pedantic", "-Werror",
)  # fmt: skip
SANITIZERS = ("-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FUSING = ("-std=gnu11", "-O3", "-mfma")
"""How a processor with a fused multiply-add is compiled for where nobody says anything against it."""

PREPROCESSING = "edgewright_preprocessing.c"
Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.generic]
Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input of the model that everything is tried on; preprocessing_main.c knows them by their number."""

    shape: tuple[int, ...]
    dtype: DType
    scale: float
    zero_point: int
    declared: Mapping[str, object]

    @property
    def quantization(self) -> Quantization:
        """Of the integers, or of those behind the floats."""
        return Quantization(scales=(self.scale,), zero_points=(self.zero_point,))

    @property
    def settings(self) -> Preprocessing:
        """The preprocessing."""
        return Preprocessing.model_validate(self.declared)

    def expected(self, raw: Array) -> Array:
        """Return what Python makes of raw samples."""
        tensor = Tensor(index=0, name="x", shape=self.shape, dtype=self.dtype, quantization=self.quantization)
        return fill(tensor, preprocess(raw, self.settings))


IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
INPUTS = (
    Input(
        shape=(1, 8, 6, 3), dtype=DType.INT8, scale=0.0187, zero_point=-14,
        declared={"resize": [8, 6], "scale": [1 / 255, 1 / 127.5, 0.0041], "normalization": IMAGENET},
    ),
    Input(shape=(1, 5, 7, 1), dtype=DType.UINT8, scale=1.01, zero_point=3, declared={"resize": [5, 7]}),
    Input(
        shape=(1, 8, 6, 3), dtype=DType.FLOAT32, scale=0.1, zero_point=0,
        declared={"resize": [8, 6], "scale": 1 / 255, "offset": [-0.5, 0.0, 0.3]},
    ),
    Input(
        shape=(1, 16, 4), dtype=DType.INT16, scale=1e-4, zero_point=0,
        declared={"scale": 0.1, "offset": -0.7, "normalization": {"mean": [0.3], "std": [1.7]}},
    ),
    Input(shape=(1, 16, 4), dtype=DType.INT8, scale=0.03, zero_point=-128, declared={}),
    Input(
        shape=(1, 16, 4), dtype=DType.FLOAT32, scale=0.1, zero_point=0,
        declared={
            "scale": [0.1, 1.0, -3.7, 1e-20], "offset": 0.3,
            "normalization": {"mean": [0.7, -1e30, 0.0, 1.0], "std": [0.9]},
        },
    ),
    Input(shape=(1, 4, 5, 2), dtype=DType.INT8, scale=1 / 128, zero_point=-5, declared={"scale": [1 / 255, 0.002]}),
)  # fmt: skip
IMAGES = [number for number, given in enumerate(INPUTS) if given.settings.resize]
SIZES = [(8, 6), (17, 13), (3, 2), (1, 1), (8, 1), (1, 40), (5, 96)]
"""The same, down, up, and the edges of both."""
SIZES_ON_CORES = [(17, 13), (3, 2)]
"""Down and up."""


def prepared_model(model: EmissionModel) -> EmissionModel:
    """Return a model that has all of INPUTS; QUANTIZE stands behind those in floating point."""
    tensors = list(model.graph.main.tensors)
    operators = list(model.graph.main.operators)
    for number, given in enumerate(INPUTS):
        is_float = given.dtype is DType.FLOAT32
        tensors[number] = replace(
            tensors[number], name=f"x{number}", shape=given.shape, dtype=given.dtype, buffer_index=0,
            quantization=None if is_float else given.quantization,
        )  # fmt: skip
        if is_float:
            behind = replace(tensors[number], index=len(tensors), dtype=DType.INT8, quantization=given.quantization)
            tensors.append(behind)
            operators.append(
                Operator(index=len(operators), op="QUANTIZE", version=1, inputs=(number,), outputs=(behind.index,))
            )
    main = replace(
        model.graph.main, tensors=tuple(tensors), operators=tuple(operators), inputs=tuple(range(len(INPUTS)))
    )
    zeros = tuple(np.zeros(given.shape, given.dtype.value) for given in INPUTS)
    return replace(
        model,
        graph=replace(model.graph, subgraphs=(main,)),
        layer_names=tuple(f"layer {operator.index}" for operator in operators),
        vectors=GoldenVectors(inputs=(zeros,), outputs=model.vectors.outputs[:1], origin="zeros"),
        preprocessing=tuple(given.settings for given in INPUTS),
    )


def extremes(shape: tuple[int, ...]) -> Floats:
    """Return samples that consist of one extreme value each, and samples in which all of them are mixed."""
    largest, tiny = np.finfo(np.float32).max, np.finfo(np.float32).tiny
    values = np.array(
        [0.0, -0.0, 1e-45, -1e-45, tiny / 2, tiny, -tiny, 1.0, -1.0, 1e30, largest, -largest, np.inf, -np.inf, np.nan],
        np.float32,
    )
    alone = np.broadcast_to(values.reshape(-1, *[1] * len(shape)), (len(values), *shape))
    return np.concatenate([alone, np.random.default_rng(6).choice(values, (50, *shape))])


def floats(shape: tuple[int, ...]) -> Floats:
    """Return 1,000 random samples of several orders of magnitude, and the extremes."""
    draw = np.random.default_rng(5)
    widths = draw.choice([1e-3, 1.0, 100.0, 1e5], (RANDOM_SAMPLES, *[1] * len(shape)))
    return np.concatenate([(draw.normal(size=(RANDOM_SAMPLES, *shape)) * widths).astype(np.float32), extremes(shape)])


def bytes_of_images(shape: tuple[int, ...]) -> Array:
    """Return 1,000 random samples of uint8, a black one and a white one."""
    noise = np.random.default_rng(5).integers(0, 256, (RANDOM_SAMPLES, *shape), np.uint8)
    return np.concatenate([noise, np.zeros((1, *shape), np.uint8), np.full((1, *shape), 255, np.uint8)])


def assert_same(expected: Array, found: bytes) -> None:
    """Compare to the bit; of NaN only that it is one, since no standard says which."""
    actual = np.frombuffer(found, expected.dtype).reshape(expected.shape)
    if expected.dtype == np.float32:
        assert np.isnan(expected).tolist() == np.isnan(actual).tolist()
        expected, actual = (np.where(np.isnan(values), 0, values) for values in (expected, actual))
    assert expected.tobytes() == actual.tobytes()


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
