"""Latencies in blocks: each a process of its own that loads a model, warms up and runs it for a while.

What differs from one process to the next (where memory lies, which clock the processor has) is part of how long an
inference takes, and figures of one process depend on each other; so the blocks' medians are what intervals are made of.
Blocks of everything that is compared take turns, in one order and then in the other: what disturbs the machine for a
while disturbs neighbours alike, and their ratio survives.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters import Array, InvokeTimes, MemoryUse, TimeInvokes, time_invokes
from edgewright.runtime_bench.bench.plan import Candidate, Limits, Setup
from edgewright.runtime_bench.bench.statistics import (
    FEWEST,
    PAIRED_RESOLUTION,
    Interval,
    halves_differ,
    median_interval,
)

WARM_UP_RUNS = 20
MOST_RUNS = 2000
"""Of one block."""
FEW_BLOCKS_PATIENCE = 4
"""Times the time limit that a row may take which has fewer blocks than an interval takes."""
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One candidate on one setup, the file's content that it runs, and the sample that is timed."""

    candidate: Candidate
    setup: Setup
    content: bytes
    sample: tuple[Array, ...] = ()
    """One array (1, …) for each input; zeros where it is empty."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """What one process measured."""

    round: int
    latencies_us: tuple[float, ...]
    first_us: float
    load_us: float
    yardstick_us: float
    memory: MemoryUse | None
    uses_delegate: bool
    started_seconds: float
    """On a clock that only goes forward."""
    wall_seconds: float
    """Of the whole process."""

    @property
    def median_us(self) -> float:
        """Of the block's inferences."""
        return statistics.median(self.latencies_us)

    @property
    def seconds(self) -> float:
        """What its inferences took together."""
        return (sum(self.latencies_us) + self.first_us) / 1e6


@dataclass(frozen=True, kw_only=True, eq=False)
class RowTimes:
    """All blocks of a row, and how it failed where it did."""

    row: Row
    blocks: tuple[Block, ...]
    failure: str | None = None

    @property
    def interval(self) -> Interval | None:
        """The median of the blocks' medians; None with too few blocks."""
        return median_interval([block.median_us for block in self.blocks])

    @property
    def yardstick_ratio(self) -> Interval | None:
        """The same over the time of the fixed calculation in the same process."""
        return median_interval([block.median_us / block.yardstick_us for block in self.blocks])

    @property
    def wall_seconds(self) -> float:
        """What all processes took."""
        return sum(block.wall_seconds for block in self.blocks)

    def is_reached(self, limits: Limits) -> bool:
        """Tell whether the interval is as narrow as is wanted."""
        interval = median_interval([block.median_us for block in self.blocks], resolution=0.0)
        return interval is not None and interval.half_width <= limits.target_half_width

    def drifts(self, limits: Limits) -> bool:
        """Tell whether the first blocks were faster or slower than the last ones."""
        return halves_differ([block.median_us for block in self.blocks], limits.target_half_width)

    def is_done(self, limits: Limits) -> bool:
        """Tell whether no further block is measured."""
        if self.failure is not None or self.is_reached(limits):
            return True
        inferring = sum(block.seconds for block in self.blocks)
        patience = 1 if len(self.blocks) >= FEWEST else FEW_BLOCKS_PATIENCE
        return inferring >= limits.time_limit_seconds or self.wall_seconds >= patience * limits.time_limit_seconds


def measure_rows(rows: Sequence[Row], limits: Limits, report: Report) -> tuple[RowTimes, ...]:
    """Measure all rows in turns until each has its interval, is given up or has failed.

    Args:
        rows: what to measure.
        limits: how long.
        report: is told what happens.

    Returns:
        One for each row, in their order; a row that fails keeps its earlier blocks.
    """
    states = [RowTimes(row=row, blocks=()) for row in rows]
    turn = 0
    while True:
        pending = [index for index, state in enumerate(states) if not state.is_done(limits)]
        if not pending:
            return tuple(states)
        report(f"round {turn + 1}, {len(pending)} of {len(rows)}")
        for index in pending if turn % 2 == 0 else reversed(pending):
            states[index] = _with_block(states[index], turn, limits)
        turn += 1


def paired_ratio(numerator: RowTimes, denominator: RowTimes) -> tuple[int, Interval | None]:
    """Return in how many rounds two rows were both measured, and the ratio of their latencies there.

    The resolution is left out: what disturbs both alike cancels.
    """
    below = {block.round: block.median_us for block in denominator.blocks}
    ratios = [block.median_us / below[block.round] for block in numerator.blocks if block.round in below]
    return len(ratios), median_interval(ratios, PAIRED_RESOLUTION)


def _with_block(state: RowTimes, turn: int, limits: Limits) -> RowTimes:
    row = state.row
    started = time.monotonic()
    try:
        times = time_invokes(
            TimeInvokes(
                engine=row.setup.engine,
                tflite=row.content,
                inputs=row.sample,
                resolver=row.setup.resolver,
                threads=row.setup.threads,
                warm_up_runs=WARM_UP_RUNS,
                minimum_runs=1,
                maximum_runs=MOST_RUNS,
                time_limit_seconds=limits.block_seconds,
            ),
            timeout_seconds=limits.timeout_seconds,
        )
    except InterpreterError as error:
        return RowTimes(row=row, blocks=state.blocks, failure=str(error))
    return RowTimes(row=row, blocks=(*state.blocks, _block(times, turn, started)))


def _block(times: InvokeTimes, turn: int, started_seconds: float) -> Block:
    return Block(
        round=turn,
        latencies_us=times.latencies_us,
        first_us=times.first_time_us,
        load_us=times.load_time_us,
        yardstick_us=statistics.fmean(times.yardsticks_us),
        memory=times.memory,
        uses_delegate=times.uses_delegate,
        started_seconds=started_seconds,
        wall_seconds=time.monotonic() - started_seconds,
    )
