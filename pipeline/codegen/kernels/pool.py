"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel, Overlap
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels.facts import ascending, facts, operation_of
from edgewright.pipeline.codegen.kernels.reference import REQUANTIZE
from edgewright.pipeline.codegen.operations import Margins, Pool, PoolKind, Window
from edgewright.pipeline.codegen.program import Program, Step

ELEMENT_COST = 5.0
OUTPUT_COST = 25.0
"""Instructions for one element of a window and for one output, roughly."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Image:
    """Shapes of a pool, (height, width) each, and its window."""

    source: tuple[int, int]
    target: tuple[int, int]
    channels: int
    window: Window


def _pool(step: Step) -> Pool:
    return operation_of(step, Pool)


def _image(step: Step, program: Program) -> _Image:
    """Return the shapes; an image that one window covers is one line, which takes one loop less."""
    _, height, width, channels = program.values[step.inputs[0]].shape
    _, rows, columns, _ = program.values[step.outputs[0]].shape
    window = _pool(step).window
    margins = window.margins
    is_covered = window.height - margins.top >= height and window.width - margins.left >= width
    if rows == columns == 1 and is_covered:
        height, width = 1, height * width
        window = dataclasses.replace(window, height=1, width=width, margins=Margins())
    return _Image(source=(height, width), target=(rows, columns), channels=channels, window=window)


def _is_average(step: Step, program: Program) -> bool:
    return _pool(step).kind is PoolKind.AVERAGE


def _is_maximum(step: Step, program: Program) -> bool:
    return _pool(step).kind is PoolKind.MAXIMUM


def _lower(kernel: Kernel, step: Step, program: Program) -> Call:
    image, pool = _image(step, program), _pool(step)
    window = image.window
    fields = facts(
        input_height=image.source[0],
        input_width=image.source[1],
        channels=image.channels,
        output_height=image.target[0],
        output_width=image.target[1],
        window_height=window.height,
        window_width=window.width,
        stride_height=window.stride_height,
        stride_width=window.stride_width,
        margin_top=window.margins.top,
        margin_left=window.margins.left,
        minimum=pool.minimum,
        maximum=pool.maximum,
    )
    return Call(kernel=kernel, fields=fields, overlap=_overlap(image))


def _overlap(image: _Image) -> Overlap:
    """Return that every element of the output reads nothing before the corner of its window."""
    window = image.window
    rows = np.maximum(np.arange(image.target[0]) * window.stride_height - window.margins.top, 0)
    columns = np.maximum(np.arange(image.target[1]) * window.stride_width - window.margins.left, 0)
    corners = (rows[:, None] * image.source[1] + columns[None, :]) * image.channels
    return ascending((corners[:, :, None] + np.arange(image.channels)).reshape(-1).astype(np.int64))


def _cost(step: Step, program: Program, core: CodegenCore) -> float:
    window, outputs = _image(step, program).window, program.values[step.outputs[0]].element_count
    return outputs * (OUTPUT_COST + ELEMENT_COST * window.height * window.width)


KERNELS = (
    Kernel(
        name="average_pool", operation=Pool, accepts=_is_average, lower=_lower, cost=_cost, helpers=(REQUANTIZE,)
    ),
    Kernel(
        name="maximum_pool", operation=Pool, accepts=_is_maximum, lower=_lower, cost=_cost, helpers=(REQUANTIZE,)
    ),
)  # fmt: skip
