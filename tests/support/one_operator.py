"""Graphs of one operator each, for what its kernels keep and request."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from support.graphs import Draft

from edgewright.pipeline.graph import DType, Graph, OptionValue, Padding

Shape = tuple[int, ...]


def _weights(draft: Draft, shape: Shape, *, axis: int | None = 0) -> int:
    scale = 2**-7 if axis is None else [2**-7] * shape[axis]
    return draft.constant(np.ones(shape), scale=scale, axis=axis or 0)


def _bias(draft: Draft, channels: int) -> int:
    return draft.constant(np.zeros(channels), DType.INT32, scale=[2**-8] * channels)


def convolution(image: Shape, kernel: Shape, result: Shape, *, dtype: DType = DType.INT8, **options: int) -> Graph:
    """A convolution; `kernel` is (outputs, height, width, inputs)."""
    draft = Draft()
    x = draft.input(image, dtype=dtype)
    inputs = [x, _weights(draft, kernel)]
    if dtype is DType.INT8:
        inputs.append(_bias(draft, kernel[0]))
    y = draft.operator(
        "CONV_2D",
        inputs,
        result,
        options_type="Conv2DOptions",
        options={"padding": int(Padding.SAME), "stride_w": 1, "stride_h": 1, **options},
        dtype=dtype,
    )
    return draft.graph(y)


def depthwise(image: Shape, kernel: Shape, *, multiplier: int = 1) -> Graph:
    """A depthwise convolution that keeps the image's size; `kernel` is (1, height, width, channels)."""
    draft = Draft()
    x = draft.input(image)
    options: dict[str, OptionValue] = {"padding": int(Padding.SAME), "stride_w": 1, "stride_h": 1}
    y = draft.operator(
        "DEPTHWISE_CONV_2D",
        (x, _weights(draft, kernel, axis=3), _bias(draft, kernel[3])),
        (*image[:3], kernel[3]),
        options_type="DepthwiseConv2DOptions",
        options={**options, "depth_multiplier": multiplier},
    )
    return draft.graph(y)


def transposed(image: Shape, kernel: Shape, result: Shape) -> Graph:
    """A transposed convolution of stride 2."""
    draft = Draft()
    x = draft.input(image)
    shape = draft.constant(result, DType.INT32)
    y = draft.operator(
        "TRANSPOSE_CONV",
        (shape, _weights(draft, kernel), x),
        result,
        options_type="TransposeConvOptions",
        options={"padding": int(Padding.SAME), "stride_w": 2, "stride_h": 2},
    )
    return draft.graph(y)


def fully_connected(image: Shape, outputs: int, *, axis: int | None = None) -> Graph:
    """A fully-connected layer along the last dimension; `axis` 0 scales each output on its own."""
    draft = Draft()
    x = draft.input(image)
    y = draft.operator(
        "FULLY_CONNECTED",
        (x, _weights(draft, (outputs, image[-1]), axis=axis)),
        (*image[:-1], outputs),
        options_type="FullyConnectedOptions",
        options={"keep_num_dims": len(image) > 2},
    )
    return draft.graph(y)


def reduction(op: str, image: Shape, axes: list[int], result: Shape) -> Graph:
    """A mean, a sum or an extreme along some dimensions."""
    draft = Draft()
    x = draft.input(image)
    y = draft.operator(op, (x, draft.constant(axes, DType.INT32)), result, options_type="ReducerOptions")
    return draft.graph(y)


def average_pool() -> Graph:
    """An average over windows of 2x2."""
    draft = Draft()
    x = draft.input((1, 4, 4, 9))
    options: dict[str, OptionValue] = {"padding": int(Padding.VALID), "stride_w": 2, "stride_h": 2}
    y = draft.operator(
        "AVERAGE_POOL_2D",
        (x,),
        (1, 2, 2, 9),
        options_type="Pool2DOptions",
        options={**options, "filter_width": 2, "filter_height": 2},
    )
    return draft.graph(y)


def matmul() -> Graph:
    """A product of two matrices, the second of which the kernel keeps turned."""
    draft = Draft()
    left, right = draft.input((1, 3, 6)), draft.input((1, 6, 5))
    return draft.graph(draft.operator("BATCH_MATMUL", (left, right), (1, 3, 5), options_type="BatchMatMulOptions"))


def softmax(dtype: DType) -> Graph:
    """A softmax, which keeps two tables for int16."""
    draft = Draft()
    x = draft.input((1, 7), dtype=dtype, scale=2**-4)
    scale, zero_point = (2**-8, -128) if dtype is DType.INT8 else (2**-15, 0)
    options: dict[str, OptionValue] = {"beta": 1.0}
    y = draft.operator(
        "SOFTMAX", (x,), (1, 7), options_type="SoftmaxOptions", options=options, dtype=dtype, scale=scale,
        zero_point=zero_point,
    )  # fmt: skip
    return draft.graph(y)


def mirror_pad() -> Graph:
    """A mirrored border."""
    draft = Draft()
    x = draft.input((1, 4, 4, 2))
    border = draft.constant([[0, 0], [1, 1], [1, 1], [0, 0]], DType.INT32)
    return draft.graph(
        draft.operator("MIRROR_PAD", (x, border), (1, 6, 6, 2), options_type="MirrorPadOptions", options={"mode": 0})
    )


def svdf() -> Graph:
    """A filter of rank 1 over 4 steps, whose state lasts."""
    draft = Draft()
    x = draft.input((1, 6), scale=0.5)
    features = draft.constant(np.ones((8, 6)), scale=0.25)
    time = draft.constant(np.ones((8, 4)), DType.INT16, scale=0.5)
    bias = draft.constant(np.zeros(8), DType.INT32, scale=0.25)
    state = draft.tensor((1, 32), dtype=DType.INT16, scale=0.5, is_variable=True)
    y = draft.operator(
        "SVDF", (x, features, time, bias, state), (1, 8), options_type="SVDFOptions", options={"rank": 1}
    )
    return draft.graph(y)


GRAPHS: dict[str, Callable[[], Graph]] = {
    "convolution_3x3": lambda: convolution((1, 6, 6, 3), (4, 3, 3, 3), (1, 6, 6, 4)),
    "convolution_1x1": lambda: convolution((1, 6, 6, 4), (7, 1, 1, 4), (1, 6, 6, 7)),
    "convolution_grouped": lambda: convolution((1, 6, 6, 4), (6, 3, 3, 2), (1, 6, 6, 6)),
    "convolution_dilated": lambda: convolution(
        (1, 9, 9, 4), (6, 1, 1, 4), (1, 9, 9, 6), dilation_w_factor=2, dilation_h_factor=2
    ),
    "convolution_row": lambda: convolution((1, 1, 17, 4), (8, 1, 5, 4), (1, 1, 9, 8), stride_w=2),
    "convolution_short_row": lambda: convolution((1, 1, 2, 4), (8, 1, 9, 4), (1, 1, 2, 8)),
    "convolution_int16": lambda: convolution((1, 5, 5, 3), (4, 3, 3, 3), (1, 5, 5, 4), dtype=DType.INT16),
    "depthwise_3x3": lambda: depthwise((1, 6, 6, 5), (1, 3, 3, 5)),
    "depthwise_5x5": lambda: depthwise((1, 6, 6, 5), (1, 5, 5, 5)),
    "depthwise_multiplied": lambda: depthwise((1, 6, 6, 3), (1, 3, 3, 6), multiplier=2),
    "depthwise_one_input": lambda: depthwise((1, 6, 6, 1), (1, 3, 3, 8), multiplier=8),
    "transposed_narrow": lambda: transposed((1, 3, 3, 4), (5, 3, 3, 4), (1, 6, 6, 5)),
    "transposed_wide": lambda: transposed((1, 3, 3, 20), (5, 3, 3, 20), (1, 6, 6, 5)),
    "fully_connected": lambda: fully_connected((1, 9), 40),
    "fully_connected_per_channel": lambda: fully_connected((1, 9), 40, axis=0),
    "fully_connected_rows": lambda: fully_connected((1, 3, 8), 5),
    "mean": lambda: reduction("MEAN", (1, 5, 5, 3), [1, 2], (1, 3)),
    "reduce_max": lambda: reduction("REDUCE_MAX", (1, 5, 5, 3), [1, 2], (1, 3)),
    "average_pool": average_pool,
    "matmul": matmul,
    "softmax": lambda: softmax(DType.INT8),
    "softmax_int16": lambda: softmax(DType.INT16),
    "mirror_pad": mirror_pad,
    "svdf": svdf,
}
