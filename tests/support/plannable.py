"""Graphs that every interpreter runs and that TFLM's planner does not place as well as can be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from support.graphs import Draft

from edgewright.pipeline.graph import Activation, DType, Graph, Padding

SIDE = 8


def chain_graph() -> Graph:
    """Images of 4,096, 3,072, 2,048 and 4,096 bytes in a line: TFLM's plan takes 9,216 bytes, and 7,168 are enough."""
    draft = Draft()
    x = draft.input((1, SIDE, SIDE, 64), scale=2**-5, name="image")
    for inputs, channels in pairwise((64, 48, 32, 64)):
        x = _pointwise(draft, x, inputs, channels)
    return draft.graph(x)


def branching_graph() -> Graph:
    """Two branches, wide inside: one after the other they take 4,608 bytes, and side by side 8,448."""
    draft = Draft()
    image = draft.input((1, SIDE, SIDE, 4), scale=2**-5, name="image")
    wide = [_pointwise(draft, image, 4, 64) for _ in range(2)]
    narrow = [_pointwise(draft, one, 64, 4) for one in wide]
    joined = draft.operator(
        "CONCATENATION",
        narrow,
        (1, SIDE, SIDE, 8),
        options_type="ConcatenationOptions",
        options={"axis": 3, "fused_activation_function": Activation.NONE},
        version=2,
        scale=2**-5,
    )
    return draft.graph(joined)


def _pointwise(draft: Draft, x: int, inputs: int, channels: int) -> int:
    """Add a convolution of single pixels with seeded weights, whose outputs use the whole range."""
    generator = np.random.default_rng(channels + inputs)
    weights = draft.constant(
        generator.integers(-127, 128, (channels, 1, 1, inputs)), scale=[2**-9 / inputs**0.5] * channels
    )
    bias = draft.constant(generator.integers(-99, 100, channels), DType.INT32, scale=[2**-14 / inputs**0.5] * channels)
    return draft.operator(
        "CONV_2D",
        (x, weights, bias),
        (1, SIDE, SIDE, channels),
        options_type="Conv2DOptions",
        options={
            "padding": Padding.SAME,
            "stride_w": 1,
            "stride_h": 1,
            "fused_activation_function": Activation.NONE,
            "dilation_w_factor": 1,
            "dilation_h_factor": 1,
        },
        version=3,
        scale=2**-5,
    )
