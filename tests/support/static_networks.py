"""Random networks of what the static engine computes, with dead channels, pads, constants and branches in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from support.graphs import Draft

from edgewright.pipeline.graph import Activation, DType, Graph, Padding

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A tensor of the growing network."""

    index: int
    shape: Shape
    scale: float
    zero_point: int


class NetworkDraft:
    """A network that grows by steps that a generator draws; every step reads what is there."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.draft = Draft()
        self.made: list[Made] = []

    def number(self, low: int, high: int) -> int:
        """Draw an integer, both ends included."""
        return int(self.random.integers(low, high + 1))

    def image(self, shape: Shape) -> None:
        """Add an input of int8, or one of uint8 or float32 that is converted at once."""
        scale, zero_point = float(self.random.uniform(0.01, 0.05)), self.number(-128, 127)
        dtype = (DType.INT8, DType.INT8, DType.UINT8, DType.FLOAT32)[self.number(0, 3)]
        if dtype is DType.INT8:
            index = self.draft.input(shape, scale=scale, zero_point=zero_point)
            self.made.append(Made(index=index, shape=shape, scale=scale, zero_point=zero_point))
            return
        own = None if dtype.is_float else scale
        index = self.draft.input(shape, dtype=dtype, scale=own, zero_point=zero_point + 128)
        self.add("QUANTIZE", [index], shape, scale=scale, zero_point=zero_point)

    def add(
        self,
        op: str,
        inputs: list[int],
        shape: Shape,
        *,
        like: Made | None = None,
        scale: float | None = None,
        zero_point: int | None = None,
        options_type: str | None = None,
        **options: int | float,
    ) -> Made:
        """Add an operator whose output has the quantization of another tensor, one that is given, or a drawn one."""
        if like is not None:
            scale, zero_point = like.scale, like.zero_point
        scale = float(self.random.uniform(0.02, 0.08)) if scale is None else scale
        zero_point = (-128, self.number(-128, 127))[self.number(0, 1)] if zero_point is None else zero_point
        index = self.draft.operator(
            op, inputs, shape, options_type=options_type, options=options, scale=scale, zero_point=zero_point
        )
        made = Made(index=index, shape=shape, scale=scale, zero_point=zero_point)
        self.made.append(made)
        return made

    def draw_image(self) -> Made:
        """Choose a tensor of four dimensions, late ones rather than early ones."""
        images = [made for made in self.made if len(made.shape) == 4][-4:]
        return images[self.number(0, len(images) - 1)]


def draw_network(seed: int, steps: int = 9) -> Graph:
    """Draw a network of about so many operators: an image, branches, and a head of one or two outputs."""
    network = NetworkDraft(seed)
    network.image((1, network.number(3, 9), network.number(3, 9), network.number(1, 6)))
    for _ in range(steps):
        _STEPS[network.number(0, len(_STEPS) - 1)](network, network.draw_image())
    outputs = [_converted(network, _head(network, network.draw_image()))]
    if network.number(0, 2) == 0:
        outputs.append(network.made[-2].index)
    return network.draft.graph(*dict.fromkeys(outputs))


def _weights(network: NetworkDraft, shape: Shape, outputs_axis: int) -> int:
    """Draw weights, some rows of which read nothing."""
    numbers = network.random.integers(-127, 128, shape)
    inputs_axis = -1 if outputs_axis == 0 else outputs_axis
    dead = network.random.random(shape[inputs_axis]) < 0.2
    numbers[..., dead] = 0
    scales = [*map(float, network.random.uniform(0.3, 3, shape[outputs_axis]) * 2**-8)]
    return network.draft.constant(numbers, scale=scales, axis=outputs_axis)


def _biases(network: NetworkDraft, channels: int) -> int:
    """Draw biases, a third of which leave the output at one end of its range whatever comes in."""
    biases = network.random.integers(-3000, 3000, channels)
    dead = network.random.random(channels)
    biases[dead < 0.25] = -3_000_000
    biases[dead > 0.92] = 3_000_000
    return network.draft.constant(biases, DType.INT32, scale=2**-12)


def _activation(network: NetworkDraft) -> int:
    return int((Activation.NONE, Activation.RELU, Activation.RELU6)[network.number(0, 2)])


def _window(network: NetworkDraft, image: Shape, *, is_strided: bool = True) -> tuple[Shape, Shape, dict[str, int]]:
    """Draw the size of a window, and give the height and width of its output."""
    size = tuple(min(network.number(1, 3), extent) for extent in image[1:3])
    strides = tuple(network.number(1, 2) if is_strided and extent > 3 else 1 for extent in image[1:3])
    padding = Padding.SAME if network.number(0, 1) else Padding.VALID
    outer = tuple(
        -(-extent // stride) if padding is Padding.SAME else (extent - kernel) // stride + 1
        for extent, kernel, stride in zip(image[1:3], size, strides, strict=True)
    )
    return size, outer, {"padding": int(padding), "stride_h": strides[0], "stride_w": strides[1]}


def _convolution(network: NetworkDraft, image: Made) -> None:
    size, outer, options = _window(network, image.shape)
    channels, outputs = image.shape[3], network.number(1, 9)
    groups = 2 if channels % 2 == 0 and outputs % 2 == 0 and network.number(0, 3) == 0 else 1
    inputs = [
        image.index, _weights(network, (outputs, *size, channels // groups), 0), _biases(network, outputs)
    ]  # fmt: skip
    network.add(
        "CONV_2D", inputs, (1, *outer, outputs), options_type="Conv2DOptions",
        fused_activation_function=_activation(network), **options,
    )  # fmt: skip


def _depthwise(network: NetworkDraft, image: Made) -> None:
    size, outer, options = _window(network, image.shape)
    multiplier = network.number(1, 2)
    outputs = image.shape[3] * multiplier
    network.add(
        "DEPTHWISE_CONV_2D",
        [image.index, _weights(network, (1, *size, outputs), 3), _biases(network, outputs)],
        (1, *outer, outputs), options_type="DepthwiseConv2DOptions", depth_multiplier=multiplier,
        fused_activation_function=_activation(network), **options,
    )  # fmt: skip


def _pad(network: NetworkDraft, image: Made) -> None:
    margins = [[0, 0], [network.number(0, 2), 1], [1, network.number(0, 2)], [0, network.number(0, 5) // 5]]
    shape = tuple(extent + sum(pair) for extent, pair in zip(image.shape, margins, strict=True))
    padded = network.add("PAD", [image.index, network.draft.constant(margins, DType.INT32)], shape, like=image)
    (_convolution, _convolution, _depthwise, _pool)[network.number(0, 3)](network, padded)


def _pool(network: NetworkDraft, image: Made) -> None:
    size, outer, options = _window(network, image.shape)
    network.add(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D")[network.number(0, 1)], [image.index], (1, *outer, image.shape[3]),
        like=image, options_type="Pool2DOptions", filter_height=size[0], filter_width=size[1],
        fused_activation_function=_activation(network), **options,
    )  # fmt: skip


def _function(network: NetworkDraft, image: Made) -> None:
    op = ("RELU", "RELU6", "LOGISTIC", "TANH", "QUANTIZE", "HARD_SWISH", "LEAKY_RELU")[network.number(0, 6)]
    if op in ("RELU", "RELU6", "QUANTIZE") and network.number(0, 2):
        network.add(op, [image.index], image.shape, like=image)
    elif op == "LEAKY_RELU":
        network.add(op, [image.index], image.shape, options_type="LeakyReluOptions", alpha=0.2)
    else:
        fixed = {"LOGISTIC": (2**-8, -128), "TANH": (2**-7, 0)}.get(op, (None, None))
        network.add(op, [image.index], image.shape, scale=fixed[0], zero_point=fixed[1])


def _sum(network: NetworkDraft, image: Made) -> None:
    others = [made for made in network.made if made.shape == image.shape]
    other = others[network.number(0, len(others) - 1)]
    op, options_type = (("ADD", "AddOptions"), ("SUB", "SubOptions"), ("MUL", "MulOptions"))[network.number(0, 2)]
    network.add(
        op, [image.index, other.index], image.shape, options_type=options_type,
        fused_activation_function=_activation(network),
    )  # fmt: skip


def _with_constant(network: NetworkDraft, image: Made) -> None:
    shape = ((1,), (image.shape[3],), (1, *image.shape[1:3], 1))[network.number(0, 2)]
    constant = network.draft.constant(network.random.integers(-128, 128, shape), scale=0.02, zero_point=5)
    op, options_type = (
        ("ADD", "AddOptions"), ("MUL", "MulOptions"), ("MAXIMUM", "MaximumMinimumOptions"),
        ("MINIMUM", "MaximumMinimumOptions"),
    )[network.number(0, 3)]  # fmt: skip
    network.add(op, [constant, image.index], image.shape, options_type=options_type)


def _concatenation(network: NetworkDraft, image: Made) -> None:
    """Join an image, rescaled where it must be, and perhaps a constant."""
    others = [made for made in network.made if len(made.shape) == 4 and made.shape[:3] == image.shape[:3]]
    other = others[network.number(0, len(others) - 1)]
    parts = [image, network.add("QUANTIZE", [other.index], other.shape, like=image)]
    indices, channels = [part.index for part in parts], sum(part.shape[3] for part in parts)
    if network.number(0, 1):
        numbers = network.random.integers(-128, 128, (*image.shape[:3], 2))
        indices.append(network.draft.constant(numbers, scale=image.scale, zero_point=image.zero_point))
        channels += 2
    network.add(
        "CONCATENATION", indices, (*image.shape[:3], channels), like=image, options_type="ConcatenationOptions", axis=3
    )


def _resize(network: NetworkDraft, image: Made) -> None:
    size = (min(image.shape[1] * 2, 12), min(image.shape[2] * 2, 12))
    network.add(
        "RESIZE_NEAREST_NEIGHBOR", [image.index, network.draft.constant(size, DType.INT32)],
        (1, *size, image.shape[3]), like=image, options_type="ResizeNearestNeighborOptions",
    )  # fmt: skip


def _slice(network: NetworkDraft, image: Made) -> None:
    begins, ends, strides = (0, 0, 0, 0), image.shape, (1, 1, 2, 1)
    shape = (1, image.shape[1], -(-image.shape[2] // 2), image.shape[3])
    bounds = [network.draft.constant(numbers, DType.INT32) for numbers in (begins, ends, strides)]
    network.add("STRIDED_SLICE", [image.index, *bounds], shape, like=image, options_type="StridedSliceOptions")


def _transpose(network: NetworkDraft, image: Made) -> None:
    order = ((0, 2, 1, 3), (0, 1, 2, 3), (0, 3, 1, 2))[network.number(0, 2)]
    shape = tuple(image.shape[axis] for axis in order)
    network.add("TRANSPOSE", [image.index, network.draft.constant(order, DType.INT32)], shape, like=image)


def _reshape(network: NetworkDraft, image: Made) -> None:
    shape = (1, image.shape[2], image.shape[1], image.shape[3])
    constant = network.draft.constant(shape, DType.INT32)
    network.add("RESHAPE", [image.index, constant], shape, like=image, options_type="ReshapeOptions")


def _converted(network: NetworkDraft, classes: Made) -> int:
    """Convert an output to uint8 or float32, or leave it."""
    dtype = (DType.INT8, DType.INT8, DType.UINT8, DType.FLOAT32)[network.number(0, 3)]
    if dtype is DType.INT8:
        return classes.index
    return network.draft.operator(
        "DEQUANTIZE" if dtype.is_float else "QUANTIZE", [classes.index], classes.shape, dtype=dtype,
        scale=None if dtype.is_float else classes.scale, zero_point=classes.zero_point + 128,
    )  # fmt: skip


def _head(network: NetworkDraft, image: Made) -> Made:
    """End in the mean of an image or in all of it, a dense layer, and perhaps a softmax."""
    if network.number(0, 1):
        axes = network.draft.constant([1, 2], DType.INT32)
        line = network.add("MEAN", [image.index, axes], (1, image.shape[3]), options_type="ReducerOptions")
    else:
        shape = (1, int(np.prod(image.shape)))
        constant = network.draft.constant(shape, DType.INT32)
        line = network.add("RESHAPE", [image.index, constant], shape, like=image, options_type="ReshapeOptions")
    weights = _weights(network, (4, line.shape[1]), 0)
    classes = network.add(
        "FULLY_CONNECTED", [line.index, weights, _biases(network, 4)], (1, 4), options_type="FullyConnectedOptions"
    )
    if network.number(0, 1):
        classes = network.add(
            "SOFTMAX", [classes.index], (1, 4), scale=2**-8, zero_point=-128, options_type="SoftmaxOptions", beta=1.0
        )
    return classes


_STEPS: tuple[Callable[[NetworkDraft, Made], None], ...] = (
    _convolution, _convolution, _convolution, _depthwise, _depthwise, _pad, _pool, _function, _function, _sum,
    _with_constant, _concatenation, _resize, _slice, _transpose, _reshape,
)  # fmt: skip
