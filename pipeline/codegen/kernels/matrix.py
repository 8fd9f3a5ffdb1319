"""What convolutions and fully-connected layers hand to C: weights in groups of outputs, biases, rescaling, overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import NO_OVERLAP, Array, Field, Overlap
from edgewright.pipeline.codegen.kernels.rescaling import folded_biases, rescaling_fields, scales
from edgewright.pipeline.codegen.operations import Int8s, Int32s, Requantization, Window
from edgewright.pipeline.codegen.program import Program, Step

OUTPUTS = 4
"""How many outputs of a patch are computed at once."""
MOST_UNSIGNED = 16384
"""Bytes of a patch whose sums cannot overflow where bytes have no sign."""


def matrix_fields(
    weights: Int8s, biases: Int32s, input_zero_point: int, rescaling: Requantization, *, is_unsigned: bool = False
) -> tuple[Field, ...]:
    """Return the fields of `edgewright_matrix`.

    Args:
        weights: (outputs, bytes of a patch).
        biases: (outputs,), as the graph has them.
        input_zero_point: contributes to the biases.
        rescaling: `rescales` it.
        is_unsigned: whether weights and patches are 128 more than they are, as bytes without sign.
    """
    outputs, patch = weights.shape
    groups = -(-outputs // OUTPUTS)
    padded = np.zeros((groups * OUTPUTS, patch), np.int8)
    padded[:outputs] = weights
    folded = folded_biases(weights, biases, input_zero_point)
    if is_unsigned:
        folded = folded_biases(weights, folded, 128)
        padded ^= np.int8(-128)
    grouped = np.ascontiguousarray(padded.reshape(groups, OUTPUTS, patch).transpose(0, 2, 1)).reshape(-1)
    found = (
        Field(name="outputs", value=outputs),
        *rescaling_fields(rescaling),
        Field(name="weights", value=Array(values=grouped)),
        Field(name="scales", value=scales(folded, rescaling, groups * OUTPUTS)),
    )
    return tuple(Field(name=f"matrix.{field.name}", value=field.value) for field in found)


def window_fields(step: Step, program: Program, window: Window, fill: int) -> tuple[Field, ...]:
    """Return the fields of `edgewright_window`; an image of single pixels is one long row."""
    (_, height, width, channels) = program.values[step.inputs[0]].shape
    (_, rows, columns, _) = program.values[step.outputs[0]].shape
    if is_pointwise(window):
        height, width, rows, columns = 1, height * width, 1, rows * columns
    row_begin, row_end = inside(window.margins.top, window.height, window.stride_height, window.dilation_height, height)
    column_begin, column_end = inside(
        window.margins.left, window.width, window.stride_width, window.dilation_width, width
    )
    is_gathered = window.dilation_width > 1 and window.width > 1
    facts = {
        "input_height": height, "input_width": width, "channels": channels, "output_width": columns,
        "output_pixels": rows * columns, "kernel_height": window.height, "kernel_width": window.width,
        "stride_height": window.stride_height, "stride_width": window.stride_width,
        "dilation_height": window.dilation_height, "dilation_width": window.dilation_width,
        "margin_top": window.margins.top, "margin_left": window.margins.left,
        "row_begin": row_begin, "row_end": min(row_end, rows), "column_begin": column_begin,
        "column_end": 0 if is_gathered else min(column_end, columns), "fill": fill,
    }  # fmt: skip
    return tuple(Field(name=f"window.{name}", value=value) for name, value in facts.items())


def is_pointwise(window: Window) -> bool:
    """Whether each pixel of the output reads just the same pixel of the input."""
    return (window.height, window.width, window.stride_height, window.stride_width) == (1, 1, 1, 1) and (
        window.margins.is_empty
    )


def inside(before: int, extent: int, stride: int, dilation: int, length: int) -> tuple[int, int]:
    """Return the first window along an axis that lies inside, and the first one behind that does not."""
    begin = -(-before // stride)
    last = length - ((extent - 1) * dilation + 1) + before
    return begin, max(begin, last // stride + 1)


def group_overlap(first_reads: npt.NDArray[np.int64], group_bytes: int, output_bytes: int, *, lags: bool) -> Overlap:
    """Return how far outputs may follow where groups go upwards.

    Args:
        first_reads: for each group the first byte of the input that it or a later one reads.
        group_bytes: what a group, the last one excepted, writes.
        output_bytes: what all groups write.
        lags: whether a group is read until its last byte is written, and not just before its first one is.
    """
    if not lags:
        return Overlap(group_bytes=group_bytes, first_needed=first_reads)
    count = len(first_reads)
    if count < 2:
        return NO_OVERLAP
    needed = np.concatenate([first_reads[:1], first_reads[:-1]])
    needed[-1] = min(needed[-1], first_reads[-1] - (output_bytes - (count - 1) * group_bytes))
    return Overlap(group_bytes=group_bytes, first_needed=needed)


def window_overlap(step: Step, program: Program, window: Window, pixels: int, *, lags: bool) -> Overlap:
    """Return the overlap where so many pixels go upwards at once."""
    (_, _, width, channels) = program.values[step.inputs[0]].shape
    target = program.values[step.outputs[0]]
    (_, rows, columns, outputs) = target.shape
    first_reads = first_read(np.arange(0, rows * columns, pixels), columns, width, channels, window)
    return group_overlap(first_reads, pixels * outputs, target.nbytes, lags=lags)


def first_read(
    pixels: npt.NDArray[np.int64], columns: int, width: int, channels: int, window: Window
) -> npt.NDArray[np.int64]:
    """Return for pixels of the output the first byte of the input that they or later ones read."""
    row, column = np.divmod(pixels, columns)
    y = np.maximum(row * window.stride_height - window.margins.top, 0)
    x = np.maximum(column * window.stride_width - window.margins.left, 0)
    here = (y * width + x) * channels
    following = np.maximum((row + 1) * window.stride_height - window.margins.top, 0) * width * channels
    return np.minimum(here, following).astype(np.int64)
