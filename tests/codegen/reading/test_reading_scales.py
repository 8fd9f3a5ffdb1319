"""Whatever the scales and zero points, a single operator gives TensorFlow Lite Micro's elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.static_operators import (
    Arrays,
    convolution,
    depthwise,
    draw_samples,
    fully_connected,
    mean,
    moved,
    pair,
    quantize,
    softmax,
    unary,
)
from support.static_tflm import tflm_outputs

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.graph import DType, Graph

SCALES = st.floats(2**-13, 2.0, width=32)
RATIOS = st.floats(0.05, 20.0)
ZERO_POINTS = st.integers(-128, 127)
ALL_BYTES = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)


def assert_like_tflm(graph: Graph, samples: list[Arrays]) -> None:
    """Compare all outputs for some samples."""
    program = read_program(graph, ["layer"])
    for sample, expected in zip(samples, tflm_outputs(graph, samples), strict=True):
        values = evaluate(program, dict(zip(program.inputs, sample, strict=True)))
        for index, array in zip(program.outputs, expected, strict=True):
            np.testing.assert_array_equal(array, values[index])


@pytest.mark.parametrize("op", ["RELU", "HARD_SWISH", "LEAKY_RELU", "QUANTIZE"])
@given(scale=SCALES, ratio=RATIOS, zero_points=st.tuples(ZERO_POINTS, ZERO_POINTS), alpha=st.floats(0.01, 2))
@settings(max_examples=60)
def test_rescaling_functions(op: str, scale: float, ratio: float, zero_points: tuple[int, int], alpha: float) -> None:
    """A function between two scales is the same for all 256 inputs."""
    graph = unary(op, (scale, zero_points[0]), (scale * ratio, zero_points[1]), alpha=alpha)
    assert_like_tflm(graph, [(ALL_BYTES,)])


@pytest.mark.parametrize(
    ("op", "output"), [("LOGISTIC", (2**-8, -128)), ("TANH", (2**-7, 0)), ("RELU6", None), ("SOFTMAX", None)]
)
@given(scale=SCALES, zero_point=ZERO_POINTS, beta=st.floats(0.125, 3.0, width=32))
@settings(max_examples=60)
def test_functions_of_one_scale(
    op: str, output: tuple[float, int] | None, scale: float, zero_point: int, beta: float
) -> None:
    """A function whose output's scale is fixed is the same for all 256 inputs."""
    if op == "SOFTMAX":
        graph = softmax((1, 256), scale=scale, beta=beta)
    else:
        graph = unary(op, (scale, zero_point), output or (scale, zero_point))
    assert_like_tflm(graph, [(ALL_BYTES,), (ALL_BYTES[:, ::-1].copy(),)])


@given(scale=SCALES, zero_point=ZERO_POINTS, seed=st.integers(0, 99))
@settings(max_examples=60)
def test_conversions_at_the_boundary(scale: float, zero_point: int, seed: int) -> None:
    """Floats near the middle between two integers, and drawn ones, are quantized and dequantized as TFLM does."""
    middles = ((np.arange(256) - 127.5).astype(np.float32) * np.float32(scale)).reshape(1, 256)
    drawn = (np.random.default_rng(seed).normal(size=(1, 256)) * scale * 60).astype(np.float32)
    graph = quantize((DType.FLOAT32, 0, 0), (DType.INT8, scale, zero_point))
    assert_like_tflm(graph, [(middles,), (drawn,)])
    assert_like_tflm(quantize((DType.INT8, scale, zero_point), (DType.FLOAT32, 0, 0)), [(ALL_BYTES,)])


@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL"])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=40)
def test_pairs(op: str, seed: int) -> None:
    """Sums, differences and products of drawn scales are the same for 4,096 pairs of elements."""
    graph = pair(op, (1, 64, 64), (1, 64, 64), seed=seed)
    assert_like_tflm(graph, draw_samples(graph, 3, seed))


@given(height=st.integers(1, 40), width=st.integers(1, 40), scale=SCALES, ratio=RATIOS)
@settings(max_examples=60)
def test_means(height: int, width: int, scale: float, ratio: float) -> None:
    """A mean of any number of elements is the same, the number being part of the multiplier."""
    graph = mean((1, height, width, 3), [1, 2], (1, 3), scales=(scale, scale * ratio))
    assert_like_tflm(graph, draw_samples(graph, 4))


@given(seed=st.integers(0, 10**6), channels=st.integers(1, 40), is_per_channel=st.booleans())
@settings(max_examples=60)
def test_layers_with_weights(seed: int, channels: int, is_per_channel: bool) -> None:
    """Convolutions and dense layers of drawn weights and scales are the same."""
    graphs = (
        fully_connected((1, channels), 24, is_per_channel=is_per_channel, seed=seed),
        convolution((3, 4, channels), (5, 3, 3, channels), is_per_channel=is_per_channel, seed=seed),
        depthwise((3, 4, channels), (3, 3), seed=seed),
    )
    for graph in graphs:
        assert_like_tflm(graph, draw_samples(graph, 3, seed))


@pytest.mark.parametrize("mode", ["", "align_corners", "half_pixel_centers"])
def test_nearest_neighbours_of_many_sizes(mode: str) -> None:
    """Every size from 1 to 24 is enlarged or reduced to 16 and to 23 with TFLM's neighbours."""
    for size in range(1, 25):
        graph = moved(
            "RESIZE_NEAREST_NEIGHBOR", (1, size, 25 - size, 1), (1, 16, 23, 1), [16, 23],
            options_type="ResizeNearestNeighborOptions", **({mode: True} if mode else {}),
        )  # fmt: skip
        assert_like_tflm(graph, draw_samples(graph, 3))


def test_scales_are_those_of_a_file() -> None:
    """A scale that float32 cannot hold counts as the nearest that it can."""
    graph = pair("MUL", (1, 9), (1, 9))
    quantization = graph.main.tensors[0].quantization
    assert quantization is not None
    rounded = replace(quantization, scales=(float(np.float32(quantization.scale)),))
    tensors = (replace(graph.main.tensors[0], quantization=rounded), *graph.main.tensors[1:])
    same = replace(graph, subgraphs=(replace(graph.main, tensors=tensors),))
    values = [read_program(one, ["layer"]).values[0].scale for one in (graph, same)]
    assert [rounded.scale] * 2 == values
