"""Whether a plan is right: each step is played through, and no byte may be lost that is still read.

Nothing here is taken from the search. For each byte of the arena it is noted which content it holds; a step must find
the contents that it reads, and leaves its own behind. Where its output lies over its first input, each byte that both
share must be written no earlier than in the group that reads it for the last time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import NO_OVERLAP, Call, Overlap
from edgewright.pipeline.codegen.memory.plan import MemoryPlan, final_calls
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.program import Program, Step, Value

GARBAGE = -1
SCRATCH_ALIGNMENT_BYTES = 4
Groups = npt.NDArray[np.int64]


def check(program: Program, calls: Sequence[Call | None], plan: MemoryPlan) -> None:
    """Prove that a program computes what it should with a plan.

    Args:
        program: what is computed.
        calls: what the plan was made of: for each step its call; None where nothing is called.
        plan: what `plan` made of them.

    Raises:
        ValueError: the plan is wrong (a defect); the sentence names the step.
    """
    arena = _Arena(program, plan)
    for index in program.inputs:
        arena.write(index, "the inputs")
    for index in program.inputs:
        arena.read(index, "the inputs")
    for number, (step, call) in enumerate(zip(program.steps, final_calls(calls, plan), strict=True)):
        where = f"step {number}"
        for index in step.inputs:
            arena.read(index, where)
        if isinstance(step.operation, Reinterpretation):
            arena.rename(step.inputs[0], step.outputs[0], where)
        else:
            scratch_bytes = 0 if call is None else call.scratch_bytes
            _check_step(arena, step, number, NO_OVERLAP if call is None else call.overlap, scratch_bytes)
            for index in step.outputs:
                arena.write(index, where)
    for index in program.outputs:
        arena.read(index, "the outputs")


class _Arena:
    """What each byte holds: the number of a content, which values that share their bytes have in common."""

    def __init__(self, program: Program, plan: MemoryPlan) -> None:
        self._program, self._plan = program, plan
        self._held = np.full(plan.arena_bytes, GARBAGE, dtype=np.int64)
        self._contents: dict[int, int] = {}

    def value(self, index: int) -> Value:
        """Return a value of the program."""
        return self._program.values[index]

    def span(self, index: int, where: str) -> tuple[int, int]:
        """Return where a value begins and ends."""
        value = self.value(index)
        if index not in self._plan.offsets:
            raise ValueError(f"{value.name} has no place in {where}.")
        return self._inside(self._plan.offsets[index], value.nbytes, max(value.dtype.bits // 8, 1), where)

    def scratch_span(self, number: int, nbytes: int, where: str) -> tuple[int, int]:
        """Return where a step's scratch begins and ends."""
        if number not in self._plan.scratch_offsets:
            raise ValueError(f"Scratch has no place in {where}.")
        return self._inside(self._plan.scratch_offsets[number], nbytes, SCRATCH_ALIGNMENT_BYTES, where)

    def read(self, index: int, where: str) -> None:
        """Find a value's content whole."""
        begin, end = self.span(index, where)
        if index not in self._contents or (self._held[begin:end] != self._contents[index]).any():
            raise ValueError(f"{self.value(index).name} is no longer whole when {where} reads it.")

    def write(self, index: int, where: str) -> None:
        """Put a new content in a value's place."""
        begin, end = self.span(index, where)
        self._contents[index] = len(self._contents)
        self._held[begin:end] = self._contents[index]

    def spoil(self, begin: int, end: int) -> None:
        """Leave nothing that can be read."""
        self._held[begin:end] = GARBAGE

    def rename(self, old: int, new: int, where: str) -> None:
        """Let a value be another name for the same content."""
        if self.span(old, where) != self.span(new, where):
            raise ValueError(f"{self.value(new).name} does not lie where {self.value(old).name} does in {where}.")
        self._contents[new] = self._contents[old]

    def _inside(self, begin: int, nbytes: int, alignment_bytes: int, where: str) -> tuple[int, int]:
        if begin < 0 or begin + nbytes > len(self._held) or begin % alignment_bytes:
            raise ValueError(f"Offset {begin} of {nbytes} bytes is not in the arena or not aligned in {where}.")
        return begin, begin + nbytes


def _check_step(arena: _Arena, step: Step, number: int, overlap: Overlap, scratch_bytes: int) -> None:
    """What a step reads, what it writes and its scratch may not meet, but for what its kernel's order allows."""
    where = f"step {number}"
    inputs = [arena.span(index, where) for index in step.inputs]
    outputs = [arena.span(index, where) for index in step.outputs]
    written = list(outputs)
    if scratch_bytes:
        written.append(arena.scratch_span(number, scratch_bytes, where))
        arena.spoil(*written[-1])
    for place, span in enumerate(written):
        if any(_meet(span, other) for other in written[place + 1 :]):
            raise ValueError(f"What {where} writes overlaps.")
        for rank, read in enumerate(inputs):
            if not _meet(span, read):
                continue
            is_covered = place == 0 and rank == 0 and len(outputs) == 1 and overlap is not NO_OVERLAP
            if not is_covered or not _keeps_order(arena, step, overlap, read[0], span[0]):
                raise ValueError(f"What {where} writes overlaps what it still reads.")


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _keeps_order(arena: _Arena, step: Step, overlap: Overlap, input_begin: int, output_begin: int) -> bool:
    """Whether no byte of the first input is overwritten in an earlier group than the last one that reads it."""
    source, target = arena.value(step.inputs[0]), arena.value(step.outputs[0])
    written_in = _written_in(target, overlap)
    read_until = _read_until(source, len(written_in), overlap)
    begin = max(input_begin, output_begin)
    end = min(input_begin + source.nbytes, output_begin + target.nbytes)
    writes = written_in[begin - output_begin : end - output_begin]
    reads = read_until[begin - input_begin : end - input_begin]
    return bool((writes >= reads).all())


def _written_in(target: Value, overlap: Overlap) -> Groups:
    """Return for each byte of the output the group that writes it."""
    group_bytes = target.dtype.bits // 8 if overlap.is_in_place else overlap.group_bytes
    groups = np.arange(target.nbytes, dtype=np.int64) // group_bytes
    return groups[::-1] if overlap.is_descending else groups


def _read_until(source: Value, output_bytes: int, overlap: Overlap) -> Groups:
    """Return for each byte of the input the last group that may read it; -1 where none does."""
    at = np.arange(source.nbytes, dtype=np.int64)
    if overlap.is_in_place:
        element = at // (source.dtype.bits // 8)
        return element[::-1] if overlap.is_descending else element
    if overlap.first_needed is None:
        return np.full(source.nbytes, output_bytes, dtype=np.int64)
    if overlap.is_descending:
        edges = np.maximum.accumulate(overlap.first_needed[::-1])[::-1]
        return np.searchsorted(-edges, -at, side="left") - 1
    edges = np.minimum.accumulate(overlap.first_needed[::-1])[::-1]
    return np.searchsorted(edges, at, side="right") - 1
