"""Uneven SAME padding, as stride 2 brings it, with esp-nn's assembly on the ESP32-S3.

TensorFlow Lite Micro hands kernels the padding in front only. Sources: espressif/esp-nn, esp_nn_conv_esp32s3.c (before
1.2.1 nothing is padded behind where nothing is padded in front; up to 1.2.3 the padding in front is taken for that
behind, issue 31) and esp_nn_depthwise_conv_s8_esp32s3.c (up to 1.2.3 the scratch buffer is too small where height and
width are padded differently in front, issue 30).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgewright.pipeline.arena.node import Node, extent
from edgewright.pipeline.arena.window import Window, window
from edgewright.pipeline.graph.schema import Padding
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.lint.editing import INT8_VERSION, PAD, Editor
from edgewright.pipeline.lint.kernels import computes_int8
from edgewright.pipeline.lint.vocabulary import Context, Finding, Repair, Rule, Severity
from edgewright.pipeline.operator_support import Use

NAME = "asymmetric-padding"
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
FIELDS = (1, 2)
"""Dimensions of an image: height and width."""
SLICE = 16
"""Channels of the depthwise kernel whose scratch buffer is too small."""
VECTOR_BYTES = 16
"""Below which a row of a filter is laid out together with the others, from 1.2.1 on with the right padding."""


def find(context: Context) -> Iterator[Finding]:
    """Yield convolutions that the assembly pads wrongly, or runs with too small a scratch buffer."""
    if not context.has_s3_kernels:
        return
    for use in context.main_uses:
        hazard = _hazard(use) if use.operator.op in CONVOLUTIONS else None
        if hazard is not None:
            yield _finding(use, hazard, context)


def fix(context: Context, findings: tuple[Finding, ...]) -> Repair:
    """Pad the image by an operator of its own, with the zero point, in front of a convolution without padding."""
    editor, layers = Editor(context.graph), list(context.layers)
    for index in sorted((one.operator for one in findings if one.operator is not None), reverse=True):
        node = Node(subgraph=context.graph.main, operator=context.graph.main.operators[index])
        image = node.input(0)
        if image is None:
            continue
        pads = [(0, 0), *(_pads(window(node, field)) for field in FIELDS), (0, 0)]
        shape = tuple(size + sum(pad) for size, pad in zip(image.shape, pads, strict=True))
        padded = editor.tensor(image, shape)
        amounts = editor.constant(np.array(pads, np.int32))
        options = {**node.operator.options, "padding": int(Padding.VALID)}
        editor.rewire(index, inputs=(padded, *node.operator.inputs[1:]), options=options)
        editor.insert(index, PAD, (image.index, amounts), padded, version=INT8_VERSION, options_type="PadOptions")
        layers.insert(index, layers[index])
    return Repair(graph=editor.graph(), layers=tuple(layers))


def _hazard(use: Use) -> str | None:
    """Return what goes wrong, or None where nothing does."""
    node = Node(subgraph=use.subgraph, operator=use.operator)
    image = node.input(0)
    is_plain = all(node.option(f"dilation_{letter}_factor", 1) == 1 for letter in "hw")
    if image is None or image.dtype is not DType.INT8 or len(image.shape) != 4 or not is_plain:
        return None
    if node.option("padding", int(Padding.SAME)) != int(Padding.SAME):
        return None
    pads = [_pads(window(node, field)) for field in FIELDS]
    front = [before for before, _ in pads]
    if use.operator.op == "DEPTHWISE_CONV_2D":
        kernel = [extent(node.input(1), field) for field in FIELDS]
        channels, outputs = extent(image, 3), extent(node.output(), 3)
        is_slice = channels == outputs and channels % SLICE == 0 and kernel == [3, 3]
        mixed = is_slice and sorted(front) == [0, 1]
        return f"gets too small a scratch buffer up to esp-nn 1.2.3 (issue 30), {_said(pads)}" if mixed else None
    if all(before == behind for before, behind in pads):
        return None
    row = extent(node.input(1), 2) * extent(image, 3)
    is_flattened = row < VECTOR_BYTES <= row * extent(node.input(1), 1)
    since = "up to esp-nn 1.2.3 (issue 31)" if any(front) and not is_flattened else "before esp-nn 1.2.1"
    return f"computes the last row or column wrongly {since}, {_said(pads)}"


def _said(pads: list[tuple[int, int]]) -> str:
    rows, columns = (f"{before}+{behind}" for before, behind in pads)
    return f"since the image is padded unevenly ({rows} rows, {columns} columns)"


def _pads(one: Window) -> tuple[int, int]:
    reach = (one.kernel_extent - 1) * one.dilation + 1
    total = max((one.output_extent - 1) * one.stride + reach - one.input_extent, 0)
    return one.padding, total - one.padding


def _finding(use: Use, hazard: str, context: Context) -> Finding:
    can_pad = computes_int8(context, PAD, INT8_VERSION)
    return Finding(
        rule=NAME,
        severity=Severity.NOTE if context.avoids_assembly else Severity.ERROR,
        layer=use.layer,
        operator=use.operator.index,
        why=f"{use.operator.label} {hazard}, in the assembly for the {context.target.chip}{context.avoidance}",
        repair="pad by an operator of its own in front, as --fix does, or choose sides that divide evenly"
        if can_pad
        else "choose sides that divide evenly",
        is_fixable=can_pad,
    )


RULE = Rule(name=NAME, summary="Uneven SAME padding where the chip's convolution gets it wrong.", find=find, fix=fix)
