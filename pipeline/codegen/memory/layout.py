"""The problem that a search solves: blocks, and for each pair that is needed together how far apart it must lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from edgewright.pipeline.codegen.call import Call
from edgewright.pipeline.codegen.memory.blocks import Block, find_blocks
from edgewright.pipeline.codegen.memory.separation import Separation, apart, step_separation
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.rounding import round_up

Offsets = tuple[int, ...]
"""Of each block."""


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A block that is needed together with another one."""

    index: int
    separation: Separation
    """Where the other one may begin relative to this."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Blocks and what lies between them; offsets are multiples of the grid, and of each block's own alignment."""

    blocks: tuple[Block, ...]
    rivals: tuple[tuple[Rival, ...], ...]
    """For each block; a pair that may lie anyhow is left out."""
    grid_bytes: int

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """What each block takes on the grid."""
        return tuple(round_up(block.nbytes, self.grid_bytes) for block in self.blocks)

    def height(self, offsets: Sequence[int]) -> int:
        """Return what a plan takes."""
        return max((offset + nbytes for offset, nbytes in zip(offsets, self.sizes, strict=True)), default=0)

    def is_valid(self, offsets: Sequence[int]) -> bool:
        """Whether every offset is possible and no pair lies too close."""
        return all(
            offset >= 0
            and not offset % self.blocks[index].alignment_bytes
            and not any(rival.separation.forbids(offset - offsets[rival.index]) for rival in self.rivals[index])
            for index, offset in enumerate(offsets)
        )


def read_layout(program: Program, calls: Sequence[Call | None], alignment_bytes: int, overlap: bool) -> Layout:
    """Make the problem of a program.

    Args:
        program: what is computed.
        calls: for each step its call; None where nothing is called.
        alignment_bytes: of a value whose elements need no more; a power of 2.
        overlap: whether outputs may lie over inputs.
    """
    blocks = find_blocks(program, calls, alignment_bytes)
    granted = _granted(program, calls, blocks) if overlap else {}
    return make_layout(blocks, granted)


def make_layout(blocks: Sequence[Block], granted: dict[tuple[int, int], Separation]) -> Layout:
    """Make a problem of blocks.

    Args:
        blocks: in any order.
        granted: for pairs of blocks that may share bytes, where the second may begin relative to the first.
    """
    grid_bytes = min((block.alignment_bytes for block in blocks), default=1)
    rivals: list[list[Rival]] = [[] for _ in blocks]
    for one, other in _pairs(blocks):
        separation = granted.get((one, other))
        if separation is None and (other, one) in granted:
            separation = granted[other, one].mirrored
        if separation is None:
            separation = apart(blocks[other].nbytes, blocks[one].nbytes)
        separation = separation.on_grid(grid_bytes)
        if separation.least_above - separation.most_below > grid_bytes:
            rivals[other].append(Rival(index=one, separation=separation))
            rivals[one].append(Rival(index=other, separation=separation.mirrored))
    return Layout(blocks=tuple(blocks), rivals=tuple(map(tuple, rivals)), grid_bytes=grid_bytes)


def _pairs(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Return the pairs of blocks that are needed at the same moment; empty blocks need nothing."""
    pairs = []
    alive: list[int] = []
    for index in sorted(range(len(blocks)), key=lambda index: (blocks[index].first, index)):
        if not blocks[index].nbytes:
            continue
        alive = [other for other in alive if blocks[other].last >= blocks[index].first]
        pairs += [(other, index) for other in alive]
        alive.append(index)
    return pairs


def _granted(
    program: Program, calls: Sequence[Call | None], blocks: Sequence[Block]
) -> dict[tuple[int, int], Separation]:
    """Return for inputs that die in a step whose kernel can write over them how the output may lie."""
    homes = {value: number for number, block in enumerate(blocks) for value in block.values}
    granted = {}
    for number, (step, call) in enumerate(zip(program.steps, calls, strict=True)):
        if call is None or len(step.outputs) != 1 or not step.inputs:
            continue
        one, other = homes[step.inputs[0]], homes[step.outputs[0]]
        readers = sum(homes[index] == one for index in step.inputs)
        if blocks[one].last == number and readers == 1:
            granted[one, other] = step_separation(program, step, call)
            if call.mirrored is not None:
                granted[one, other] = granted[one, other].relaxed(step_separation(program, step, call.mirrored))
    return granted
