"""What needs a place in the arena, and from when to when.

Moments are the numbers of steps; -1 is when the inputs are written, and the moment behind the last step is when the
outputs are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.codegen.call import Call
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.program import Program

START = -1
SCRATCH_ALIGNMENT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Block:
    """Bytes that stay together."""

    nbytes: int
    alignment_bytes: int
    first: int
    last: int
    values: tuple[int, ...] = ()
    """All values that share the bytes, in the order in which they come to be; none for scratch."""
    scratch_of: int | None = None
    """The step whose scratch it is."""

    def meets(self, other: Block) -> bool:
        """Whether both are needed at the same moment."""
        return self.first <= other.last and other.first <= self.last


def find_blocks(program: Program, calls: Sequence[Call | None], alignment_bytes: int) -> tuple[Block, ...]:
    """Find the blocks of a program: first those of values, in the order in which they come to be, then scratch.

    Args:
        program: its steps tell lifetimes.
        calls: for each step its call, which tells its scratch; None where nothing is called.
        alignment_bytes: of a value whose elements need no more.
    """
    homes = _homes(program)
    members: dict[int, list[int]] = {}
    for index, home in homes.items():
        members.setdefault(home, []).append(index)
    firsts, lasts = _lifetimes(program)
    blocks = []
    for indices in members.values():
        values = [program.values[index] for index in indices]
        blocks.append(
            Block(
                nbytes=max(value.nbytes for value in values),
                alignment_bytes=max(alignment_bytes, *(value.dtype.bits // 8 for value in values)),
                first=min(firsts[index] for index in indices),
                last=max(lasts[index] for index in indices),
                values=tuple(indices),
            )
        )
    for number, call in enumerate(calls):
        if call is not None and call.scratch_bytes:
            blocks.append(
                Block(
                    nbytes=call.scratch_bytes,
                    alignment_bytes=SCRATCH_ALIGNMENT_BYTES,
                    first=number,
                    last=number,
                    scratch_of=number,
                )
            )
    return tuple(blocks)


def _homes(program: Program) -> dict[int, int]:
    """Return for each input and computed value the one whose bytes it shares, most often itself."""
    homes = {index: index for index in program.inputs}
    for step in program.steps:
        if isinstance(step.operation, Reinterpretation):
            homes[step.outputs[0]] = homes[step.inputs[0]]
        else:
            homes.update((index, index) for index in step.outputs)
    return homes


def _lifetimes(program: Program) -> tuple[dict[int, int], dict[int, int]]:
    """Return for each value when it begins and when it is read for the last time."""
    firsts = dict.fromkeys(program.inputs, START)
    lasts = dict.fromkeys(program.inputs, START)
    for number, step in enumerate(program.steps):
        for index in step.inputs:
            lasts[index] = number
        for index in step.outputs:
            firsts[index] = lasts[index] = number
    lasts.update((index, len(program.steps)) for index in program.outputs)
    return firsts, lasts
