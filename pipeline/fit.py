"""Whether a model fits a target: what each of the board's memories must hold, part by part, against what it has."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Placement


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that takes room in a memory."""

    name: str
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """One memory of a board, and what it must hold."""

    name: str
    parts: tuple[Part, ...]
    limit_bytes: int | None
    """None where the board sets no limit."""

    @property
    def needed_bytes(self) -> int:
        """The sum of the parts."""
        return sum(part.nbytes for part in self.parts)

    @property
    def lacking_bytes(self) -> int:
        """How much is missing; 0 where the parts fit."""
        return 0 if self.limit_bytes is None else max(0, self.needed_bytes - self.limit_bytes)

    def share(self, part: Part) -> float:
        """Return a part's share of what is needed."""
        return part.nbytes / self.needed_bytes if self.needed_bytes else 0.0


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a model needs of each memory of a board, in the order in which people ask for it."""

    memories: tuple[Memory, ...]
    placement: Placement
    """Where the arena lies."""

    @property
    def fits(self) -> bool:
        """Whether every memory holds its parts."""
        return not self.lacking

    @property
    def lacking(self) -> tuple[Memory, ...]:
        """The memories that are too small."""
        return tuple(memory for memory in self.memories if memory.lacking_bytes)

    @property
    def lacks_ram(self) -> bool:
        """Whether one of them is to hold the arena."""
        return any(part.name == ARENA for memory in self.lacking for part in memory.parts)


FLASH = "flash"
WEIGHTS = "weights"
ARENA = "arena"


def find_fit(needs: Footprint, target: Target, family: Family) -> Fit:
    """Compare what a model needs with what a board has.

    The arena lies in the chip's own RAM; where that is too small it lies in PSRAM, on a board that has some and in a
    family that can place it there.

    Args:
        needs: what the model takes of the target.
        target: the board.
        family: which firmware.
    """
    internal = Fit(memories=(_flash(needs, target), *_internal_ram(needs, target)), placement=Placement.INTERNAL)
    if target.psram_bytes is None or family.external_ram is None or not internal.lacks_ram:
        return internal
    return Fit(memories=(_flash(needs, target), *_with_psram(needs, target)), placement=Placement.PSRAM)


@dataclass(frozen=True, kw_only=True)
class SelftestSizes:
    """What the parts of a self-test take in flash."""

    vector_bytes: int
    """One golden vector."""
    table_bytes: int = 0
    """The list of what the layers compute."""
    hash_bytes: int = 0
    """What tells, for one golden vector, whether each layer is right; 0 where a family does not look at layers."""
    value_bytes: int = 0
    """The layers' values for one golden vector."""


@dataclass(frozen=True, kw_only=True)
class SelftestParts:
    """What a self-test holds in flash."""

    vector_count: int
    hashed_count: int
    """Golden vectors of which it holds the layers' hashes: all or none."""
    valued_count: int
    """Golden vectors of which it holds the layers' values: the first ones."""
    nbytes: int


def affordable_selftest(
    needs: Footprint, sizes: SelftestSizes, target: Target, *, vector_count: int, valued_count: int
) -> SelftestParts:
    """Return what the flash has room for beside weights and code, however inexactly that is known.

    The layers' hashes come with the vectors; their values take what is left.

    Args:
        needs: what the model takes.
        sizes: what the parts of the self-test take.
        target: the board.
        vector_count: how many golden vectors there are.
        valued_count: of how many of them values are wanted.

    Returns:
        From one vector, since a self-test needs one, to what is wanted.
    """
    each_bytes = sizes.vector_bytes + sizes.hash_bytes
    if target.flash_bytes is None:
        room_bytes = sizes.table_bytes + vector_count * (each_bytes + sizes.value_bytes)
    else:
        code_bytes = math.ceil(needs.code_bytes * (1 + needs.code_accuracy))
        room_bytes = target.flash_bytes - needs.weight_bytes - code_bytes
    count = min(vector_count, (room_bytes - sizes.table_bytes) // max(1, each_bytes))
    if count < 1 or not sizes.hash_bytes:
        count = max(1, min(vector_count, room_bytes // max(1, sizes.vector_bytes)))
        nbytes = count * sizes.vector_bytes
        return SelftestParts(vector_count=count, hashed_count=0, valued_count=0, nbytes=nbytes)
    nbytes = sizes.table_bytes + count * each_bytes
    valued = min(valued_count, count, (room_bytes - nbytes) // max(1, sizes.value_bytes))
    return SelftestParts(
        vector_count=count, hashed_count=count, valued_count=valued, nbytes=nbytes + valued * sizes.value_bytes
    )


def _flash(needs: Footprint, target: Target) -> Memory:
    parts = (
        Part(name=WEIGHTS, nbytes=needs.weight_bytes),
        Part(name="code", nbytes=needs.code_bytes),
        Part(name="self-test", nbytes=needs.selftest_bytes),
    )
    return _memory(FLASH, parts, target.flash_bytes)


def _internal_ram(needs: Footprint, target: Target) -> tuple[Memory, ...]:
    arena, stack, variables = _ram_parts(needs)
    return (*_static_ram(target, arena, variables), _memory("RAM", (arena, stack, variables), target.ram_bytes))


def _with_psram(needs: Footprint, target: Target) -> tuple[Memory, ...]:
    arena, stack, variables = _ram_parts(needs)
    return (
        *_static_ram(target, variables),
        _memory("RAM", (stack, variables), target.ram_bytes),
        _memory("PSRAM", (arena,), target.psram_bytes),
    )


def _static_ram(target: Target, *parts: Part) -> tuple[Memory, ...]:
    """The part of the RAM that the linker fills, where the board limits it by itself; stacks lie elsewhere."""
    return (_memory("static RAM", parts, target.static_ram_bytes),) if target.static_ram_bytes else ()


def _ram_parts(needs: Footprint) -> tuple[Part, Part, Part]:
    return (
        Part(name=ARENA, nbytes=needs.arena_bytes),
        Part(name="stack", nbytes=needs.stack_bytes),
        Part(name="variables", nbytes=needs.static_bytes),
    )


def _memory(name: str, parts: tuple[Part, ...], limit_bytes: int | None) -> Memory:
    return Memory(name=name, parts=tuple(part for part in parts if part.nbytes), limit_bytes=limit_bytes)
