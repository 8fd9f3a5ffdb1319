"""Lines of numbers from the console to the model's inputs: what is stored, what is refused, and in which words."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgewright.pipeline.graph import DType, Quantization
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.quantization import quantize
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors

HERE = Path(__file__).parent
SANITIZED = (
    "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic", "-g", "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
)  # fmt: skip
LENGTH = 16
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
LONGEST_WORD = 31
SEPARATORS = ",; \t"
TINY = Quantization(scales=(1 / 128,), zero_points=(-3,))
NUMBERS = ", ".join(["0.25"] * LENGTH)
SEND = "send 16 numbers, separated by commas"

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]
Words = list[str]


def build(model: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> Path:
    """Build the program that reads lines, over the fake model."""
    library = unpack(emit(model, "cmake")) / "edgewright"
    shutil.copy(HERE / "fake_model.c", library)
    shutil.copy(HERE / "console_main.c", library)
    return cc(sorted(library.glob("*.c")), flags=SANITIZED)


def send(program: Path, text: bytes) -> list[str]:
    """Send text to the program and return the lines that it printed."""
    finished = subprocess.run([program], input=text, capture_output=True, check=False, timeout=10)
    assert (0, b"") == (finished.returncode, finished.stderr)
    return finished.stdout.decode("ascii").splitlines()


@pytest.fixture(scope="module")
def reader(tiny: EmissionModel, emit: Emit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program for the tiny model, built once."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("console")
    for name, content in emit(tiny, "cmake").items():
        if name.startswith("edgewright/"):
            (folder / Path(name).name).write_bytes(content)
    sources = [*sorted(folder.glob("*.c")), HERE / "fake_model.c", HERE / "console_main.c"]
    command = [compiler, *SANITIZED, f"-I{folder}", *map(str, sources), "-o", str(folder / "program")]
    subprocess.run(command, check=True)
    return folder / "program"


def sample(values: npt.ArrayLike, quantization: Quantization = TINY, dtype: DType = DType.INT8) -> str:
    """Return what the program prints for an input that holds the values."""
    return quantize(np.asarray(values, np.float32), quantization, dtype).tobytes().hex()


def test_sample_is_stored(reader: Path) -> None:
    """A line with a number for each element fills the input, quantized; any mixture of separators will do."""
    values = [0, 1, -1, 0.5, -0.25, 1e-3, 2.5e-1, 0.992, -1e9, 1e9, 0.125, -0.5, 0.75, 3e0, 100, -0.0]
    for text in (",".join(map(str, values)), " ; ".join(map(str, values)), "\t" + "\t".join(map(str, values)) + ","):
        assert [f"sample {sample(values)}"] == send(reader, text.encode() + b"\n")


def test_line_ends(reader: Path) -> None:
    """CR, LF and CRLF each end one line; LF CR is two."""
    line = NUMBERS.encode()
    full = f"sample {sample([0.25] * LENGTH)}"
    assert [full] * 3 == send(reader, line + b"\r" + line + b"\n" + line + b"\r\n")
    assert ["empty", "empty", "empty", full, "empty"] == send(reader, b"\r\n\n\r\n" + line + b"\n\r")
    assert ["empty"] == send(reader, b" \t \n")
    assert [] == send(reader, line)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1,2,3", "3 numbers"),
        (NUMBERS + ",7", "17 numbers"),
        (NUMBERS + "," + NUMBERS, "32 numbers"),
        ("1,two,3", 'number 2 is "two", which the input does not take'),
        ("1,nan", 'number 2 is "nan", which the input does not take'),
        ("inf", 'number 1 is "inf", which the input does not take'),
        ("0x10", 'number 1 is "0x10", which the input does not take'),
        ("1e", 'number 1 is "1e", which the input does not take'),
        ("1e+", 'number 1 is "1e+", which the input does not take'),
        (".", 'number 1 is ".", which the input does not take'),
        ("--1", 'number 1 is "--1", which the input does not take'),
        ("1.2.3", 'number 1 is "1.2.3", which the input does not take'),
        ("1e39", 'number 1 is "1e39", which the input does not take'),
        ("1e99999999999999999999", 'number 1 is "1e99999999999999999999", which the input does not take'),
        ("0e999", 'number 1 is "0e999", which the input does not take'),
        ("1,größe,2", 'number 2 is "gr????e", which the input does not take'),
        ("1,\0,2", 'number 2 is "?", which the input does not take'),
        ("7" * 400, f'number 1 is "{"7" * LONGEST_WORD}", which the input does not take'),
        (NUMBERS + ",x", 'number 17 is "x", which the input does not take'),
    ],
)
def test_malformed_line_is_refused(line: str, complaint: str, reader: Path) -> None:
    """A line that cannot be right is refused with one sentence, and the next one is read as if nothing had been."""
    lines = send(reader, f"{line}\n{NUMBERS}\n".encode())
    assert [f"LINE REFUSED: {complaint}; {SEND}", "refused", f"sample {sample([0.25] * LENGTH)}"] == lines


def refused(text: str) -> bool:
    """Tell whether a word is none that the reader takes as a number."""
    if len(text) > LONGEST_WORD or NUMBER.fullmatch(text) is None:
        return True
    magnitude, _, exponent = text.lower().partition("e")
    return abs(int(exponent or "0")) > 300 or abs(float(magnitude)) * 10.0 ** int(exponent or "0") > np.finfo("f4").max


words = st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr)
words |= st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.9g}")
words |= st.text(alphabet="0123456789.eE+-x", min_size=1, max_size=40)
words |= st.integers(-300, 300).map(str)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.lists(words, min_size=LENGTH - 1, max_size=LENGTH + 1), separator=st.sampled_from(SEPARATORS))
def test_lines_are_what_python_reads(reader: Path, line: Words, separator: str) -> None:
    """Whatever words a line has, it becomes the sample that Python reads from it, or is refused."""
    found = send(reader, (separator.join(line) + "\n").encode())
    if any(refused(word) for word in line) or len(line) != LENGTH:
        assert (2, "refused") == (len(found), found[-1])
    else:
        assert [f"sample {sample([float(word) for word in line])}"] == found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.binary(max_size=300))
def test_any_bytes_are_survived(reader: Path, text: bytes) -> None:
    """Whatever arrives, the sanitizers find nothing, and the line after it is read."""
    assert f"sample {sample([0.25] * LENGTH)}" == send(reader, text + b"\n" + NUMBERS.encode() + b"\n")[-1]


def test_preprocessing_is_applied(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """Numbers are raw values: the declared preprocessing comes before quantization; an image is not resized."""
    declared = {"resize": [4, 4], "scale": 1 / 255, "normalization": {"mean": [0.5], "std": [0.5]}}
    model = replace(tiny, preprocessing=(Preprocessing.model_validate(declared),))
    program = build(model, emit, unpack, cc)
    raw = np.arange(0, 256, LENGTH, dtype=np.float32)
    prepared = (raw * np.float32(1 / 255) - np.float32(0.5)) / np.float32(0.5)
    assert [f"sample {sample(prepared)}"] == send(program, (",".join(map(str, raw)) + "\n").encode())


def plain_inputs(model: EmissionModel) -> EmissionModel:
    """Return the tiny model with a quantized input of 2 and plain ones of int8, int32 and a scalar, and its vectors."""
    facts = [
        (0, (1, 2), DType.INT16, Quantization(scales=(0.5,), zero_points=(0,))), (3, (2,), DType.INT8, None),
        (5, (2,), DType.INT32, None), (8, (), DType.UINT8, None),
    ]  # fmt: skip
    tensors = list(model.graph.main.tensors)
    for index, shape, dtype, quantization in facts:
        tensors[index] = replace(tensors[index], shape=shape, dtype=dtype, quantization=quantization)
    main = replace(model.graph.main, tensors=tuple(tensors), inputs=(0, 3, 5, 8))
    given_arrays = tuple(np.zeros(shape, dtype.value) for _, shape, dtype, _ in facts)
    vectors = GoldenVectors(inputs=(given_arrays,), outputs=model.vectors.outputs[:1], origin="zeros")
    return replace(model, graph=replace(model.graph, subgraphs=(main,)), vectors=vectors, trace=None)


def test_several_inputs(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """Inputs follow one another; one of plain integers takes the whole numbers of its range and nothing else."""
    program = build(plain_inputs(tiny), emit, unpack, cc)
    stored = np.array([3, -1], "<i2").tobytes() + np.array([-128, 127], "i1").tobytes()
    stored += np.array([-(2**31), 2**31 - 1], "<i4").tobytes() + bytes([255])
    assert [f"sample {stored.hex()}"] == send(program, b"1.5 -.5 -128 127.0 -2147483648 2147483647 255\n")
    for word, number in (("128", 3), ("1.5", 4), ("2147483648", 5), ("256", 7)):
        words_sent = ["0"] * 7
        words_sent[number - 1] = word
        lines = send(program, f"{' '.join(words_sent)}\n".encode())
        complaint = f'LINE REFUSED: number {number} is "{word}", which the input does not take; send 7 numbers'
        assert [f"{complaint}, separated by commas", "refused"] == lines


def test_nothing_is_stored_before_init(tiny: EmissionModel, emit: Emit, unpack: Unpack, cc: Compile) -> None:
    """Without inputs to write to, a line is refused instead of written anywhere."""
    program = build(tiny, emit, unpack, cc)
    finished = subprocess.run(
        [program], input=NUMBERS + "\n", env={"FAKE": "input"}, capture_output=True, text=True, check=False
    )
    complaint = f'LINE REFUSED: number 1 is "0.25", which the input does not take; {SEND}'
    assert (0, f"{complaint}\nrefused\n", "") == (finished.returncode, finished.stdout, finished.stderr)
