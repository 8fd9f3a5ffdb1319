"""Programs for the memory plan: shapes, scratch and what may lie over what; nothing in them is ever computed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from edgewright.pipeline.codegen.call import NO_OVERLAP, Call, Kernel, Overlap
from edgewright.pipeline.codegen.operations import Reinterpretation, Table
from edgewright.pipeline.codegen.program import Program, Step, Value
from edgewright.pipeline.graph import DType

IN_PLACE = Overlap(is_in_place=True)
Overlaps = tuple[Overlap, int, int]
COMPUTED = Table(entries=np.zeros(256, dtype=np.int8))
"""Stands for whatever a step computes."""
KERNEL = Kernel(
    name="sketch",
    operation=Table,
    accepts=lambda step, program: True,
    lower=lambda kernel, step, program: Call(kernel=kernel, fields=()),
    cost=lambda step, program, core: 0.0,
)


@dataclass
class Sketch:
    """A program in the making; values are named by their index."""

    values: dict[int, Value] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    calls: list[Call | None] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)

    def value(self, shape: tuple[int, ...], dtype: DType = DType.INT8) -> int:
        """Add a value."""
        index = len(self.values)
        self.values[index] = Value(index=index, name=f"v{index}", shape=shape, dtype=dtype)
        return index

    def input(self, *shape: int) -> int:
        """Add an input."""
        self.inputs.append(self.value(shape))
        return self.inputs[-1]

    def step(
        self,
        inputs: list[int],
        *shapes: tuple[int, ...],
        overlap: Overlap = NO_OVERLAP,
        mirrored: Overlap | None = None,
        scratch_bytes: int = 0,
        dtype: DType = DType.INT8,
    ) -> list[int]:
        """Add a step and return its outputs."""
        outputs = [self.value(shape, dtype) for shape in shapes]
        self._add(inputs, outputs, COMPUTED)
        call = Call(kernel=KERNEL, fields=(), scratch_bytes=scratch_bytes, overlap=overlap)
        if mirrored is not None:
            call = replace(call, mirrored=replace(call, overlap=mirrored))
        self.calls.append(call)
        return outputs

    def give_scratch(self, nbytes: int) -> None:
        """Let the last step take scratch, whichever way round it is called."""
        call = self.calls[-1]
        if call is not None:
            mirrored = replace(call.mirrored, scratch_bytes=nbytes) if call.mirrored is not None else None
            self.calls[-1] = replace(call, scratch_bytes=nbytes, mirrored=mirrored)

    def view(self, index: int, *shape: int) -> int:
        """Add another shape of the same bytes."""
        output = self.value(shape, self.values[index].dtype)
        self._add([index], [output], Reinterpretation())
        self.calls.append(None)
        return output

    def window(
        self, index: int, channels: int, side: int | tuple[int, int], stride: int = 1, has_ring: bool = False
    ) -> int:
        """Add a convolution over rows and columns, padded so that only the stride makes the image smaller.

        With a ring it keeps copies of the rows that it needs again, and gives the output row by row.
        """
        shape = self.values[index].shape
        sides = (side, side) if isinstance(side, int) else side
        output = -(-shape[0] // stride), -(-shape[1] // stride), channels
        overlaps = (ring_overlaps if has_ring else window_overlaps)(shape, output, sides, stride)
        return self.step([index], output, overlap=overlaps[0], mirrored=overlaps[1])[0]

    def depthwise(self, index: int, stride: int = 1) -> int:
        """Add a depthwise convolution: with a copy of some rows it works in place, and shrinks as it goes."""
        shape = self.values[index].shape
        output = -(-shape[0] // stride), -(-shape[1] // stride), shape[2]
        overlaps = window_overlaps(shape, output, (stride, stride), stride)
        return self.step([index], output, overlap=overlaps[0], mirrored=overlaps[1])[0]

    def _add(self, inputs: list[int], outputs: list[int], operation: Table | Reinterpretation) -> None:
        number = len(self.steps)
        self.steps.append(Step(operation=operation, inputs=tuple(inputs), outputs=tuple(outputs), layers=(number,)))

    def program(self, *outputs: int) -> Program:
        """Return the program with these outputs."""
        return Program(values=dict(self.values), steps=tuple(self.steps), inputs=tuple(self.inputs), outputs=outputs)


def window_overlaps(
    shape: tuple[int, ...], output: tuple[int, ...], sides: tuple[int, int], stride: int
) -> tuple[Overlap, Overlap]:
    """What a convolution can declare that computes pixel by pixel: going upwards, and going downwards."""
    rows, columns = (_edges(shape[axis], output[axis], sides[axis], stride) for axis in (0, 1))
    first = (rows[0][:, None] * shape[1] + columns[0][None, :]) * shape[2]
    behind = ((rows[1][:, None] - 1) * shape[1] + columns[1][None, :]) * shape[2]
    return (
        Overlap(group_bytes=output[2], first_needed=first.ravel()),
        Overlap(group_bytes=output[2], first_needed=behind.ravel()[::-1], is_descending=True),
    )


def ring_overlaps(
    shape: tuple[int, ...], output: tuple[int, ...], sides: tuple[int, int], stride: int
) -> tuple[Overlap, Overlap]:
    """What a convolution can declare that computes row by row from copies of rows, each row copied once."""
    start, end = _edges(shape[0], output[0], sides[0], stride)
    row_bytes = shape[1] * shape[2]
    group_bytes = output[1] * output[2]
    first = np.concatenate(([0], end[:-1])) * row_bytes
    behind = np.concatenate((start[1:], [shape[0]])) * row_bytes
    return (
        Overlap(group_bytes=group_bytes, first_needed=first),
        Overlap(group_bytes=group_bytes, first_needed=behind[::-1], is_descending=True),
    )


def _edges(extent: int, output: int, side: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """For each output row (or column) the first input row, and one past the last."""
    before = max((output - 1) * stride + side - extent, 0) // 2
    start = np.arange(output) * stride - before
    return np.maximum(start, 0), np.minimum(start + side, extent)


@st.composite
def sketches(draw: st.DrawFn, most_steps: int, most_units: int) -> tuple[Sketch, tuple[int, ...]]:
    """Small programs of every form: lines, branches, views, several outputs, scratch, and all kinds of overlap."""
    sketch = Sketch()
    alive = [sketch.input(draw(_nbytes(most_units))) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(1, most_steps))):
        inputs = draw(st.lists(st.sampled_from(alive[-3:]), min_size=1, max_size=3))
        if draw(st.integers(0, 5)) == 0:
            alive.append(sketch.view(inputs[0], *sketch.values[inputs[0]].shape))
            continue
        source = sketch.values[inputs[0]].nbytes
        shapes = [(draw(_nbytes(most_units)),) for _ in range(draw(st.sampled_from((1, 1, 1, 2))))]
        if draw(st.booleans()):
            shapes[0] = (source,)
        facts = [draw(_overlaps(source, shapes[0][0])) if len(shapes) == 1 else NO_OVERLAP for _ in range(2)]
        alive += sketch.step(
            inputs,
            *shapes,
            overlap=facts[0],
            mirrored=draw(st.sampled_from((None, facts[1]))),
            scratch_bytes=draw(st.sampled_from((0, 0, 0, 3, 8))),
        )
    return sketch, tuple(draw(st.lists(st.sampled_from(alive), min_size=1, max_size=2, unique=True)))


@st.composite
def overlapping(draw: st.DrawFn, most_units: int) -> Overlaps:
    """A kernel's facts with the bytes of its input and of its output."""
    source_bytes, output_bytes = draw(_nbytes(most_units)), draw(_nbytes(most_units))
    overlap = draw(_overlaps(source_bytes, output_bytes).filter(lambda overlap: overlap is not NO_OVERLAP))
    return overlap, source_bytes, output_bytes


def _nbytes(most_units: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(1, most_units).map(lambda units: 4 * units), st.integers(1, 4 * most_units))


@st.composite
def _overlaps(draw: st.DrawFn, source_bytes: int, output_bytes: int) -> Overlap:
    """Any facts that a kernel could declare for these sizes."""
    is_descending = draw(st.booleans())
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return NO_OVERLAP
    if kind == 1 and source_bytes == output_bytes:
        return Overlap(is_in_place=True, is_descending=is_descending)
    divisors = [count for count in range(1, output_bytes + 1) if output_bytes % count == 0]
    group_bytes = draw(st.sampled_from(divisors))
    count = output_bytes // group_bytes
    needed = draw(st.lists(st.integers(0, source_bytes), min_size=count, max_size=count))
    if kind == 2:
        needed.sort(reverse=is_descending)
    return Overlap(group_bytes=group_bytes, first_needed=np.array(needed, dtype=np.int64), is_descending=is_descending)
