"""How far two blocks must lie apart: where one lies relative to the other, one open interval is forbidden.

Blocks that share nothing: b may lie at a - |b| or below, or at a + |a| or above. Where a kernel writes b over a, one
of the two limits moves: a kernel that goes upwards leaves b lower than that as soon as what is still to be read of a
lies above what is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import Call, Overlap
from edgewright.pipeline.codegen.program import Program, Step

Edges = npt.NDArray[np.int64]
"""For each group of a kernel's output."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Where a block may begin, in bytes relative to where another one begins."""

    most_below: int
    """So much (a negative number, as a rule) or less."""
    least_above: int
    """Or so much or more."""

    @property
    def mirrored(self) -> Separation:
        """The same, seen from the block itself."""
        return Separation(most_below=-self.least_above, least_above=-self.most_below)

    def relaxed(self, other: Separation) -> Separation:
        """Return the separation where either of two is enough."""
        return Separation(
            most_below=max(self.most_below, other.most_below), least_above=min(self.least_above, other.least_above)
        )

    def on_grid(self, grid_bytes: int) -> Separation:
        """Return what is left of it where only multiples are possible."""
        return Separation(
            most_below=self.most_below // grid_bytes * grid_bytes,
            least_above=-(-self.least_above // grid_bytes) * grid_bytes,
        )

    def forbids(self, difference: int) -> bool:
        """Whether the block may not begin so far from the other."""
        return self.most_below < difference < self.least_above


def apart(nbytes: int, other_bytes: int) -> Separation:
    """Return the separation of a block from another with which it shares no byte."""
    return Separation(most_below=-nbytes, least_above=other_bytes)


def step_separation(program: Program, step: Step, call: Call) -> Separation:
    """Return the separation of a step's only output from its first input, where the input dies in the step."""
    source, target = program.values[step.inputs[0]], program.values[step.outputs[0]]
    if call.overlap.first_needed is None and not call.overlap.is_in_place:
        return apart(target.nbytes, source.nbytes)
    element_bytes = source.dtype.bits // 8, target.dtype.bits // 8
    return overlapped(call.overlap, source.nbytes, target.nbytes, element_bytes)


def overlapped(overlap: Overlap, input_bytes: int, output_bytes: int, element_bytes: tuple[int, int]) -> Separation:
    """Return the separation of a step's output from its first input, where the input dies in the step.

    After a group was written, the input from what later groups need to its end must be whole (a kernel that goes
    downwards: from its beginning). So the bytes that are written by then must lie wholly on the other side of it.

    Args:
        overlap: the kernel's facts.
        input_bytes: of the first input.
        output_bytes: of the only output.
        element_bytes: of an element of the input, and of the output.

    Raises:
        ValueError: the facts do not fit the sizes (a defect of the kernel's module).
    """
    ends, needed = _groups(overlap, input_bytes, output_bytes, element_bytes)
    plain = apart(output_bytes, input_bytes)
    ends, needed = ends[:-1], needed[1:]
    if overlap.is_descending:
        limits = (needed - output_bytes + ends)[needed > 0]
        least_above = int(limits.max()) if limits.size else plain.most_below
        return Separation(most_below=plain.most_below, least_above=max(least_above, plain.most_below))
    limits = (needed - ends)[needed < input_bytes]
    most_below = int(limits.min()) if limits.size else plain.least_above
    return Separation(most_below=min(most_below, plain.least_above), least_above=plain.least_above)


def _groups(
    overlap: Overlap, input_bytes: int, output_bytes: int, element_bytes: tuple[int, int]
) -> tuple[Edges, Edges]:
    """Return for each group how much is written after it, and where what it and later ones need begins or ends."""
    if overlap.is_in_place:
        count = output_bytes // element_bytes[1]
        if count * element_bytes[0] != input_bytes:
            raise ValueError(f"In place, {input_bytes} bytes cannot become {output_bytes}.")
        ends = np.arange(1, count + 1, dtype=np.int64) * element_bytes[1]
        first = np.arange(count, dtype=np.int64) * element_bytes[0]
        return ends, input_bytes - first if overlap.is_descending else first
    if overlap.first_needed is None or overlap.group_bytes <= 0:
        raise ValueError("An overlap needs groups, or is in place.")
    count = len(overlap.first_needed)
    if count != -(-output_bytes // overlap.group_bytes):
        raise ValueError(f"{count} groups of {overlap.group_bytes} bytes are not an output of {output_bytes}.")
    ends = np.minimum(np.arange(1, count + 1, dtype=np.int64) * overlap.group_bytes, output_bytes)
    backwards = overlap.first_needed.astype(np.int64)[::-1]
    towards = np.maximum.accumulate(backwards) if overlap.is_descending else np.minimum.accumulate(backwards)
    return ends, towards[::-1]
