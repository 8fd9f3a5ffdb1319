"""Scratch buffers that the esp-nn kernels request beside those of the reference kernels.

The generic C code runs on all Espressif chips without vector instructions and asks for little. The ESP32-S3 has
assembly that copies weights and images into an aligned place; its rules are followed here, but were not measured.
The ESP32-P4 has assembly as well: a target for it needs its rules first.
Source: the `get_..._scratch_size` functions of espressif/esp-nn d45b843, and when the wrappers of
espressif/esp-tflite-micro 99f49e14 (1.4.0) call them.
"""

from __future__ import annotations

from edgewright.pipeline.arena.node import Node, extent
from edgewright.pipeline.arena.window import Window, window
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.rounding import round_up

WORD_BYTES = 4
VECTOR_CORES = ("xtensa-lx7",)
"""The ESP32-S3's core. The ESP32-S2 has it without the vector instructions, so that this is only a bound for it."""

VECTOR_BYTES = 16
HALF_VECTOR_BYTES = 8
POINTWISE_STEP = 8
"""Pixels that are turned at once; smaller images are not turned."""
MARGIN_BYTES = 64
"""What the assembly may touch before and behind, and alignment."""
SMALL_MARGIN_BYTES = 32
LARGEST_PADDED_BYTES = 40 * 1024
LARGEST_WIDENED_BYTES = 48 * 1024
"""Larger images are treated in strips as high as the filter."""
FEWEST_PADDED_CHANNELS = 12
FEWEST_WIDENED_CHANNELS = 4


def esp_nn_scratch(node: Node, core: str) -> tuple[int, ...]:
    """Return the bytes of each buffer that the esp-nn kernel of an operator requests.

    Args:
        node: the operator.
        core: tells whether the assembly of the ESP32-S3 runs.
    """
    label, output = node.operator.label, node.output()
    if node.dtype is not DType.INT8 or output is None:
        return ()
    if label == "SOFTMAX":
        return (WORD_BYTES * extent(node.input(0), 1),) if output.dtype is DType.INT8 else ()
    if core.startswith(VECTOR_CORES):
        if label == "CONV_2D":
            return (_convolution(node, window(node, 2), window(node, 1)),)
        if label == "DEPTHWISE_CONV_2D":
            return (_depthwise(node, window(node, 2), window(node, 1)),)
    return ()


def _convolution(node: Node, across: Window, along: Window) -> int:
    inputs, outputs = extent(node.input(0), 3), extent(node.output(), 3)
    if all((one.kernel_extent, one.padding, one.stride) == (1, 0, 1) for one in (across, along)):
        return _pointwise(across.input_extent * along.input_extent, inputs, outputs)
    row = across.kernel_extent * inputs
    whole = row * along.kernel_extent
    if row < VECTOR_BYTES <= whole:
        laid_out = round_up(whole, VECTOR_BYTES)
        return WORD_BYTES * outputs + 2 * VECTOR_BYTES + (outputs + 1) * laid_out + MARGIN_BYTES
    weights = across.kernel_extent * along.kernel_extent * round_up(inputs, VECTOR_BYTES) * outputs
    aligned_rows = round_up(row, VECTOR_BYTES) * along.kernel_extent * outputs
    image = _padded_image(across, along, inputs) if across.padding or along.padding else 0
    behind = [
        max(one.output_extent * one.stride + one.kernel_extent - 1 - one.input_extent, 0) for one in (along, across)
    ]
    border = (along.input_extent + behind[0]) * (across.input_extent + behind[1]) * inputs if any(behind) else 0
    return image + weights + aligned_rows + border + MARGIN_BYTES + WORD_BYTES * outputs


def _pointwise(pixels: int, inputs: int, outputs: int) -> int:
    rounded = round_up(inputs, HALF_VECTOR_BYTES)
    turned = 2 * POINTWISE_STEP * rounded if pixels >= POINTWISE_STEP else 0
    image = pixels * rounded if inputs != rounded else 0
    return image + rounded * outputs + turned + MARGIN_BYTES


def _depthwise(node: Node, across: Window, along: Window) -> int:
    channels = extent(node.input(0), 3)
    multiplier = node.option("depth_multiplier", 1)
    weights = across.kernel_extent * along.kernel_extent * channels * multiplier
    image = across.input_extent * along.input_extent * channels
    if multiplier == 1 and channels % HALF_VECTOR_BYTES == 0:
        if (across.kernel_extent, along.kernel_extent) == (3, 3):
            return _depthwise_3x3(across, along, channels)
        if 2 * (weights + image) <= LARGEST_WIDENED_BYTES:
            return 2 * (weights + image) + SMALL_MARGIN_BYTES
        return 2 * weights + 2 * across.input_extent * along.kernel_extent * channels + SMALL_MARGIN_BYTES
    if multiplier == 1 and channels >= FEWEST_WIDENED_CHANNELS:
        return _widened_depthwise(across, along, round_up(channels, HALF_VECTOR_BYTES))
    return 2 * (weights + image) + SMALL_MARGIN_BYTES if multiplier % 4 == 0 else SMALL_MARGIN_BYTES


def _depthwise_3x3(across: Window, along: Window, channels: int) -> int:
    weights = 9 * channels
    if channels % VECTOR_BYTES == 0:
        if across.padding or along.padding:
            wide, high = 2 * across.padding, 2 * along.padding
        else:
            wide, high = (one.output_extent * one.stride + 2 - one.input_extent for one in (across, along))
        if not wide and not high:
            return weights + VECTOR_BYTES
        row = (across.input_extent + wide) * channels
        image = row * (along.input_extent + high)
        return weights + (image if image <= LARGEST_PADDED_BYTES else 3 * row) + VECTOR_BYTES
    if channels >= FEWEST_PADDED_CHANNELS:
        rounded = round_up(channels, VECTOR_BYTES)
        wide, high = (
            one.input_extent + 2 * one.padding + max(one.output_extent * one.stride + 2 - one.input_extent, 0)
            for one in (across, along)
        )
        return rounded * (9 + wide * high + across.output_extent * along.output_extent) + MARGIN_BYTES
    return 2 * (weights + across.input_extent * along.input_extent * channels) + SMALL_MARGIN_BYTES


def _widened_depthwise(across: Window, along: Window, channels: int) -> int:
    """Weights and image as int16, the output, and bias, shift and multiplier of the channels that are filled up."""
    end = 2 * across.kernel_extent * along.kernel_extent * channels
    end = round_up(end, VECTOR_BYTES) + 2 * across.input_extent * along.input_extent * channels
    end = round_up(end, VECTOR_BYTES) + across.output_extent * along.output_extent * channels
    return round_up(end, VECTOR_BYTES) + 3 * WORD_BYTES * channels + VECTOR_BYTES


def _padded_image(across: Window, along: Window, channels: int) -> int:
    wide, high = (one.input_extent + 2 * one.padding for one in (across, along))
    return wide * high * channels
