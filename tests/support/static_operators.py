"""Graphs of one operator each with drawn weights and scales, for everything that the static engine computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from support.graphs import Draft

from edgewright.pipeline.graph import Activation, DType, Graph, Padding

Shape = tuple[int, ...]
Arrays = tuple[np.ndarray[Any, Any], ...]
Make = Callable[[], Graph]


def convolution(
    image: Shape,
    kernel: Shape,
    *,
    strides: Shape = (1, 1),
    dilations: Shape = (1, 1),
    padding: Padding = Padding.SAME,
    activation: Activation = Activation.NONE,
    is_per_channel: bool = True,
    has_bias: bool = True,
    seed: int = 0,
) -> Graph:
    """A convolution over (height, width, channels); `kernel` is (outputs, height, width, inputs of a group)."""
    random = np.random.default_rng(seed)
    draft = Draft()
    x = draft.input((1, *image), scale=2**-6, zero_point=int(random.integers(-128, 128)))
    scales = random.uniform(0.3, 3, kernel[0] if is_per_channel else 1) * 2**-8
    weights = draft.constant(random.integers(-127, 128, kernel), scale=[*map(float, scales)])
    y = draft.operator(
        "CONV_2D",
        [x, weights, *_bias(draft, random, kernel[0], has_bias)],
        (1, *_extents(image, kernel[1:3], strides, dilations, padding), kernel[0]),
        options_type="Conv2DOptions",
        options=_options(strides, dilations, padding, activation),
        scale=float(np.sqrt(np.prod(kernel[1:])) * random.uniform(0.5, 2) * 2**-7),
        zero_point=int(random.integers(-128, 128)),
    )
    return draft.graph(y)


def depthwise(
    image: Shape,
    kernel: Shape,
    *,
    multiplier: int = 1,
    strides: Shape = (1, 1),
    dilations: Shape = (1, 1),
    padding: Padding = Padding.SAME,
    activation: Activation = Activation.NONE,
    has_bias: bool = True,
    seed: int = 0,
) -> Graph:
    """A depthwise convolution over (height, width, channels); `kernel` is (height, width)."""
    random = np.random.default_rng(seed)
    draft = Draft()
    x = draft.input((1, *image), scale=2**-6, zero_point=int(random.integers(-128, 128)))
    channels = image[2] * multiplier
    scales = [*map(float, random.uniform(0.3, 3, channels) * 2**-8)]
    weights = draft.constant(random.integers(-127, 128, (1, *kernel, channels)), scale=scales, axis=3)
    y = draft.operator(
        "DEPTHWISE_CONV_2D",
        [x, weights, *_bias(draft, random, channels, has_bias)],
        (1, *_extents(image, kernel, strides, dilations, padding), channels),
        options_type="DepthwiseConv2DOptions",
        options={**_options(strides, dilations, padding, activation), "depth_multiplier": multiplier},
        scale=float(np.sqrt(np.prod(kernel)) * random.uniform(0.5, 2) * 2**-7),
        zero_point=int(random.integers(-128, 128)),
    )
    return draft.graph(y)


def fully_connected(
    image: Shape,
    outputs: int,
    *,
    activation: Activation = Activation.NONE,
    is_per_channel: bool = False,
    has_bias: bool = True,
    seed: int = 0,
) -> Graph:
    """A fully-connected layer along the last dimension."""
    random = np.random.default_rng(seed)
    draft = Draft()
    x = draft.input(image, scale=0.017, zero_point=int(random.integers(-128, 128)))
    scales = [*map(float, random.uniform(0.3, 3, outputs if is_per_channel else 1) * 2**-8)]
    weights = draft.constant(random.integers(-127, 128, (outputs, image[-1])), scale=scales)
    bias_scale = float(np.float32(0.017) * np.float32(scales[0]))
    y = draft.operator(
        "FULLY_CONNECTED",
        [x, weights, *_bias(draft, random, outputs, has_bias, bias_scale)],
        (*image[:-1], outputs),
        options_type="FullyConnectedOptions",
        options={"keep_num_dims": len(image) > 2, "fused_activation_function": int(activation)},
        scale=float(np.sqrt(image[-1]) * random.uniform(0.5, 2) * 2**-7),
        zero_point=int(random.integers(-128, 128)),
    )
    return draft.graph(y)


def pair(
    op: str,
    left: Shape,
    right: Shape,
    *,
    activation: Activation = Activation.NONE,
    constant: str = "",
    seed: int = 0,
) -> Graph:
    """An element-wise operator of two sides, of which `constant` may name one: left or right."""
    random = np.random.default_rng(seed)
    draft = Draft()
    sides = []
    for name, shape in (("left", left), ("right", right)):
        scale, zero_point = float(random.uniform(0.005, 0.06)), int(random.integers(-128, 128))
        if name == constant:
            numbers = random.integers(-128, 128, shape)
            sides.append(draft.constant(numbers, scale=scale, zero_point=zero_point))
        else:
            sides.append(draft.input(shape, scale=scale, zero_point=zero_point))
    names = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}
    y = draft.operator(
        op,
        sides,
        np.broadcast_shapes(left, right),
        options_type=names.get(op, "MaximumMinimumOptions"),
        options={"fused_activation_function": int(activation)} if op in names else {},
        scale=float(random.uniform(0.02, 0.08)),
        zero_point=int(random.integers(-128, 128)),
    )
    return draft.graph(y)


def pool(
    op: str,
    image: Shape,
    kernel: Shape,
    *,
    strides: Shape = (1, 1),
    padding: Padding = Padding.SAME,
    activation: Activation = Activation.NONE,
) -> Graph:
    """A pool over (height, width, channels)."""
    draft = Draft()
    x = draft.input((1, *image), scale=0.05, zero_point=-7)
    y = draft.operator(
        op,
        (x,),
        (1, *_extents(image, kernel, strides, (1, 1), padding), image[2]),
        options_type="Pool2DOptions",
        options={
            "padding": int(padding), "stride_h": strides[0], "stride_w": strides[1], "filter_height": kernel[0],
            "filter_width": kernel[1], "fused_activation_function": int(activation),
        },
        scale=0.05,
        zero_point=-7,
    )  # fmt: skip
    return draft.graph(y)


def mean(image: Shape, axes: Sequence[int], result: Shape, *, scales: tuple[float, float] = (0.05, 0.03)) -> Graph:
    """A mean along some dimensions."""
    draft = Draft()
    x = draft.input(image, scale=scales[0], zero_point=-100)
    y = draft.operator(
        "MEAN",
        (x, draft.constant(axes, DType.INT32)),
        result,
        options_type="ReducerOptions",
        options={"keep_dims": len(result) == len(image)},
        scale=scales[1],
        zero_point=11,
    )
    return draft.graph(y)


def softmax(shape: Shape, *, scale: float, beta: float = 1.0) -> Graph:
    """A softmax over the last dimension."""
    draft = Draft()
    x = draft.input(shape, scale=scale, zero_point=5)
    y = draft.operator(
        "SOFTMAX", (x,), shape, options_type="SoftmaxOptions", options={"beta": beta}, scale=2**-8, zero_point=-128
    )
    return draft.graph(y)


def unary(op: str, source: tuple[float, int], output: tuple[float, int], *, alpha: float = 0.0) -> Graph:
    """A function of one element over all 256 of them; `source` and `output` are scale and zero point."""
    draft = Draft()
    x = draft.input((1, 256), scale=source[0], zero_point=source[1])
    options_type = "LeakyReluOptions" if op == "LEAKY_RELU" else None
    options = {"alpha": alpha} if op == "LEAKY_RELU" else {}
    return draft.graph(
        draft.operator(
            op, (x,), (1, 256), options_type=options_type, options=options, scale=output[0], zero_point=output[1]
        )
    )


def quantize(source: tuple[DType, float, int], output: tuple[DType, float, int], shape: Shape = (1, 256)) -> Graph:
    """A conversion; each side is type, scale and zero point, floats without a scale."""
    draft = Draft()
    sides = [
        {"dtype": dtype, "scale": None if dtype.is_float else scale, "zero_point": zero_point}
        for dtype, scale, zero_point in (source, output)
    ]
    x = draft.input(shape, **sides[0])
    op = "DEQUANTIZE" if output[0].is_float else "QUANTIZE"
    return draft.graph(draft.operator(op, (x,), shape, **sides[1]))


def moved(
    op: str, source: Shape, result: Shape, *constants: object, options_type: str | None = None, **options: Any
) -> Graph:
    """An operator that moves the elements of one input, whose further inputs are constants of int32."""
    draft = Draft()
    x = draft.input(source, zero_point=3)
    inputs = [x, *(draft.constant(numbers, DType.INT32) for numbers in constants)]
    return draft.graph(draft.operator(op, inputs, result, options_type=options_type, options=options, zero_point=3))


def pad_with(source: Shape, result: Shape, margins: object, fill: int) -> Graph:
    """A border of a constant."""
    draft = Draft()
    x = draft.input(source, zero_point=3)
    inputs = (x, draft.constant(margins, DType.INT32), draft.constant([fill], zero_point=3))
    return draft.graph(draft.operator("PADV2", inputs, result, zero_point=3))


def concatenation(shapes: Sequence[Shape], axis: int, result: Shape, *, constant: int | None = None) -> Graph:
    """Parts joined along an axis, of which one may be constant."""
    draft = Draft()
    random = np.random.default_rng(4)
    parts = [
        draft.constant(random.integers(-128, 128, shape)) if number == constant else draft.input(shape)
        for number, shape in enumerate(shapes)
    ]
    return draft.graph(
        draft.operator("CONCATENATION", parts, result, options_type="ConcatenationOptions", options={"axis": axis})
    )


def split(source: Shape, axis: int, count: int) -> Graph:
    """Equal parts along an axis."""
    draft = Draft()
    where = draft.constant([axis], DType.INT32)
    x = draft.input(source)
    shape = list(source)
    shape[axis] //= count
    options = {"num_splits": count}
    parts = [draft.tensor(tuple(shape)) for _ in range(count - 1)]
    parts.append(draft.operator("SPLIT", (where, x), tuple(shape), options_type="SplitOptions", options=options))
    graph = draft.graph(*parts)
    operator = replace(graph.main.operators[0], outputs=tuple(parts))
    return replace(graph, subgraphs=(replace(graph.main, operators=(operator,)),))


def draw_samples(graph: Graph, count: int = 4, seed: int = 0) -> list[Arrays]:
    """Draw inputs for a graph: the smallest and the largest elements, then random ones; floats are normal."""
    random = np.random.default_rng(seed)
    tensors = [graph.main.tensors[index] for index in graph.main.inputs]
    samples = []
    for number in range(count):
        arrays = []
        for tensor in tensors:
            if tensor.dtype.is_float:
                arrays.append((random.normal(size=tensor.shape) * 4).astype(np.float32))
                continue
            limits = np.iinfo(tensor.dtype.value)
            array = random.integers(limits.min, limits.max + 1, tensor.shape)
            if number < 2:
                array = np.full(tensor.shape, (limits.min, limits.max)[number])
            arrays.append(array.astype(tensor.dtype.value))
        samples.append(tuple(arrays))
    return samples


def _options(strides: Shape, dilations: Shape, padding: Padding, activation: Activation) -> dict[str, int]:
    return {
        "padding": int(padding), "stride_h": strides[0], "stride_w": strides[1], "dilation_h_factor": dilations[0],
        "dilation_w_factor": dilations[1], "fused_activation_function": int(activation),
    }  # fmt: skip


def _bias(draft: Draft, random: np.random.Generator, channels: int, has_bias: bool, scale: float = 2**-14) -> list[int]:
    if not has_bias:
        return []
    return [draft.constant(random.integers(-3000, 3000, channels), DType.INT32, scale=scale)]


def _extents(image: Shape, kernel: Shape, strides: Shape, dilations: Shape, padding: Padding) -> Shape:
    reach = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    if padding is Padding.SAME:
        return tuple(-(-size // stride) for size, stride in zip(image[:2], strides, strict=True))
    return tuple((size - far) // stride + 1 for size, far, stride in zip(image[:2], reach, strides, strict=True))
