"""For each rule of the hazard lint a model that has the hazard and one that has not, on the target that it is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from support.graphs import Draft, tiny_graph
from support.one_operator import convolution, fully_connected

from edgewright.pipeline.graph import DType, Graph, Padding, buffer_positions, write
from edgewright.pipeline.lint import Context
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.target import choose_family, load_target

ASSEMBLY = ""
"""An ESP32-S3 whose configuration leaves esp-nn's assembly on."""


def context(
    graph: Graph,
    board: str = "esp32",
    family: str | None = None,
    *,
    alignment: int = 16,
    preprocessing: tuple[Preprocessing, ...] = (),
    sdkconfig: str | None = None,
) -> Context:
    """Return a model on its way to a target; `sdkconfig` replaces the target's own configuration."""
    target = load_target(board)
    if sdkconfig is not None:
        target = target.model_copy(update={"sdkconfig": sdkconfig})
    return Context(
        graph=graph,
        tflite=write(graph, buffer_alignment=alignment),
        layers=tuple(f"layer{index}" for index in range(len(graph.main.operators))),
        target=target,
        family=choose_family(target, family),
        preprocessing=preprocessing,
    )


def one(op: str, *, version: int = 1, dtype: DType = DType.INT8) -> Graph:
    """An operator with one input, of the same type as its output."""
    draft = Draft()
    scale = None if dtype.is_float else 0.5
    x = draft.input((1, 4), dtype=dtype, scale=scale)
    return draft.graph(draft.operator(op, (x,), (1, 4), dtype=dtype, scale=scale, version=version))


def dense_chain(
    *widths: int, rows: int = 1, per_channel: bool = False, bias: bool = True, activation: int = 1, seed: int = 1
) -> Graph:
    """Fully-connected layers of random weights, one after the other; the first width is that of the input."""
    random = np.random.default_rng(seed)
    draft = Draft()
    x = draft.input((rows, widths[0]), scale=2**-4, zero_point=3)
    for depth, width in pairwise(widths):
        scales = [float(2**-7 * (1 + index % 3)) for index in range(width)] if per_channel else 2**-7
        inputs = [x, draft.constant(random.integers(-127, 128, (width, depth)), scale=scales)]
        if bias:
            of_bias = [scale * 2**-4 for scale in scales] if isinstance(scales, list) else 2**-11
            inputs.append(draft.constant(random.integers(-900, 900, width), DType.INT32, scale=of_bias))
        x = draft.operator(
            "FULLY_CONNECTED",
            inputs,
            (rows, width),
            options_type="FullyConnectedOptions",
            options={"fused_activation_function": activation},
            version=5,
            scale=2**-4,
            zero_point=-17,
        )
    return draft.graph(x)


def strided(
    height: int, width: int, *, kernel: int = 3, channels: int = 8, depthwise: bool = False, stride: int = 2
) -> Graph:
    """A convolution of random weights with SAME padding."""
    random = np.random.default_rng(2)
    draft = Draft()
    x = draft.input((1, height, width, channels), scale=2**-5, zero_point=-11)
    outputs = channels if depthwise else 4
    shape = (1, kernel, kernel, channels) if depthwise else (outputs, kernel, kernel, channels)
    filters = draft.constant(random.integers(-127, 128, shape), scale=[2**-7] * outputs, axis=3 if depthwise else 0)
    bias = draft.constant(random.integers(-900, 900, outputs), DType.INT32, scale=[2**-12] * outputs)
    y = draft.operator(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        (x, filters, bias),
        (1, -(-height // stride), -(-width // stride), outputs),
        options_type="DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
        options={
            "padding": int(Padding.SAME),
            "stride_w": stride,
            "stride_h": stride,
            **({"depth_multiplier": 1} if depthwise else {}),
        },
        version=3,
        scale=2**-2,
        zero_point=5,
    )
    return draft.graph(y)


def island(*, is_float: bool) -> Graph:
    """An integer model, with an operator between DEQUANTIZE and QUANTIZE that computes in floating point or not."""
    draft = Draft()
    x = draft.input((1, 4))
    x = draft.operator("RELU", (x,), (1, 4))
    if is_float:
        x = draft.operator("DEQUANTIZE", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)
        x = draft.operator("EXP", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)
        x = draft.operator("QUANTIZE", (x,), (1, 4))
    return draft.graph(draft.operator("RELU", (x,), (1, 4)))


def image_input(*, scale: float, zero_point: int, dtype: DType = DType.INT8) -> Graph:
    """A model that reads an image."""
    draft = Draft()
    x = draft.input((1, 4, 4, 1), scale=scale, zero_point=zero_point, dtype=dtype, name="image")
    return draft.graph(draft.operator("RELU", (x,), (1, 4, 4, 1), dtype=dtype, scale=scale, zero_point=zero_point))


def broadcast(*, is_repeated: bool) -> Graph:
    """A sum, of which the second operand is a number or of the same shape."""
    draft = Draft()
    x, y = draft.input((1, 4, 4, 8)), draft.input((1, 1, 1, 8) if is_repeated else (1, 4, 4, 8))
    return draft.graph(draft.operator("ADD", (x, y), (1, 4, 4, 8), options_type="AddOptions"))


def dilated(factor: int) -> Graph:
    """A convolution whose filter is spread."""
    options = {"dilation_h_factor": factor, "dilation_w_factor": factor}
    return convolution((1, 8, 8, 4), (4, 3, 3, 4), (1, 8, 8, 4), **options)


def with_version(graph: Graph, version: int) -> Graph:
    """Return a model whose first operator has another version."""
    first, *others = graph.main.operators
    operators = (dataclasses.replace(first, version=version), *others)
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, operators=operators),))


def misplace(tflite: bytes, buffer_index: int) -> bytes:
    """Return a model whose buffer stands at an odd byte, behind all the rest."""
    begin = buffer_positions(tflite)[buffer_index]
    assert begin is not None
    content = tflite[begin - 4 : begin + int.from_bytes(tflite[begin - 4 : begin], "little")]
    field = next(at for at in range(0, begin, 4) if at + int.from_bytes(tflite[at : at + 4], "little") == begin - 4)
    moved = tflite + b"\0" * (1 + len(tflite) % 2)
    target = (len(moved) - field).to_bytes(4, "little")
    return moved[:field] + target + moved[field + 4 :] + content


PIXELS = (Preprocessing(scale=1 / 255),)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A model with a hazard, and one without."""

    hazardous: Callable[[], Context]
    clean: Callable[[], Context]


PAIRS = {
    "unsupported-operator": Pair(
        hazardous=lambda: context(one("REVERSE_V2"), "nrf52840dk"), clean=lambda: context(one("RELU"), "nrf52840dk")
    ),
    "operator-version": Pair(
        hazardous=lambda: context(with_version(fully_connected((1, 8), 8), 14)),
        clean=lambda: context(with_version(fully_connected((1, 8), 8), 4)),
    ),
    "operator-types": Pair(
        hazardous=lambda: context(one("HARD_SWISH", dtype=DType.INT16)),
        clean=lambda: context(one("HARD_SWISH")),
    ),
    "per-channel-weights": Pair(
        hazardous=lambda: context(fully_connected((1, 8), 8, axis=0), "nano_33_ble", "arduino"),
        clean=lambda: context(fully_connected((1, 8), 8), "nano_33_ble", "arduino"),
    ),
    "hybrid-operator": Pair(
        hazardous=lambda: context(convolution((1, 4, 4, 2), (3, 1, 1, 2), (1, 4, 4, 3), dtype=DType.FLOAT32)),
        clean=lambda: context(convolution((1, 4, 4, 2), (3, 1, 1, 2), (1, 4, 4, 3))),
    ),
    "float-operator": Pair(
        hazardous=lambda: context(island(is_float=True)), clean=lambda: context(island(is_float=False))
    ),
    "asymmetric-padding": Pair(
        hazardous=lambda: context(strided(8, 8), "esp32s3", sdkconfig=ASSEMBLY),
        clean=lambda: context(strided(9, 9), "esp32s3", sdkconfig=ASSEMBLY),
    ),
    "esp-nn-dense-width": Pair(
        hazardous=lambda: context(dense_chain(16, 12, 8), "esp32s3", sdkconfig=ASSEMBLY),
        clean=lambda: context(dense_chain(16, 24, 8), "esp32s3", sdkconfig=ASSEMBLY),
    ),
    "input-quantization": Pair(
        hazardous=lambda: context(image_input(scale=1 / 255, zero_point=0), preprocessing=PIXELS),
        clean=lambda: context(image_input(scale=1 / 255, zero_point=-128), preprocessing=PIXELS),
    ),
    "reference-fallback": Pair(hazardous=lambda: context(dilated(2)), clean=lambda: context(dilated(1))),
    "unaligned-buffer": Pair(
        hazardous=lambda: context(tiny_graph(), alignment=4), clean=lambda: context(tiny_graph(), alignment=16)
    ),
}
"""By the rule's name."""
