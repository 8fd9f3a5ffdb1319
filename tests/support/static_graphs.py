"""Networks for the static engine: one operator each over a grid of shapes, and random ones from a generator.

Scales are chosen such that outputs are alive: neither constant nor all at a limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from support.graphs import Draft

from edgewright.pipeline.graph import DType, Graph, OptionValue, Padding

Shape = tuple[int, ...]
FUSED = {"none": 0, "relu": 1, "relu6": 3}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A tensor in the making: its index, shape and quantization."""

    index: int
    shape: Shape
    scale: float
    zero_point: int


class Net:
    """A network in the making; every method adds one operator and returns what it gives."""

    def __init__(self, seed: int = 0, *, scale: float | None = None) -> None:
        """Begin; a scale is then that of whatever is computed, however long the network."""
        self.draft = Draft()
        self._scale = scale
        self._random = np.random.default_rng(seed)

    def input(self, shape: Shape, *, scale: float = 2**-6, zero_point: int = -3) -> Node:
        """Add an int8 input."""
        index = self.draft.input(shape, scale=scale, zero_point=zero_point)
        return Node(index=index, shape=shape, scale=scale, zero_point=zero_point)

    def graph(self, *outputs: Node) -> Graph:
        """End the network."""
        return self.draft.graph(*(output.index for output in outputs))

    def convolution(
        self, x: Node, channels: int, kernel: Shape = (3, 3), *, strides: Shape = (1, 1), dilations: Shape = (1, 1),
        padding: str = "SAME", fused: str = "none", groups: int = 1, per_channel: bool = True, bias: bool = True,
    ) -> Node:  # fmt: skip
        """Add CONV_2D."""
        depth = x.shape[3] // groups
        weights = self._weights((channels, *kernel, depth), axis=0, per_channel=per_channel)
        options: dict[str, OptionValue] = {**_moves(strides, dilations, padding), **_fused(fused)}
        extents = _extents(x.shape, kernel, strides, dilations, padding)
        return self._weighted(
            "CONV_2D", x, weights, shape=(1, *extents, channels), taps=depth * kernel[0] * kernel[1], bias=bias,
            options_type="Conv2DOptions", options=options, version=3,
        )  # fmt: skip

    def depthwise(
        self, x: Node, kernel: Shape = (3, 3), *, multiplier: int = 1, strides: Shape = (1, 1),
        dilations: Shape = (1, 1), padding: str = "SAME", fused: str = "none", bias: bool = True,
    ) -> Node:  # fmt: skip
        """Add DEPTHWISE_CONV_2D."""
        channels = x.shape[3] * multiplier
        weights = self._weights((1, *kernel, channels), axis=3, per_channel=True)
        options: dict[str, OptionValue] = {
            **_moves(strides, dilations, padding), **_fused(fused), "depth_multiplier": multiplier,
        }  # fmt: skip
        extents = _extents(x.shape, kernel, strides, dilations, padding)
        return self._weighted(
            "DEPTHWISE_CONV_2D", x, weights, shape=(1, *extents, channels), taps=kernel[0] * kernel[1], bias=bias,
            options_type="DepthwiseConv2DOptions", options=options, version=3,
        )  # fmt: skip

    def dense(self, x: Node, units: int, *, per_channel: bool = False, fused: str = "none", bias: bool = True) -> Node:
        """Add FULLY_CONNECTED along the last axis."""
        depth = x.shape[-1]
        weights = self._weights((units, depth), axis=0, per_channel=per_channel)
        keeps = len(x.shape) > 2
        return self._weighted(
            "FULLY_CONNECTED", x, weights, shape=(*x.shape[:-1], units), taps=depth, bias=bias,
            options_type="FullyConnectedOptions", options={**_fused(fused), "keep_num_dims": keeps}, version=5,
        )  # fmt: skip

    def arithmetic(self, op: str, left: Node, right: Node, *, fused: str = "none") -> Node:
        """Add ADD, SUB or MUL, with broadcasting."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        scale = left.scale * right.scale * 50 if op == "MUL" else (left.scale + right.scale) * 0.7
        table = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[op]
        return self._made(
            op, (left, right), shape, scale, options_type=table, options=_fused(fused), version=2,
            zero_point=-128 if fused != "none" else int(self._random.integers(-20, 20)),
        )  # fmt: skip

    def extreme(self, op: str, left: Node, right: Node) -> Node:
        """Add MINIMUM or MAXIMUM; both sides have one quantization."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        return self._made(
            op, (left, right), shape, left.scale, zero_point=left.zero_point, options_type="MaximumMinimumOptions",
            version=2,
        )  # fmt: skip

    def constant(self, shape: Shape, *, scale: float = 2**-6, zero_point: int = 5) -> Node:
        """Add an int8 constant of random values."""
        index = self.draft.constant(self._random.integers(-128, 128, shape), scale=scale, zero_point=zero_point)
        return Node(index=index, shape=shape, scale=scale, zero_point=zero_point)

    def pool(
        self, op: str, x: Node, window: Shape, *, strides: Shape = (1, 1), padding: str = "VALID", fused: str = "none"
    ) -> Node:
        """Add AVERAGE_POOL_2D or MAX_POOL_2D."""
        options: dict[str, OptionValue] = {
            "padding": int(Padding[padding]), "stride_h": strides[0], "stride_w": strides[1],
            "filter_height": window[0], "filter_width": window[1], **_fused(fused),
        }  # fmt: skip
        extents = _extents(x.shape, window, strides, (1, 1), padding)
        return self._made(
            op, (x,), (1, *extents, x.shape[3]), x.scale, zero_point=x.zero_point, options_type="Pool2DOptions",
            options=options, version=2,
        )  # fmt: skip

    def mean(self, x: Node, axes: Shape, *, keeps: bool = False) -> Node:
        """Add MEAN."""
        left = tuple(1 if axis in axes else extent for axis, extent in enumerate(x.shape) if keeps or axis not in axes)
        index = self.draft.constant(list(axes), DType.INT32)
        return self._made(
            "MEAN", (x,), left, x.scale * 0.6, extra=(index,), options_type="ReducerOptions",
            options={"keep_dims": keeps}, version=2,
        )  # fmt: skip

    def unary(self, op: str, x: Node) -> Node:
        """Add LOGISTIC, TANH, RELU, RELU6, LEAKY_RELU, HARD_SWISH or QUANTIZE."""
        scale, zero_point = {
            "LOGISTIC": (2**-8, -128), "TANH": (2**-7, 0), "RELU": (x.scale * 0.6, -128), "RELU6": (6 / 255, -128),
        }.get(op, (x.scale * 0.8, int(self._random.integers(-30, 30))))  # fmt: skip
        tables = {"LEAKY_RELU": "LeakyReluOptions", "QUANTIZE": "QuantizeOptions", "HARD_SWISH": "HardSwishOptions"}
        options: dict[str, OptionValue] = {"alpha": 0.17} if op == "LEAKY_RELU" else {}
        version = {"LOGISTIC": 2, "TANH": 2, "RELU": 2, "RELU6": 2, "LEAKY_RELU": 2, "QUANTIZE": 2}.get(op, 1)
        return self._made(
            op, (x,), x.shape, scale, zero_point=zero_point, options_type=tables.get(op), options=options,
            version=version,
        )  # fmt: skip

    def softmax(self, x: Node, beta: float = 1.0) -> Node:
        """Add SOFTMAX."""
        return self._made(
            "SOFTMAX", (x,), x.shape, 2**-8, zero_point=-128, options_type="SoftmaxOptions", options={"beta": beta},
            version=2,
        )  # fmt: skip

    def reshape(self, x: Node, shape: Shape) -> Node:
        """Add RESHAPE."""
        index = self.draft.constant(list(shape), DType.INT32)
        return self._made(
            "RESHAPE", (x,), shape, x.scale, zero_point=x.zero_point, extra=(index,), options_type="ReshapeOptions",
            options={"new_shape": shape},
        )  # fmt: skip

    def pad(self, x: Node, margins: tuple[Shape, ...]) -> Node:
        """Add PAD; `margins` are pairs, one for each axis."""
        index = self.draft.constant([list(pair) for pair in margins], DType.INT32)
        shape = tuple(extent + sum(pair) for extent, pair in zip(x.shape, margins, strict=True))
        return self._made(
            "PAD", (x,), shape, x.scale, zero_point=x.zero_point, extra=(index,), options_type="PadOptions", version=2
        )

    def concatenation(self, parts: tuple[Node, ...], axis: int) -> Node:
        """Add CONCATENATION; all parts have one quantization."""
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self._made(
            "CONCATENATION", parts, tuple(shape), parts[0].scale, zero_point=parts[0].zero_point,
            options_type="ConcatenationOptions", options={"axis": axis}, version=2,
        )  # fmt: skip

    def strided_slice(self, x: Node, begin: Shape, end: Shape, strides: Shape) -> Node:
        """Add STRIDED_SLICE without masks; every stride is positive."""
        extra = tuple(self.draft.constant(list(values), DType.INT32) for values in (begin, end, strides))
        shape = tuple(-(-(e - b) // s) for b, e, s in zip(begin, end, strides, strict=True))
        return self._made(
            "STRIDED_SLICE", (x,), shape, x.scale, zero_point=x.zero_point, extra=extra,
            options_type="StridedSliceOptions", version=2,
        )  # fmt: skip

    def transpose(self, x: Node, permutation: Shape) -> Node:
        """Add TRANSPOSE."""
        index = self.draft.constant(list(permutation), DType.INT32)
        shape = tuple(x.shape[axis] for axis in permutation)
        return self._made(
            "TRANSPOSE", (x,), shape, x.scale, zero_point=x.zero_point, extra=(index,), options_type="TransposeOptions",
            version=2,
        )  # fmt: skip

    def resize(self, x: Node, extents: Shape, *, aligned: bool = False, half_pixel: bool = False) -> Node:
        """Add RESIZE_NEAREST_NEIGHBOR."""
        index = self.draft.constant(list(extents), DType.INT32)
        return self._made(
            "RESIZE_NEAREST_NEIGHBOR", (x,), (1, *extents, x.shape[3]), x.scale, zero_point=x.zero_point,
            extra=(index,), options_type="ResizeNearestNeighborOptions", version=2,
            options={"align_corners": aligned, "half_pixel_centers": half_pixel},
        )  # fmt: skip

    def _weights(self, shape: Shape, *, axis: int, per_channel: bool) -> tuple[int, list[float]]:
        channels = shape[axis]
        scales = (2.0 ** self._random.uniform(-9, -6, channels)) if per_channel else np.full(1, 2.0**-7.3)
        values = np.clip(np.round(self._random.normal(0, 50, shape)), -127, 127)
        kept = [float(scale) for scale in scales]
        return self.draft.constant(values, scale=kept if per_channel else kept[0], axis=axis), kept

    def _weighted(
        self, op: str, x: Node, given: tuple[int, list[float]], *, shape: Shape, taps: int, bias: bool,
        options_type: str, options: dict[str, OptionValue], version: int,
    ) -> Node:  # fmt: skip
        weights, scales = given
        channels = shape[-1]
        products = [x.scale * scale for scale in scales]
        values = np.round(self._random.normal(0, 1500, channels))
        extra = [weights]
        if bias:
            scale = products if len(products) > 1 else products[0]
            extra.append(self.draft.constant(values, DType.INT32, scale=scale))
        is_clamped = options["fused_activation_function"] != 0
        return self._made(
            op, (x,), shape, float(np.mean(products)) * 50 * max(taps, 1) ** 0.5, extra=tuple(extra),
            zero_point=-128 if is_clamped else int(self._random.integers(-20, 20)), options_type=options_type,
            options=options, version=version,
        )  # fmt: skip

    def _made(
        self, op: str, inputs: tuple[Node, ...], shape: Shape, scale: float, *, zero_point: int | None = None,
        extra: tuple[int, ...] = (), options_type: str | None = None, options: dict[str, OptionValue] | None = None,
        version: int = 1,
    ) -> Node:  # fmt: skip
        chosen = int(self._random.integers(-20, 20)) if zero_point is None else zero_point
        scale = self._scale or scale
        index = self.draft.operator(
            op, (*(node.index for node in inputs), *extra), shape, options_type=options_type, options=options or {},
            version=version, scale=scale, zero_point=chosen,
        )  # fmt: skip
        return Node(index=index, shape=shape, scale=scale, zero_point=chosen)


def _fused(name: str) -> dict[str, OptionValue]:
    return {"fused_activation_function": FUSED[name]}


def _moves(strides: Shape, dilations: Shape, padding: str) -> dict[str, OptionValue]:
    return {
        "padding": int(Padding[padding]), "stride_h": strides[0], "stride_w": strides[1],
        "dilation_h_factor": dilations[0], "dilation_w_factor": dilations[1],
    }  # fmt: skip


def _extents(shape: Shape, kernel: Shape, strides: Shape, dilations: Shape, padding: str) -> Shape:
    found: list[int] = []
    for extent, size, stride, dilation in zip(shape[1:3], kernel, strides, dilations, strict=True):
        reach = (size - 1) * dilation + 1
        found.append(-(-extent // stride) if padding == "SAME" else (extent - reach) // stride + 1)
    return tuple(found)


UNARY = ("LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "QUANTIZE")


@st.composite
def networks(draw: st.DrawFn, *, most_steps: int = 8) -> Graph:
    """Draw a network over an image: a few operators of any kind, some of which read what came long before."""
    net = Net(draw(st.integers(0, 2**31)))
    small = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17])
    x = net.input(
        (1, draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(small)), zero_point=draw(st.integers(-128, 127))
    )
    seen = [x]
    for _ in range(draw(st.integers(1, most_steps))):
        made = draw(st.sampled_from(_GROWTHS))(draw, net, draw(st.sampled_from(seen[-3:])), seen)
        seen.extend(node for node in made if node.shape and max(node.shape) < 4096)
    outputs = [node for node in seen[1:] if _is_last(net, node)]
    return net.graph(*(outputs or seen[-1:]))


def _is_last(net: Net, node: Node) -> bool:
    graph = net.draft.graph(node.index)
    return not any(node.index in operator.inputs for operator in graph.main.operators)


def _grow_convolution(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    if len(x.shape) != 4:
        return []
    kernel, strides, dilations, padding = _drawn_window(draw, x)
    channels = draw(st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]))
    return [
        net.convolution(
            x, channels, kernel, strides=strides, dilations=dilations, padding=padding,
            fused=draw(st.sampled_from(list(FUSED))), per_channel=draw(st.booleans()) or channels == 1,
            bias=draw(st.booleans()),
        )
    ]  # fmt: skip


def _grow_depthwise(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    if len(x.shape) != 4:
        return []
    kernel, strides, dilations, padding = _drawn_window(draw, x)
    multiplier = draw(st.sampled_from([1, 1, 1, 2, 3]))
    return [
        net.depthwise(
            x, kernel, multiplier=multiplier, strides=strides, dilations=dilations, padding=padding,
            fused=draw(st.sampled_from(list(FUSED))), bias=draw(st.booleans()),
        )
    ]  # fmt: skip


def _drawn_window(draw: st.DrawFn, x: Node) -> tuple[Shape, Shape, Shape, str]:
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    kernel = tuple(draw(st.integers(1, min(5, extent) if padding == "VALID" else 5)) for extent in x.shape[1:3])
    strides = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    reaches = [(extent - 1) // max(size - 1, 1) for extent, size in zip(x.shape[1:3], kernel, strict=True)]
    largest = [max(1, min(3, reach)) if padding == "VALID" else 3 for reach in reaches]
    is_dilated = strides == (1, 1)
    dilations = tuple(draw(st.integers(1, most)) if is_dilated else 1 for most in largest)
    return kernel, strides, dilations, padding


def _grow_dense(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    flat = x if len(x.shape) == 2 else net.reshape(x, (1, int(np.prod(x.shape))))
    if flat.shape[1] > 2048:
        return []
    units = draw(st.sampled_from([1, 2, 3, 5, 8, 10, 17]))
    return [
        net.dense(flat, units, per_channel=draw(st.booleans()) and units > 1, fused=draw(st.sampled_from(list(FUSED))))
    ]


def _grow_arithmetic(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    op = draw(st.sampled_from(["ADD", "SUB", "MUL"]))
    same = [node for node in seen if node.shape == x.shape]
    kind = draw(st.sampled_from(["other", "constant", "scalar"]))
    if kind == "other":
        other = draw(st.sampled_from(same))
    else:
        shape = x.shape if kind == "constant" else (1,) * (len(x.shape) - 1) + (x.shape[-1],)
        other = net.constant(shape)
    left, right = (x, other) if draw(st.booleans()) else (other, x)
    return [net.arithmetic(op, left, right, fused=draw(st.sampled_from(list(FUSED))))]


def _grow_extreme(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    op = draw(st.sampled_from(["MINIMUM", "MAXIMUM"]))
    other = net.constant((1,) * len(x.shape), scale=x.scale, zero_point=x.zero_point)
    return [net.extreme(op, x, other)]


def _grow_pool(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    if len(x.shape) != 4:
        return []
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    window = tuple(draw(st.integers(1, extent if padding == "VALID" else extent + 1)) for extent in x.shape[1:3])
    strides = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    op = draw(st.sampled_from(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
    return [net.pool(op, x, window, strides=strides, padding=padding, fused=draw(st.sampled_from(list(FUSED))))]


def _grow_mean(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    if len(x.shape) != 4:
        return []
    return [net.mean(x, draw(st.sampled_from([(1, 2), (3,), (1,), (2,)])), keeps=True)]


def _grow_unary(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    return [net.unary(draw(st.sampled_from(UNARY)), x)]


def _grow_softmax(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    return [net.softmax(x, draw(st.sampled_from([1.0, 0.5, 2.0])))]


def _grow_pad(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    margins = tuple(
        (draw(st.integers(0, 2)), draw(st.integers(0, 2))) if axis else (0, 0) for axis in range(len(x.shape))
    )
    return [net.pad(x, margins)]


def _grow_concatenation(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    axis = draw(st.integers(1, len(x.shape) - 1))
    other = net.constant(x.shape, scale=x.scale, zero_point=x.zero_point) if draw(st.booleans()) else x
    return [net.concatenation((x, other), axis)]


def _grow_slice(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    begin = tuple(0 if not axis else draw(st.integers(0, extent - 1)) for axis, extent in enumerate(x.shape))
    end = tuple(draw(st.integers(first + 1, extent)) for first, extent in zip(begin, x.shape, strict=True))
    return [
        net.strided_slice(x, begin, end, tuple(draw(st.integers(1, 2)) if axis else 1 for axis in range(len(x.shape))))
    ]


def _grow_transpose(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    return [net.transpose(x, (0, *draw(st.permutations(range(1, len(x.shape))))))]


def _grow_resize(draw: st.DrawFn, net: Net, x: Node, seen: list[Node]) -> list[Node]:
    if len(x.shape) != 4:
        return []
    extents = (draw(st.integers(1, 12)), draw(st.integers(1, 12)))
    kind = draw(st.sampled_from(["plain", "aligned", "half"]))
    return [net.resize(x, extents, aligned=kind == "aligned", half_pixel=kind == "half")]


_GROWTHS = (
    _grow_convolution, _grow_convolution, _grow_depthwise, _grow_dense, _grow_arithmetic, _grow_extreme, _grow_pool,
    _grow_mean, _grow_unary, _grow_softmax, _grow_pad, _grow_concatenation, _grow_slice, _grow_transpose, _grow_resize,
)  # fmt: skip
