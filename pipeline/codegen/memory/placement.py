"""Plans by trying many orders: blocks are placed one after the other, each as low as those before let it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from edgewright.pipeline.codegen.memory.layout import Layout, Offsets
from edgewright.pipeline.rounding import round_up

SEED = 1
KICK = 3
"""After a round that found nothing better, so many blocks are moved at once."""
PATIENCE = 40
"""Rounds without a gain until the next start."""


def placements(layout: Layout, rounds: int) -> Iterator[Offsets]:
    """Give plans, each the best that was found so far; the same ones always.

    It begins with good orders; each is then changed at random: blocks that reach the top are placed earlier. A change
    stays where the plan grows by nothing.

    Args:
        layout: the problem.
        rounds: how many plans are tried.
    """
    generator = random.Random(SEED)  # noqa: S311
    best_bytes: int | None = None
    starts = _starts(layout)
    order: list[int] = []
    offsets: list[int] = []
    kept_bytes = idle = 0
    for number in range(rounds):
        is_start = number < len(starts) or idle >= PATIENCE
        candidate = list(starts[number % len(starts)]) if is_start else _moved(layout, order, offsets, generator, idle)
        found = place(layout, candidate)
        nbytes = layout.height(found)
        idle = 0 if is_start or nbytes < kept_bytes else idle + 1
        if is_start or nbytes <= kept_bytes:
            order, offsets, kept_bytes = candidate, found, nbytes
        if best_bytes is None or nbytes < best_bytes:
            best_bytes = nbytes
            yield tuple(found)


def place(layout: Layout, order: Sequence[int]) -> list[int]:
    """Place all blocks in an order."""
    offsets = [-1] * len(layout.blocks)
    for index in order:
        closed = sorted(
            (
                offsets[rival.index] + rival.separation.most_below,
                offsets[rival.index] + rival.separation.least_above,
            )
            for rival in layout.rivals[index]
            if offsets[rival.index] >= 0
        )
        alignment_bytes = layout.blocks[index].alignment_bytes
        candidate = 0
        for low, high in closed:
            if low < candidate < high:
                candidate = round_up(high, alignment_bytes)
        offsets[index] = candidate
    return offsets


def _starts(layout: Layout) -> tuple[list[int], ...]:
    """Return orders by size, by size and duration, by duration, and by time forwards and backwards."""
    blocks = layout.blocks
    indices = range(len(blocks))
    return (
        sorted(indices, key=lambda index: (-blocks[index].nbytes, index)),
        sorted(
            indices, key=lambda index: (-blocks[index].nbytes * (blocks[index].last - blocks[index].first + 1), index)
        ),
        sorted(indices, key=lambda index: (blocks[index].first - blocks[index].last, -blocks[index].nbytes, index)),
        sorted(indices, key=lambda index: (blocks[index].first, -blocks[index].nbytes, index)),
        sorted(indices, key=lambda index: (-blocks[index].last, -blocks[index].nbytes, index)),
    )


def _moved(
    layout: Layout, order: Sequence[int], offsets: Sequence[int], generator: random.Random, idle: int
) -> list[int]:
    """Return the order with one of the highest blocks placed earlier, and others as well after idle rounds."""
    tops = [offset + nbytes for offset, nbytes in zip(offsets, layout.sizes, strict=True)]
    top = max(tops)
    highest = [index for index in order if tops[index] == top]
    candidate = list(order)
    for index in [generator.choice(highest), *generator.sample(order, min(idle % KICK, len(order)))]:
        position = candidate.index(index)
        candidate.pop(position)
        candidate.insert(generator.randint(0, position), index)
    return candidate
