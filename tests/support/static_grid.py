"""The grid of shapes that the static engine is held to: many operators of one input in each graph."""

from __future__ import annotations

from collections.abc import Callable

from support.static_graphs import FUSED, UNARY, Net, Node

from edgewright.pipeline.graph import Graph

CHANNELS = (1, 3, 7, 8, 15, 16, 17)
KERNELS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10), (1, 3), (10, 4), (3, 1))
MOVES = ((1, 1), (2, 2), (1, 2), (3, 1))
DILATIONS = ((1, 1), (2, 2), (1, 3))


def grid() -> dict[str, Graph]:
    """Return all graphs by name."""
    graphs: dict[str, Graph] = {}
    for channels in CHANNELS:
        graphs[f"convolution_{channels}"] = _convolutions(channels)
        graphs[f"depthwise_{channels}"] = _depthwises(channels)
        graphs[f"dense_{channels}"] = _denses(channels)
        graphs[f"elements_{channels}"] = _elements(channels)
        graphs[f"pools_{channels}"] = _pools(channels)
        graphs[f"moves_{channels}"] = _moves(channels)
    return graphs


def mixed(channels: int) -> Graph:
    """Return a graph with one or two operators of every kind, which fits into the RAM of the smallest core."""
    net = Net(channels + 600)
    x = net.input((1, 5, 4, channels))
    y = net.convolution(x, channels, (3, 3), fused="relu")
    flat = net.reshape(net.pool("AVERAGE_POOL_2D", y, (5, 4)), (1, channels))
    same = net.constant((1, 5, 4, channels), scale=x.scale, zero_point=x.zero_point)
    found = [
        net.convolution(y, 9, (2, 3), strides=(2, 2), padding="VALID"),
        net.convolution(x, 6, (1, 1), per_channel=False),
        net.depthwise(y, (3, 3), fused="relu6"),
        net.depthwise(x, (2, 2), multiplier=2, strides=(2, 1)),
        net.dense(flat, 10, per_channel=True),
        net.softmax(net.dense(flat, 5)),
        net.arithmetic("ADD", x, y),
        net.arithmetic("SUB", net.constant((1, 1, 1, channels)), x),
        net.arithmetic("MUL", x, y),
        net.extreme("MAXIMUM", x, net.constant((1, 1, 1, 1), scale=x.scale, zero_point=x.zero_point)),
        net.pool("MAX_POOL_2D", x, (2, 2), strides=(2, 2), padding="SAME"),
        net.mean(x, (1, 2)),
        net.unary("HARD_SWISH", x),
        net.unary("LOGISTIC", x),
        net.pad(x, ((0, 0), (1, 0), (0, 1), (0, 0))),
        net.concatenation((x, same), 3),
        net.strided_slice(x, (0, 1, 0, 0), (1, 5, 4, channels), (1, 2, 1, 1)),
        net.transpose(x, (0, 3, 1, 2)),
        net.resize(x, (7, 3)),
    ]
    return net.graph(*found)


def _paddings(size: tuple[int, int], extents: tuple[int, int]) -> tuple[str, ...]:
    fits = all(kernel <= extent for kernel, extent in zip(size, extents, strict=True))
    return ("SAME", "VALID") if fits else ("SAME",)


def _convolutions(channels: int) -> Graph:
    net = Net(channels)
    extents = (11, 10)
    x = net.input((1, *extents, channels), zero_point=-128 if channels == 8 else 4)
    found: list[Node] = []
    for number, kernel in enumerate(KERNELS):
        for padding in _paddings(kernel, extents):
            strides = MOVES[number % len(MOVES)]
            found.append(
                net.convolution(
                    x, CHANNELS[number % len(CHANNELS)], kernel, strides=strides, padding=padding,
                    fused=tuple(FUSED)[number % 3], per_channel=number % 4 > 0, bias=number % 5 > 0,
                )
            )  # fmt: skip
    found += [
        net.convolution(x, 5, (3, 3), dilations=dilations, padding=padding)
        for dilations in DILATIONS
        for padding in ("SAME", "VALID")
    ]
    found += [net.convolution(x, channels * 2, (3, 3), groups=channels)]
    return net.graph(*found)


def _depthwises(channels: int) -> Graph:
    net = Net(channels + 100)
    extents = (11, 10)
    x = net.input((1, *extents, channels), zero_point=-128 if channels == 16 else -9)
    found: list[Node] = []
    for number, kernel in enumerate(KERNELS):
        for padding in _paddings(kernel, extents):
            found.append(
                net.depthwise(
                    x, kernel, multiplier=1 + (number % 4 == 3), strides=MOVES[number % len(MOVES)], padding=padding,
                    fused=tuple(FUSED)[number % 3], bias=number % 5 > 0,
                )
            )  # fmt: skip
    found += [
        net.depthwise(x, (3, 3), dilations=dilations, padding=padding)
        for dilations in DILATIONS
        for padding in ("SAME", "VALID")
    ]
    found += [net.depthwise(x, (3, 3), strides=strides) for strides in MOVES]
    return net.graph(*found)


def _denses(channels: int) -> Graph:
    net = Net(channels + 200)
    x = net.input((1, 3, channels), zero_point=-128 if channels == 7 else 11)
    found = [
        net.dense(x, units, per_channel=number % 2 > 0 and units > 1, fused=tuple(FUSED)[number % 3], bias=number != 2)
        for number, units in enumerate((*CHANNELS, 40))
    ]
    return net.graph(*found)


def _elements(channels: int) -> Graph:
    net = Net(channels + 300)
    x = net.input((1, 3, 5, channels))
    y = net.input((1, 3, 5, channels), scale=2**-5, zero_point=17)
    small = net.constant((1, 1, 1, channels))
    single = net.constant((1, 1, 1, 1), scale=2**-6, zero_point=-3)
    row = net.pool("AVERAGE_POOL_2D", x, (3, 5))
    found: list[Node] = []
    for op in ("ADD", "SUB", "MUL"):
        found += [
            net.arithmetic(op, left, right) for left, right in ((x, y), (y, x), (x, small), (single, x), (x, row))
        ]
        found.append(net.arithmetic(op, x, y, fused="relu"))
    for op in ("MINIMUM", "MAXIMUM"):
        found += [net.extreme(op, x, single), net.extreme(op, single, x)]
    found += [net.unary(op, x) for op in UNARY]
    found += [net.softmax(x), net.softmax(y, 0.3), net.softmax(net.reshape(x, (1, 15 * channels)))]
    return net.graph(*found)


def _pools(channels: int) -> Graph:
    net = Net(channels + 400)
    x = net.input((1, 9, 8, channels), zero_point=-77)
    found: list[Node] = []
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        found += [
            net.pool(op, x, window, strides=strides, padding=padding, fused=fused)
            for window, strides, padding, fused in (
                ((2, 2), (2, 2), "VALID", "none"), ((3, 3), (1, 1), "SAME", "none"), ((3, 2), (2, 3), "SAME", "relu"),
                ((9, 8), (1, 1), "VALID", "none"), ((1, 4), (1, 2), "VALID", "relu6"), ((5, 5), (3, 3), "SAME", "none"),
            )
        ]  # fmt: skip
    found += [
        net.mean(x, axes, keeps=keeps) for axes in ((1, 2), (3,), (1,), (2,), (1, 2, 3)) for keeps in (True, False)
    ]
    return net.graph(*found)


def _moves(channels: int) -> Graph:
    net = Net(channels + 500)
    x = net.input((1, 6, 5, channels), zero_point=9)
    same = net.constant((1, 6, 5, channels), scale=x.scale, zero_point=x.zero_point)
    makers: tuple[Callable[[], Node], ...] = (
        lambda: net.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))),
        lambda: net.pad(x, ((0, 0), (0, 0), (0, 0), (2, 1))),
        lambda: net.concatenation((x, same, x), 1),
        lambda: net.concatenation((same, x), 2),
        lambda: net.concatenation((x, x, same), 3),
        lambda: net.strided_slice(x, (0, 1, 0, 0), (1, 6, 5, channels), (1, 2, 1, 1)),
        lambda: net.strided_slice(x, (0, 0, 1, 0), (1, 6, 4, max(1, channels - 1)), (1, 1, 2, 1)),
        lambda: net.transpose(x, (0, 2, 1, 3)),
        lambda: net.transpose(x, (0, 3, 1, 2)),
        lambda: net.resize(x, (12, 10)),
        lambda: net.resize(x, (7, 3), aligned=True),
        lambda: net.resize(x, (9, 11), half_pixel=True),
        lambda: net.reshape(x, (1, 30 * channels)),
    )
    return net.graph(*(make() for make in makers))
