"""What moves elements and computes nothing: RESHAPE and its like, PAD, CONCATENATION, slices, TRANSPOSE, RESIZE."""

from __future__ import annotations

import math

import numpy as np

from edgewright.pipeline.codegen.operations import (
    Concatenation,
    Pad,
    Reinterpretation,
    Resize,
    Slices,
    Transpose,
)
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.node import Node, zero_point_of
from edgewright.pipeline.graph import Activation, DType

_ANY = (DType.INT8, DType.UINT8, DType.FLOAT32)
_MASKS = ("ellipsis_mask", "new_axis_mask", "offset")


def read_reinterpretation(node: Node) -> Step:
    """Read RESHAPE, SQUEEZE or EXPAND_DIMS; a constant that tells the shape says what the output's shape says."""
    source = node.input(0, _ANY)
    output = node.output(0, (source.dtype,))
    if node.has_input(1):
        node.constant(1, (DType.INT32, DType.INT64))
    if source.element_count != output.element_count:
        raise node.refuse(f"an input of shape {list(source.shape)} for an output of {list(output.shape)}")
    return node.step(Reinterpretation(), [source], [output])


def read_pad(node: Node) -> Step:
    """Read PAD, which fills with the output's zero point, or PADV2, which fills with a constant."""
    source, output = node.input(0), node.output()
    margins = node.integers(1)
    before, after = margins[0::2], margins[1::2]
    padded = tuple(map(sum, zip(before, source.shape, after, strict=False)))
    if len(margins) != 2 * len(source.shape) or min(margins, default=0) < 0 or padded != output.shape:
        raise node.refuse(f"margins {list(margins)} of an input of shape {list(source.shape)}")
    fill = zero_point_of(output)
    if node.has_input(2):
        node.require_same_scale(node.input(2), output)
        content = node.constant(2, (DType.INT8,)).reshape(-1)
        if len(content) != 1:
            raise node.refuse(f"{len(content)} values to fill with")
        fill = int(content[0])
    return node.step(Pad(shape=source.shape, before=before, after=after, fill=fill), [source], [output])


def read_concatenation(node: Node) -> Step:
    """Read CONCATENATION; TFLM takes parts of the output's scale only."""
    output = node.output()
    parts = [node.input(position) for position in range(len(node.operator.inputs))]
    for part in parts:
        node.require_same_scale(part, output)
    rank = len(output.shape)
    axis = node.option("axis")
    if not -rank <= axis < rank or node.option("fused_activation_function") != Activation.NONE:
        raise node.refuse(f"the axis {axis} and the fused activation {node.option('fused_activation_function')}")
    axis %= rank
    others = {part.shape[:axis] + part.shape[axis + 1 :] for part in parts}
    extent = sum(part.shape[axis] for part in parts if len(part.shape) == rank)
    if others != {output.shape[:axis] + output.shape[axis + 1 :]} or extent != output.shape[axis]:
        raise node.refuse(f"parts that do not make an output of shape {list(output.shape)}")
    operation = Concatenation(
        axis=axis,
        shapes=tuple(part.shape for part in parts),
        constants=tuple(node.graph.array(part) for part in parts),  # type: ignore[misc]
    )
    return node.step(operation, [part for part in parts if not node.is_constant(part)], [output])


def read_strided_slice(node: Node) -> Step:
    """Read STRIDED_SLICE with constant bounds."""
    source, output = node.input(0), node.output()
    rank = len(source.shape)
    bounds = node.integers(1), node.integers(2), node.integers(3)
    if any(node.option(mask) for mask in _MASKS) or any(len(numbers) != rank for numbers in bounds) or 0 in bounds[2]:
        raise node.refuse("an ellipsis, a new axis, a stride of 0, or bounds for other axes than the input has")
    begins, extents = [], []
    for axis, bound in enumerate(zip(*bounds, strict=True)):
        start, count = _cut(node, axis, source.shape[axis], bound)
        begins.append(start)
        extents.append(count)
    kept = tuple(extent for axis, extent in enumerate(extents) if not node.option("shrink_axis_mask") >> axis & 1)
    if kept != output.shape:
        raise node.refuse(f"an output of shape {list(output.shape)} where {list(kept)} follows from its bounds")
    operation = Slices(shape=source.shape, begins=(tuple(begins),), strides=bounds[2], extents=(tuple(extents),))
    return node.step(operation, [source], [output])


def read_split(node: Node) -> Step:
    """Read SPLIT into equal parts."""
    axes, source = node.integers(0), node.input(1)
    rank = len(source.shape)
    outputs = [node.output(position) for position in range(len(node.operator.outputs))]
    if len(axes) != 1 or not -rank <= axes[0] < rank:
        raise node.refuse(f"the axes {list(axes)} of an input with {rank} dimensions")
    axis = axes[0] % rank
    extent = source.shape[axis] // len(outputs)
    shape = (*source.shape[:axis], extent, *source.shape[axis + 1 :])
    if extent * len(outputs) != source.shape[axis] or any(output.shape != shape for output in outputs):
        raise node.refuse(f"outputs that are not {len(outputs)} equal parts of {list(source.shape)}")
    begins = tuple(
        tuple(number * extent if one == axis else 0 for one in range(rank)) for number in range(len(outputs))
    )
    operation = Slices(shape=source.shape, begins=begins, strides=(1,) * rank, extents=(shape,) * len(outputs))
    return node.step(operation, [source], outputs)


def read_transpose(node: Node) -> Step:
    """Read TRANSPOSE with a constant permutation."""
    source, output = node.input(0), node.output()
    permutation = node.integers(1)
    if sorted(permutation) != [*range(len(source.shape))]:
        raise node.refuse(f"the permutation {list(permutation)} of an input of shape {list(source.shape)}")
    if tuple(source.shape[axis] for axis in permutation) != output.shape:
        raise node.refuse(f"an output of shape {list(output.shape)} for the permutation {list(permutation)}")
    return node.step(Transpose(shape=source.shape, permutation=permutation), [source], [output])


def read_resize(node: Node) -> Step:
    """Read RESIZE_NEAREST_NEIGHBOR."""
    source, output = node.input(0), node.output()
    height, width, channels = node.require_image(source)
    size = node.integers(1)
    if (1, *size, channels) != output.shape:
        raise node.refuse(f"an output of shape {list(output.shape)} for the size {list(size)}")
    operation = Resize(rows=_nearest(node, height, size[0]), columns=_nearest(node, width, size[1]))
    return node.step(operation, [source], [output])


def _cut(node: Node, axis: int, size: int, bound: tuple[int, int, int]) -> tuple[int, int]:
    """Return where a slice begins along one axis, and how many elements it takes."""
    begin, end, stride = bound
    lowest, highest = (0, size) if stride > 0 else (-1, size - 1)
    first = (0 if stride > 0 else size - 1) if node.option("begin_mask") >> axis & 1 else begin + size * (begin < 0)
    last = highest if stride > 0 else lowest
    if not node.option("end_mask") >> axis & 1:
        last = min(max(end + size * (end < 0), lowest), highest)
    first = min(max(first, lowest), highest)
    if node.option("shrink_axis_mask") >> axis & 1:
        if not 0 <= first < size or stride < 0:
            raise node.refuse(f"an index of {begin} along axis {axis}")
        return first, 1
    count = -((first - last) // stride)
    if count < 1:
        raise node.refuse(f"a slice without any element along axis {axis}")
    return first, count


def _nearest(node: Node, source: int, output: int) -> tuple[int, ...]:
    """Return for each place of the output the nearest one of the input, in float32 as TFLM does it."""
    aligned, centred = node.option("align_corners"), node.option("half_pixel_centers")
    scale = np.float32(source) / np.float32(output)
    if aligned and output > 1:
        scale = np.float32(source - 1) / np.float32(output - 1)
    offset = np.float32(0.5 if centred else 0.0)
    places = [float((np.float32(place) + offset) * scale) for place in range(output)]
    rounded = [math.floor(place + 0.5) if aligned else math.floor(place) for place in places]
    return tuple(min(max(place, 0), source - 1) for place in rounded)
