"""How a window moves over an image: padding as TFLM computes it. AVERAGE_POOL_2D and MAX_POOL_2D are read here, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.codegen.operations import Margins, Pool, PoolKind, Window
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, scale_of, zero_point_of
from edgewright.pipeline.graph import Padding, Tensor

POOL_SCALE_TOLERANCE = 1e-6
"""How far the scales of a pool's input and output may be apart; TFLM refuses more."""


def read_window(node: Node, image: Tensor, output: Tensor, extents: Sequence[int]) -> Window:
    """Return the window of an operator.

    Args:
        node: the operator.
        image: its input, (1, height, width, channels).
        output: its output, whose height and width must follow from all others.
        extents: height and width of the window.
    """
    strides = node.option("stride_h"), node.option("stride_w")
    dilations = node.option("dilation_h_factor", 1), node.option("dilation_w_factor", 1)
    if min(*strides, *dilations, *extents) < 1:
        raise node.refuse(f"a window of {list(extents)} with strides {list(strides)} and dilations {list(dilations)}")
    reaches = [(extent - 1) * dilation + 1 for extent, dilation in zip(extents, dilations, strict=True)]
    margins = [
        _margins(node, *figures) for figures in zip(image.shape[1:3], output.shape[1:3], reaches, strides, strict=True)
    ]
    if max(reaches) * image.shape[2] * image.shape[3] >= 2**31:
        raise node.refuse(f"a window of {list(extents)} with dilations {list(dilations)} over {list(image.shape)}")
    # Steps beyond the image lead to nothing, and neither do steps between the taps of a window that has but one.
    stride_height, stride_width = (
        min(stride, inner + reach) for stride, inner, reach in zip(strides, image.shape[1:3], reaches, strict=True)
    )
    dilation_height, dilation_width = (
        dilation if extent > 1 else 1 for dilation, extent in zip(dilations, extents, strict=True)
    )
    (top, bottom), (left, right) = margins
    return Window(
        height=extents[0],
        width=extents[1],
        stride_height=stride_height,
        stride_width=stride_width,
        dilation_height=dilation_height,
        dilation_width=dilation_width,
        margins=Margins(top=top, bottom=bottom, left=left, right=right),
    )


def read_pool(node: Node) -> Step:
    """Read AVERAGE_POOL_2D or MAX_POOL_2D."""
    image, output = node.input(0), node.output()
    if node.require_image(image)[2] != node.require_image(output)[2]:
        raise node.refuse("an output with another number of channels than the input")
    difference = abs(float(np.float32(scale_of(image)) - np.float32(scale_of(output))))
    if difference > POOL_SCALE_TOLERANCE or zero_point_of(image) != zero_point_of(output):
        raise node.refuse("an input and an output of different scales")
    minimum, maximum = node.limits(output)
    is_average = node.operator.op == "AVERAGE_POOL_2D"
    operation = Pool(
        kind=PoolKind.AVERAGE if is_average else PoolKind.MAXIMUM,
        window=read_window(node, image, output, (node.option("filter_height"), node.option("filter_width"))),
        minimum=minimum,
        maximum=maximum,
    )
    return node.step(operation, [image], [output])


def _margins(node: Node, inner: int, outer: int, reach: int, stride: int) -> tuple[int, int]:
    """Return what is added before and behind along one axis."""
    padding = node.option("padding")
    if padding not in (Padding.SAME, Padding.VALID):
        raise node.refuse(f"the padding {padding}")
    expected = -(-inner // stride) if padding == Padding.SAME else (inner + stride - reach) // stride
    if outer != expected or outer < 1:
        raise node.refuse(f"an output of {outer} rows or columns where {expected} follow from its options")
    total = max((outer - 1) * stride + reach - inner, 0)
    return total // 2, total - total // 2
