"""Quantization: one rule, in Python and in the generated C, equal to the bit."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.emulated import every_core

from edgewright.pipeline.graph.types import DType, Quantization
from edgewright.pipeline.quantization import dequantize, limits_of, quantize
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors
from edgewright.runtime_bench.cores import Program, run

HERE = Path(__file__).parent
RANDOM_VALUES = 1000
INPUTS = (
    (DType.INT8, 1 / 128, -3),
    (DType.INT8, 0.0235, 127),
    (DType.INT8, 1.1754944e-38, -128),
    (DType.UINT8, 0.1, 0),
    (DType.UINT8, 3e38, 255),
    (DType.INT16, 1 / 32768, 0),
    (DType.INT16, 0.7, -32768),
    (DType.INT16, 0.3333333, 32767),
)
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def per_tensor(scale: float, zero_point: int) -> Quantization:
    """Return the quantization of a whole tensor."""
    return Quantization(scales=(scale,), zero_points=(zero_point,))


def real_values(dtype: DType, scale: float, zero_point: int) -> npt.NDArray[np.float32]:
    """Return 1,000 random values around the type's range and the values at which a rule can go wrong."""
    draw = np.random.default_rng(3)
    limits = limits_of(dtype)
    steps = draw.uniform(limits.min - zero_point - 300, limits.max - zero_point + 300, RANDOM_VALUES)
    halves = np.arange(-300, 300) + 0.5
    with np.errstate(over="ignore"):
        near = (np.concatenate([steps, halves]) * scale).astype(np.float32)
        neighbours = np.concatenate([near, np.nextafter(near, np.float32(0)), np.nextafter(near, np.float32(np.inf))])
    largest = np.finfo(np.float32).max
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, largest, -largest, 1e-45, -1e-45, 0.49999997, -0.49999997, 0.5, -0.5]
    return np.concatenate([neighbours, np.array(special, np.float32)])


def wide_model(model: EmissionModel, count: int) -> EmissionModel:
    """Return a model with one input for each entry of INPUTS, of so many elements each."""
    main = model.graph.main
    tensors = list(main.tensors)
    for index, (dtype, scale, zero_point) in enumerate(INPUTS):
        tensors[index] = replace(
            tensors[index], shape=(1, count), dtype=dtype, quantization=per_tensor(scale, zero_point)
        )
    changed = replace(main, tensors=tuple(tensors), inputs=tuple(range(len(INPUTS))))
    zeros = tuple(np.zeros((1, count), dtype.value) for dtype, _, _ in INPUTS)
    vectors = GoldenVectors(inputs=(zeros,), outputs=model.vectors.outputs[:1], origin="zeros")
    return replace(model, graph=replace(model.graph, subgraphs=(changed,)), vectors=vectors, trace=None)


def cases() -> tuple[int, bytes, bytes]:
    """Return how many elements each input has, what the program is given, and what it must answer."""
    given_bytes, expected = b"", b""
    lengths = set()
    for dtype, scale, zero_point in INPUTS:
        values = real_values(dtype, scale, zero_point)
        limits = limits_of(dtype)
        integers = np.random.default_rng(4).integers(limits.min, limits.max, len(values), limits.dtype, endpoint=True)
        integers[:2] = limits.min, limits.max
        given_bytes += values.tobytes() + integers.tobytes()
        expected += quantize(values, per_tensor(scale, zero_point), dtype).tobytes()
        expected += dequantize(integers, per_tensor(scale, zero_point)).tobytes()
        lengths.add(len(values))
    (count,) = lengths
    return count, given_bytes, expected


def sources(tree: Path) -> list[Path]:
    """Return the sources of the program, one of which is put beside an emitted tree."""
    shutil.copy(HERE / "quantization_main.c", tree / "quantization_main.c")
    return [tree / "edgewright" / "edgewright_quantization.c", tree / "quantization_main.c"]


@pytest.mark.parametrize("flags", [("-O0",), ("-O2",), SANITIZERS], ids=["O0", "O2", "sanitized"])
def test_c_equals_python_to_the_bit(
    flags: tuple[str, ...],
    tiny: EmissionModel,
    emit: Callable[..., Mapping[str, bytes]],
    unpack: Callable[[Mapping[str, bytes]], Path],
    cc: Callable[..., Path],
) -> None:
    """On 1,000 random values, their neighbours, halves, infinities and NaN, C and Python give equal bits."""
    count, given_bytes, expected = cases()
    program = cc(sources(unpack(emit(wide_model(tiny, count), "cmake"))), flags=(*FLAGS, *flags))
    assert expected == subprocess.run([program], input=given_bytes, capture_output=True, check=True).stdout


@pytest.mark.parametrize("core", every_core(at_least_ram_bytes=2**20))
def test_cores_equal_python_to_the_bit(
    core: str,
    tiny: EmissionModel,
    emit: Callable[..., Mapping[str, bytes]],
    unpack: Callable[[Mapping[str, bytes]], Path],
    build_for: Callable[..., Program],
) -> None:
    """The same values give the same bits on emulated cores, with and without a floating point unit."""
    count, given_bytes, expected = cases()
    done = run(build_for(core, sources(unpack(emit(wide_model(tiny, count), "cmake"))), flags=FLAGS), stdin=given_bytes)
    assert (0, expected) == (done.exit_status, done.stdout)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-2.5, -3), (0.49999997, 0), (126.5, 127), (-128.5, -128),
     (np.inf, 127), (-np.inf, -128), (np.nan, 0), (1e38, 127)],
)  # fmt: skip
def test_rounding_and_saturation(value: float, expected: int) -> None:
    """Halves go away from zero, what lies outside saturates, NaN becomes the zero point."""
    assert expected == quantize(value, per_tensor(1.0, 0), DType.INT8)


def test_nan_becomes_the_zero_point() -> None:
    """NaN becomes the integer that stands for 0."""
    assert 100 == quantize(np.nan, per_tensor(0.1, 100), DType.UINT8)


@given(st.integers(-128, 127), st.integers(-128, 127), st.floats(2.0**-100, 2.0**100, width=32))
def test_round_trip_gives_the_integer_back(integer: int, zero_point: int, scale: float) -> None:
    """Quantizing what was dequantized gives the same integer."""
    quantization = per_tensor(scale, zero_point)
    real = dequantize(np.array([integer], np.int8), quantization)
    assert np.float32 == real.dtype
    assert [integer] == quantize(real, quantization, DType.INT8).tolist()


def test_shape_and_type_are_kept() -> None:
    """Arrays keep their shape and get the asked element type."""
    found = quantize(np.zeros((2, 3, 4)), per_tensor(0.1, 5), DType.INT16)
    assert ((2, 3, 4), np.int16, 5) == (found.shape, found.dtype, found[0, 0, 0])


@pytest.mark.parametrize(
    ("quantization", "dtype", "message"),
    [
        (Quantization(scales=(1.0, 2.0), zero_points=(0, 0)), DType.INT8, "one scale and one zero point, got 2 and 2"),
        (Quantization(scales=(), zero_points=()), DType.INT8, "got 0 and 0"),
        (per_tensor(0.0, 0), DType.INT8, "scale 0.0 is not a positive"),
        (per_tensor(-1.0, 0), DType.INT8, "scale -1.0 is not a positive"),
        (per_tensor(float("inf"), 0), DType.INT8, "scale inf is not a positive"),
        (per_tensor(1e-60, 0), DType.INT8, "scale 1e-60 is not a positive"),
        (per_tensor(1.0, 200), DType.INT8, "zero point 200 is outside int8, which is -128..127"),
        (per_tensor(1.0, 0), DType.INT32, "int32 cannot be quantized to; accepted: int8, uint8, int16"),
    ],
)
def test_impossible_parameters_are_refused(quantization: Quantization, dtype: DType, message: str) -> None:
    """Parameters that give no sensible integers are refused with what is accepted."""
    with pytest.raises(ValueError, match=message):
        quantize(0.0, quantization, dtype)


def test_tflm_quantize_rule(tiny: EmissionModel) -> None:
    """TFLM's own QUANTIZE kernel rounds as we do: 16 values, every second one a half."""
    from edgewright.pipeline.graph import Graph, Operator, Subgraph, Tensor, write
    from edgewright.pipeline.interpreters import Request, run, tflm_engine

    quantization = per_tensor(0.25, -3)
    tensors = (
        Tensor(index=0, name="real", shape=(1, 16), dtype=DType.FLOAT32),
        Tensor(index=1, name="integer", shape=(1, 16), dtype=DType.INT8, quantization=quantization),
    )
    operator = Operator(
        index=0, op="QUANTIZE", version=1, inputs=(0,), outputs=(1,), options_type="QuantizeOptions", options={}
    )
    main = Subgraph(name="main", tensors=tensors, operators=(operator,), inputs=(0,), outputs=(1,))
    tflite = write(Graph(subgraphs=(main,), buffers=(b"",)))
    values = np.arange(-8, 8).astype(np.float32).reshape(1, 16) * np.float32(0.125)
    (found,) = run(Request(engine=tflm_engine(), tflite=tflite, inputs=(values,))).outputs
    assert quantize(values, quantization, DType.INT8).tolist() == found.tolist()
