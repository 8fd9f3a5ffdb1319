"""Pads fused: a border around an image becomes margins of the window that moves over it.

For a convolution the border holds the zero point, as margins do. For a maximum it holds nothing above what the image
holds, so that margins, which are not counted, leave every window's maximum as it is.
"""

from __future__ import annotations

from dataclasses import replace

from edgewright.pipeline.codegen.operations import (
    Convolution,
    DepthwiseConvolution,
    Margins,
    Pad,
    Pool,
    PoolKind,
    Reinterpretation,
    Window,
)
from edgewright.pipeline.codegen.program import Program, Step, Value
from edgewright.pipeline.codegen.rewrites.editing import rebuild, writers
from edgewright.pipeline.codegen.rewrites.intervals import Interval, find_intervals


def rewrite(program: Program) -> Program:
    """Return a program whose windows move over what was padded; a pad that nothing else reads is left out."""
    written = writers(program)
    fits = _Fit(program)
    steps: list[Step] = []
    values: list[Value] = []
    unused = max(program.values, default=0) + 1
    for step in program.steps:
        found = _pad_before(program, step, written, fits)
        if found is None:
            steps.append(step)
            continue
        pad, view, margins = found
        source = pad.inputs[0]
        if view is not None:
            value = _view_of(program.values[source], program.values[view.outputs[0]], margins, unused + len(values))
            values.append(value)
            steps.append(replace(view, inputs=(source,), outputs=(value.index,)))
            source = value.index
        steps.append(_widened(step, source, margins, (*pad.layers, *(view.layers if view else ()), *step.layers)))
    return rebuild(program, steps, values)


class _Fit:
    """Whether a pad may become margins; intervals are looked for once, where a maximum asks."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._intervals: dict[int, Interval] = {}

    def is_met(self, pad: Step, step: Step, margins: Margins) -> bool:
        """Whether the step's window sees in margins what it saw in the border."""
        border, operation = pad.operation, step.operation
        if not isinstance(border, Pad):
            return False
        if isinstance(operation, Convolution | DepthwiseConvolution):
            return border.fill == operation.input_zero_point
        if not isinstance(operation, Pool) or operation.kind is not PoolKind.MAXIMUM:
            return False
        self._intervals = self._intervals or find_intervals(self._program)
        lowest = int(self._intervals[pad.inputs[0]].lowest.min())
        return border.fill <= lowest and self._sees_the_image(step, operation.window, margins)

    def _sees_the_image(self, step: Step, window: Window, margins: Margins) -> bool:
        """Whether every window holds an element of the image itself."""
        padded, output = (self._program.values[index].shape for index in (*step.inputs, *step.outputs))
        tops, lefts = window.margins.top + margins.top, window.margins.left + margins.left
        lasts = (
            (output[1] - 1) * window.stride_height - tops < padded[1] - margins.top - margins.bottom,
            (output[2] - 1) * window.stride_width - lefts < padded[2] - margins.left - margins.right,
        )
        return tops < window.height and lefts < window.width and all(lasts)


def _pad_before(
    program: Program, step: Step, written: dict[int, Step], fits: _Fit
) -> tuple[Step, Step | None, Margins] | None:
    """Return the pad whose output a window moves over, the view between them, and the margins that it adds."""
    if not isinstance(step.operation, Convolution | DepthwiseConvolution | Pool):
        return None
    before = written.get(step.inputs[0])
    view = before if before and isinstance(before.operation, Reinterpretation) else None
    pad = written.get(view.inputs[0]) if view else before
    if pad is None or not isinstance(pad.operation, Pad):
        return None
    padded, image = program.values[pad.outputs[0]].shape, program.values[step.inputs[0]].shape
    margins = _margins(pad.operation, padded, image)
    return (pad, view, margins) if margins and fits.is_met(pad, step, margins) else None


def _margins(pad: Pad, padded: tuple[int, ...], image: tuple[int, ...]) -> Margins | None:
    """Return a pad's elements around height and width of the image that its output is seen as."""
    axes = _same_axes(padded, image)
    if axes is None:
        return None
    added = {axes[axis]: pair for axis, pair in enumerate(zip(pad.before, pad.after, strict=True)) if any(pair)}
    if not set(added) <= {1, 2}:
        return None
    (top, bottom), (left, right) = added.get(1, (0, 0)), added.get(2, (0, 0))
    return Margins(top=top, bottom=bottom, left=left, right=right)


def _same_axes(padded: tuple[int, ...], image: tuple[int, ...]) -> dict[int, int] | None:
    """Return for each axis the image's, where a view only adds or drops axes of 1; those axes stay unnamed."""
    long_axes = [axis for axis, extent in enumerate(padded) if extent != 1]
    others = [axis for axis, extent in enumerate(image) if extent != 1]
    if [padded[axis] for axis in long_axes] != [image[axis] for axis in others]:
        return None
    found = dict(zip(long_axes, others, strict=True))
    return {axis: found.get(axis, -1) for axis in range(len(padded))}


def _view_of(source: Value, seen: Value, margins: Margins, index: int) -> Value:
    height = seen.shape[1] - margins.top - margins.bottom
    width = seen.shape[2] - margins.left - margins.right
    shape = (seen.shape[0], height, width, seen.shape[3])
    return replace(source, index=index, name=seen.name, shape=shape, is_exact=False)


def _widened(step: Step, source: int, margins: Margins, layers: tuple[int, ...]) -> Step:
    operation = step.operation
    if not isinstance(operation, Convolution | DepthwiseConvolution | Pool):
        raise TypeError(f"a {type(operation).__name__} has no window")
    window: Window = operation.window
    own = window.margins
    wide = Margins(
        top=own.top + margins.top,
        bottom=own.bottom + margins.bottom,
        left=own.left + margins.left,
        right=own.right + margins.right,
    )
    operation = replace(operation, window=replace(window, margins=wide))
    return replace(step, operation=operation, inputs=(source,), layers=layers)
