"""The plan: where each value and each step's scratch lies in the arena."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.pipeline.codegen.call import Call
from edgewright.pipeline.codegen.memory.blocks import Block
from edgewright.pipeline.codegen.memory.bounds import joint_bytes, liveness_bytes
from edgewright.pipeline.codegen.memory.layout import read_layout
from edgewright.pipeline.codegen.memory.search import find_offsets
from edgewright.pipeline.codegen.memory.separation import step_separation
from edgewright.pipeline.codegen.program import Program

ALIGNMENT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class PlacedBlock:
    """One rectangle in a picture of the arena: from step to step, from offset upwards."""

    name: str
    """Of the first value that lies there; of scratch, of the output of its step."""
    offset: int
    nbytes: int
    first: int
    """The step that writes it; -1 for what is there before the first step."""
    last: int
    """The last step that reads it; the number of steps for what is there after the last one."""
    is_scratch: bool


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """One arena for all values and scratch; offsets are in bytes from its beginning."""

    arena_bytes: int
    alignment_bytes: int
    """What the arena's beginning must be a multiple of."""
    offsets: Mapping[int, int]
    """For each input and each value that a step computes."""
    scratch_offsets: Mapping[int, int]
    """For each step, by number, whose call takes scratch."""
    mirrored_steps: frozenset[int]
    """Steps, by number, that must be called in the opposite order (`Call.mirrored`)."""
    blocks: tuple[PlacedBlock, ...]
    """For a picture; values that share their bytes are one block."""
    least_bytes: int
    """No plan takes less: what one moment needs with outputs over inputs, or what the search refuted."""
    joint_bytes: int
    """What one moment needs at least, with outputs over inputs as far as kernels allow it."""
    liveness_bytes: int
    """What one moment needs at least if nothing lies over anything else."""


def final_calls(calls: Sequence[Call | None], plan: MemoryPlan) -> tuple[Call | None, ...]:
    """Return the calls as a plan wants them: of some steps in the opposite order."""
    return tuple(
        call.mirrored if call is not None and number in plan.mirrored_steps else call
        for number, call in enumerate(calls)
    )


def plan(
    program: Program,
    calls: Sequence[Call | None],
    *,
    overlap: bool = True,
    alignment_bytes: int = ALIGNMENT_BYTES,
) -> MemoryPlan:
    """Plan the arena of a program.

    Args:
        program: what is computed.
        calls: for each step its call; None where nothing is called.
        overlap: whether a step's output may lie over an input that dies in it.
        alignment_bytes: of each value's place, a power of 2; elements of more bytes get more.

    Raises:
        ValueError: a call's facts do not fit its step (a defect of the kernel's module).
    """
    layout = read_layout(program, calls, alignment_bytes, overlap)
    found = find_offsets(layout)
    placed = list(zip(layout.blocks, found.offsets, strict=True))
    offsets = {index: offset for block, offset in placed for index in block.values}
    return MemoryPlan(
        arena_bytes=found.arena_bytes,
        alignment_bytes=max((block.alignment_bytes for block in layout.blocks), default=1),
        offsets=offsets,
        scratch_offsets={block.scratch_of: offset for block, offset in placed if block.scratch_of is not None},
        mirrored_steps=_mirrored_steps(program, calls, offsets),
        blocks=tuple(_picture(program, block, offset) for block, offset in placed),
        least_bytes=found.least_bytes,
        joint_bytes=joint_bytes(layout),
        liveness_bytes=liveness_bytes(layout),
    )


def _mirrored_steps(program: Program, calls: Sequence[Call | None], offsets: Mapping[int, int]) -> frozenset[int]:
    """Return the steps whose output lies where only the opposite order can write it."""
    mirrored = set()
    for number, (step, call) in enumerate(zip(program.steps, calls, strict=True)):
        if call is not None and call.mirrored is not None and len(step.outputs) == 1 and step.inputs:
            difference = offsets[step.outputs[0]] - offsets[step.inputs[0]]
            if step_separation(program, step, call).forbids(difference):
                mirrored.add(number)
    return frozenset(mirrored)


def _picture(program: Program, block: Block, offset: int) -> PlacedBlock:
    is_scratch = block.scratch_of is not None
    index = block.values[0] if block.scratch_of is None else program.steps[block.scratch_of].outputs[0]
    return PlacedBlock(
        name=program.values[index].name,
        offset=offset,
        nbytes=block.nbytes,
        first=block.first,
        last=block.last,
        is_scratch=is_scratch,
    )
