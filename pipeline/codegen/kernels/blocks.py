"""Blocks of bytes that are copied from one array to another: what moves elements and computes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import Array, Overlap
from edgewright.pipeline.codegen.kernels.facts import ascending, table

BLOCK = "edgewright_block"
AXES = 6
"""How many axes the helper walks over, beside the bytes of a run."""
RUN_COST = 12.0
BYTE_COST = 1.0
"""Instructions for one run and for one byte of a longer one, roughly."""

_Axis = tuple[int, int, int]
"""Extent, and the strides of input and output in bytes."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Runs of bytes along axes, outermost first."""

    begin: tuple[int, int]
    """Where it begins in the input and in the output."""
    run: int
    axes: tuple[_Axis, ...]

    @property
    def is_short(self) -> bool:
        """Whether the helper has axes enough."""
        return len(self.axes) <= AXES

    @property
    def numbers(self) -> list[int]:
        """What the helper reads."""
        return [*self.begin, self.run, len(self.axes), *(number for axis in self.axes for number in axis)]

    @property
    def cost(self) -> float:
        """Instructions, roughly."""
        runs = math.prod(extent for extent, _, _ in self.axes)
        return runs * (RUN_COST + BYTE_COST * self.run)

    def array(self) -> Array:
        """Return it as a constant."""
        return table(self.numbers)


def strides_of(shape: Sequence[int]) -> list[int]:
    """Return the strides of a dense array of bytes."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def make_block(
    extents: Sequence[int],
    input_strides: Sequence[int],
    output_strides: Sequence[int],
    begin: tuple[int, int] = (0, 0),
) -> Block:
    """Return a block; axes that lie behind each other in both arrays become one, the innermost one a run.

    Args:
        extents: along axes, the outermost first.
        input_strides: bytes from one element to the next along each axis; negative ones go backwards.
        output_strides: the same of the output.
        begin: where the first element is in the input and in the output.
    """
    axes: list[_Axis] = []
    for extent, source, target in zip(extents, input_strides, output_strides, strict=True):
        if extent == 1:
            continue
        if axes and axes[-1][1:] == (source * extent, target * extent):
            extent *= axes.pop()[0]  # noqa: PLW2901
        axes.append((extent, source, target))
    run = axes.pop()[0] if axes and axes[-1][1:] == (1, 1) else 1
    return Block(begin=begin, run=run, axes=tuple(axes) or ((1, 0, 0),))


def overlap(block: Block) -> Overlap:
    """Return how far a dense output may lie over the input: runs are read one by one, each before it is written."""
    return ascending(_starts(block), block.run)


def _starts(block: Block) -> npt.NDArray[np.int64]:
    """Return where in the input each run begins, in order."""
    starts = np.array([block.begin[0]], np.int64)
    for extent, stride, _ in block.axes:
        starts = (starts[:, None] + stride * np.arange(extent, dtype=np.int64)).reshape(-1)
    return starts
