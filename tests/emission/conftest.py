"""A tiny int8 model, written by hand, and what it takes to compile and run what is emitted for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.emulated import usable_core
from support.objects import build_once, compile_and_link
from support.tflm import build_on_core, given_core, given_library, includes, library  # noqa: F401 - fixtures

from edgewright.pipeline.arena import arena_method
from edgewright.pipeline.emission.firmware import render
from edgewright.pipeline.graph import DType, Graph, Operator, Padding, Quantization, Subgraph, Tensor, write
from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.static_runtime import compile_for, planned_arena
from edgewright.pipeline.target import Target, choose_family, load_target
from edgewright.pipeline.vocabulary import Arena, EmissionModel, GoldenVectors, LayerTrace, Placement, Runtime
from edgewright.runtime_bench.cores import Build, Program

FAMILIES = {
    "android": "android",
    "arduino": "nano_33_ble",
    "bare_metal": "mps2-an386",
    "cmake": "host",
    "esp_idf": "esp32",
    "pico_sdk": "pico2",
    "zephyr": "nrf52840dk",
}
"""Each firmware family with a target that has it."""
C99 = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
TOOL_VERSION = "0.0.0"
LABELS = ('say "no" \\', "*/ ??= ${HOME}", "größer\n")
GOLDEN_INPUTS = (
    (-128, -101, -50, 0, 50, 101, 127, -1, 1, -77, 77, 20, -20, 99, -99, 3),
    (127, 127, 127, 127, -128, -128, -128, -128, 127, 127, 127, 127, -128, -128, -128, -128),
    (0,) * 16,
)
GOLDEN_OUTPUTS = ((-86, 50, -92), (-86, -62, 19), (-59, -44, -25))
GOLDEN_MAPS = (
    (-4, 72, 44, 26, 1, -48, -48, 1), (-25, -17, -25, -17, 16, 11, 16, 11), (-4, -3, -4, -3, -4, -3, -4, -3),
)  # fmt: skip
GOLDEN_LOGITS = ((-8, 21, -11), (-19, -10, 6), (-1, 3, 7))
"""What TensorFlow Lite Micro's interpreter computes (test_tiny_model_outputs holds them to that)."""

Compile = Callable[..., Path]


def per_tensor(scale: float, zero_point: int) -> Quantization:
    """Return the quantization of a whole tensor."""
    return Quantization(scales=(scale,), zero_points=(zero_point,))


def tiny_graph() -> Graph:
    """Return a model of four operators: CONV_2D 3x3 on 4x4x1, RESHAPE, FULLY_CONNECTED to 3, SOFTMAX."""
    draw = np.random.default_rng(7)
    kernel = draw.integers(-127, 128, (2, 3, 3, 1), np.int8)
    bias = draw.integers(-500, 500, 2, np.int32)
    weights = draw.integers(-127, 128, (3, 8), np.int8)
    logits_bias = draw.integers(-500, 500, 3, np.int32)
    constants: tuple[npt.NDArray[np.generic], ...] = (
        kernel, bias, np.array([1, 8], np.int32), weights, logits_bias,
    )  # fmt: skip
    channels = Quantization(scales=(0.008, 0.01), zero_points=(0, 0), axis=0)
    channel_bias = Quantization(scales=(0.008 / 128, 0.01 / 128), zero_points=(0, 0), axis=0)
    tensors = (
        Tensor(index=0, name="image", shape=(1, 4, 4, 1), dtype=DType.INT8, quantization=per_tensor(1 / 128, -3)),
        Tensor(index=1, name="k", shape=(2, 3, 3, 1), dtype=DType.INT8, buffer_index=1, quantization=channels),
        Tensor(index=2, name="b", shape=(2,), dtype=DType.INT32, buffer_index=2, quantization=channel_bias),
        Tensor(index=3, name="conv", shape=(1, 2, 2, 2), dtype=DType.INT8, quantization=per_tensor(0.04, -5)),
        Tensor(index=4, name="shape", shape=(2,), dtype=DType.INT32, buffer_index=3),
        Tensor(index=5, name="flat", shape=(1, 8), dtype=DType.INT8, quantization=per_tensor(0.04, -5)),
        Tensor(index=6, name="w", shape=(3, 8), dtype=DType.INT8, buffer_index=4, quantization=per_tensor(0.005, 0)),
        Tensor(index=7, name="c", shape=(3,), dtype=DType.INT32, buffer_index=5, quantization=per_tensor(0.0002, 0)),
        Tensor(index=8, name="logits", shape=(1, 3), dtype=DType.INT8, quantization=per_tensor(0.05, 4)),
        Tensor(index=9, name="class", shape=(1, 3), dtype=DType.INT8, quantization=per_tensor(1 / 256, -128)),
    )
    conv = {"padding": int(Padding.VALID), "stride_w": 1, "stride_h": 1, "fused_activation_function": 0}
    operators = (
        Operator(index=0, op="CONV_2D", version=3, inputs=(0, 1, 2), outputs=(3,), options_type="Conv2DOptions",
                 options=conv),
        Operator(index=1, op="RESHAPE", version=1, inputs=(3, 4), outputs=(5,), options_type="ReshapeOptions",
                 options={"new_shape": (1, 8)}),
        Operator(index=2, op="FULLY_CONNECTED", version=4, inputs=(5, 6, 7), outputs=(8,),
                 options_type="FullyConnectedOptions", options={}),
        Operator(index=3, op="SOFTMAX", version=2, inputs=(8,), outputs=(9,), options_type="SoftmaxOptions",
                 options={"beta": 1.0}),
    )  # fmt: skip
    main = Subgraph(name="main", tensors=tensors, operators=operators, inputs=(0,), outputs=(9,))
    buffers = (b"", *(constant.tobytes() for constant in constants))
    return Graph(subgraphs=(main,), buffers=buffers, description="tiny")


def emission_model(graph: Graph, *, name: str = 'tiny "digits"', labels: tuple[str, ...] = LABELS) -> EmissionModel:
    """Return what is emitted: a graph with the tiny model's golden vectors."""
    inputs = tuple((np.array(values, np.int8).reshape(1, 4, 4, 1),) for values in GOLDEN_INPUTS)
    outputs = tuple((np.array([values], np.int8),) for values in GOLDEN_OUTPUTS)
    return EmissionModel(
        name=name,
        tflite=write(graph),
        graph=graph,
        labels=labels,
        layer_names=("conv2d", "flatten", "dense", "softmax")[: len(graph.main.operators)],
        vectors=GoldenVectors(inputs=inputs, outputs=outputs, origin="written by hand"),
        host_arena_bytes=2048,
        tflm_revision="0",
        configuration_digest="0" * 64,
    )


def tiny_trace(hashed_count: int = 3, valued_count: int = 0) -> LayerTrace:
    """Return what the layers of the tiny model give for its golden vectors."""
    maps, logits = np.array(GOLDEN_MAPS, np.int8), np.array(GOLDEN_LOGITS, np.int8)
    return LayerTrace(
        tensors={3: maps.reshape(3, 2, 2, 2), 5: maps, 8: logits, 9: np.array(GOLDEN_OUTPUTS, np.int8)},
        hashed_count=hashed_count,
        valued_count=valued_count,
    )


def float_boundary(model: EmissionModel) -> EmissionModel:
    """Return the tiny model with QUANTIZE before it and DEQUANTIZE behind it, and its golden vectors in floats."""
    main = model.graph.main
    (start,), (end,) = ([main.tensors[index] for index in side] for side in (main.inputs, main.outputs))
    tensors = (
        *main.tensors,
        replace(start, index=10, name="real image", dtype=DType.FLOAT32, quantization=None),
        replace(end, index=11, name="real class", dtype=DType.FLOAT32, quantization=None),
    )
    quantize_input = Operator(
        index=0, op="QUANTIZE", version=1, inputs=(10,), outputs=(start.index,), options_type="QuantizeOptions",
        options={},
    )  # fmt: skip
    dequantize_output = Operator(
        index=5, op="DEQUANTIZE", version=2, inputs=(end.index,), outputs=(11,), options_type="DequantizeOptions",
        options={},
    )  # fmt: skip
    between = (replace(operator, index=operator.index + 1) for operator in main.operators)
    changed = replace(
        main, tensors=tensors, operators=(quantize_input, *between, dequantize_output), inputs=(10,), outputs=(11,)
    )
    graph = replace(model.graph, subgraphs=(changed,))
    assert start.quantization is not None
    assert end.quantization is not None
    vectors = GoldenVectors(
        inputs=tuple((dequantize(row[0], start.quantization),) for row in model.vectors.inputs),
        outputs=tuple((dequantize(row[0], end.quantization),) for row in model.vectors.outputs),
        origin="written by hand",
    )
    assert model.trace is not None
    tensors = {start.index: [row[0] for row in model.vectors.inputs], 11: [row[0] for row in vectors.outputs]}
    trace = replace(
        model.trace, tensors={**model.trace.tensors, **{key: np.stack(rows) for key, rows in tensors.items()}}
    )
    return replace(
        model,
        tflite=write(graph),
        graph=graph,
        layer_names=("quantize", *model.layer_names, "dequantize"),
        vectors=vectors,
        host_arena_bytes=4096,
        trace=trace,
    )


@pytest.fixture(scope="session")
def tiny_float(tiny: EmissionModel) -> EmissionModel:
    """Return the tiny model with float inputs and outputs."""
    return float_boundary(tiny)


@pytest.fixture(scope="session")
def tiny() -> EmissionModel:
    """Return the tiny model."""
    return replace(emission_model(tiny_graph()), trace=tiny_trace())


def tree_of(
    model: EmissionModel,
    family_name: str,
    *,
    target: Target | None = None,
    placement: Placement = Placement.INTERNAL,
    used_bytes: int | None = None,
    runtime: Runtime | None = None,
) -> Mapping[str, bytes]:
    """Return the tree that is emitted for a model by a family; over its default runtime where none is given."""
    board = target or load_target(FAMILIES[family_name])
    family = choose_family(board, family_name, runtime)
    static = compile_for(model.graph, model.layer_names, board, family)
    if static is not None:
        planned = replace(planned_arena(static, board), placement=placement)
        return render(replace(model, static=static), planned, board, family, tool_version=TOOL_VERSION)
    arena = Arena(
        arena_bytes=model.host_arena_bytes,
        reserve_bytes=0,
        method=arena_method(board),
        word_bits=board.word_bits,
        kernels=family.kernels,
        tflm_revision=model.tflm_revision,
        placement=placement,
        used_bytes=used_bytes,
    )
    return render(model, arena, board, family, tool_version=TOOL_VERSION)


@pytest.fixture(scope="session")
def emit() -> Callable[..., Mapping[str, bytes]]:
    """Return the function that renders a model for a family."""
    return tree_of


@pytest.fixture(scope="session")
def model_of() -> Callable[..., EmissionModel]:
    """Return the function that makes an emission model from a graph."""
    return emission_model


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Return a function that writes a tree to disk and returns its folder."""

    def write_files(files: Mapping[str, bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "tree"

    return write_files


@pytest.fixture
def cc(tmp_path: Path) -> Compile:
    """Return a function that compiles and links sources; a warning is an error."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")

    def build(sources: Sequence[Path], *, flags: Sequence[str] = C99, name: str = "program") -> Path:
        program = tmp_path / name
        folders = sorted({str(source.parent) for source in sources})
        compile_and_link(compiler, (*flags, *(f"-I{folder}" for folder in folders)), sources, program)
        return program

    return build


@pytest.fixture
def build_for(tmp_path: Path) -> Callable[..., Program]:
    """Return a function that builds sources for an emulated core, whose own port layer takes the place of a family's.

    A warning is an error; the test skips where the core's compiler or emulator is missing.
    """

    def build_sources(core_name: str, sources: Sequence[Path], *, flags: Sequence[str] = C99) -> Program:
        chosen = [source for source in sources if source.stem != "edgewright_port"]
        what = Build(
            sources=tuple(chosen),
            includes=tuple(sorted({source.parent for source in sources})),
            warnings=tuple(flag for flag in flags if not flag.startswith("-std=")),
            with_port=len(chosen) < len(sources),
        )
        return build_once(usable_core(core_name), what, tmp_path)

    return build_sources
