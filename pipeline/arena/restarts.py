"""Plans by trying many orders: buffers are placed one after the other, each as low as it can go."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Iterator, Sequence

from edgewright.pipeline.arena.planner import Buffer, lowest_gap

SEED = 1
KICK = 3
"""After a round that found nothing better, so many buffers are moved at once."""
PATIENCE = 40
"""Rounds without a gain until the next start."""


def restarts(buffers: Sequence[Buffer], rounds: int) -> Iterator[tuple[int, ...]]:
    """Give plans, each the best that was found so far; the same ones always.

    It begins with the order by falling size, and with those by falling area and by time; each is then changed at
    random: buffers that reach the top are placed earlier. A change stays where the plan grows by nothing.

    Args:
        buffers: what is to be placed; places that they have already are not looked at.
        rounds: how many plans are tried.
    """
    trial = _Trial(buffers)
    generator = random.Random(SEED)  # noqa: S311
    best_bytes: int | None = None
    starts = _starts(buffers)
    order: list[int] = []
    kept_bytes = idle = 0
    for number in range(rounds):
        is_start = number < len(starts) or idle >= PATIENCE
        candidate = list(starts[number % len(starts)]) if is_start else trial.moved(order, generator, idle)
        nbytes = trial.place(candidate)
        idle = 0 if is_start or nbytes < kept_bytes else idle + 1
        if is_start or nbytes <= kept_bytes:
            order, kept_bytes = candidate, nbytes
        if best_bytes is None or nbytes < best_bytes:
            best_bytes = nbytes
            yield tuple(trial.offsets)


def _starts(buffers: Sequence[Buffer]) -> tuple[list[int], ...]:
    indices = range(len(buffers))
    return (
        sorted(indices, key=lambda index: (-buffers[index].nbytes, index)),
        sorted(indices, key=lambda index: (-buffers[index].nbytes * (_span(buffers[index])), index)),
        sorted(indices, key=lambda index: (buffers[index].first, -buffers[index].nbytes, index)),
    )


def _span(buffer: Buffer) -> int:
    return buffer.last - buffer.first + 1


class _Trial:
    """Places buffers in one order after the other."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self.offsets = [0] * len(buffers)
        self._buffers = buffers
        self._rivals = [
            tuple(other for other, one in enumerate(buffers) if other != index and one.meets(buffer))
            for index, buffer in enumerate(buffers)
        ]

    def place(self, order: Sequence[int]) -> int:
        """Place all buffers in an order, and return what the plan takes."""
        placed = [False] * len(self._buffers)
        for index in order:
            around: list[tuple[int, int]] = []
            for other in self._rivals[index]:
                if placed[other]:
                    insort(around, (self.offsets[other], self._buffers[other].nbytes))
            self.offsets[index] = lowest_gap(around, self._buffers[index].nbytes)
            placed[index] = True
        return max(self._top(index) for index in order)

    def moved(self, order: Sequence[int], generator: random.Random, idle: int) -> list[int]:
        """Return the order with one of the highest buffers placed earlier, and others as well after idle rounds."""
        top = max(self._top(index) for index in order)
        highest = [index for index in order if self._top(index) == top]
        candidate = list(order)
        for index in [generator.choice(highest), *generator.sample(order, min(idle % KICK, len(order)))]:
            position = candidate.index(index)
            candidate.pop(position)
            candidate.insert(generator.randint(0, position), index)
        return candidate

    def _top(self, index: int) -> int:
        return self.offsets[index] + self._buffers[index].nbytes
