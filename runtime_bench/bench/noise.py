"""What else the machine did while something was measured, as Linux counts it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.runtime_bench.bench.statistics import Interval, halves_differ, median_interval, spread

MOST_STEAL = 0.02
"""Share of the processors' time that a hypervisor may take."""
MOST_OTHER_CORES = 0.1
"""Share of the processors that other programs may keep busy."""
MOST_SPREAD = 0.04
"""Distance of the yardstick's quartiles, as a share of its median, that is accepted."""
_STAT = Path("/proc/stat")
_IDLE, _IO_WAIT, _STEAL = 3, 4, 7
_COUNTED = 8
"""Fields that add up to all time; what guests took is part of them."""


@dataclass(frozen=True, kw_only=True)
class MachineNoise:
    """What the machine did during a measurement; None is what the system does not tell."""

    steal_share: float | None
    other_cores: float | None
    yardstick: Interval | None
    yardstick_spread: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Reading:
    at_seconds: float
    own_seconds: float
    busy_seconds: float | None
    steal_seconds: float | None


class MachineWatch:
    """Watches the machine from the moment it is made."""

    def __init__(self) -> None:
        """Start watching."""
        self._start = _read()

    def finish(self, yardsticks_us: Sequence[float]) -> MachineNoise:
        """Return what happened since the start.

        Args:
            yardsticks_us: of every process that measured, in the order of time.
        """
        end = _read()
        elapsed = max(end.at_seconds - self._start.at_seconds, 1e-9)
        cores = os.cpu_count() or 1
        steal = _difference(self._start.steal_seconds, end.steal_seconds)
        busy = _difference(self._start.busy_seconds, end.busy_seconds)
        own = end.own_seconds - self._start.own_seconds
        steal_share = None if steal is None else steal / elapsed / cores
        other_cores = None if busy is None else max(busy - own, 0.0) / elapsed
        return MachineNoise(
            steal_share=steal_share,
            other_cores=other_cores,
            yardstick=median_interval(yardsticks_us),
            yardstick_spread=spread(yardsticks_us),
            reasons=find_reasons(steal_share, other_cores, yardsticks_us, cores),
        )


def find_reasons(
    steal_share: float | None, other_cores: float | None, yardsticks_us: Sequence[float], cores: int
) -> tuple[str, ...]:
    """Say why a machine is too noisy to tell how long something takes; nothing where it is quiet."""
    reasons = []
    if steal_share is not None and steal_share > MOST_STEAL:
        reasons.append(f"the hypervisor took {steal_share:.1%} of the processors' time")
    if other_cores is not None and other_cores > MOST_OTHER_CORES * cores:
        reasons.append(f"other programs kept {other_cores:.1f} of {cores} processors busy")
    if spread(yardsticks_us) > MOST_SPREAD:
        reasons.append(f"a fixed calculation took times that spread by {spread(yardsticks_us):.0%}")
    if halves_differ(yardsticks_us, MOST_SPREAD):
        reasons.append("the processor's speed changed while it was measured")
    return tuple(reasons)


def _read() -> _Reading:
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    fields = _stat()
    return _Reading(
        at_seconds=time.monotonic(),
        own_seconds=own,
        busy_seconds=None if fields is None else sum(fields) - fields[_IDLE] - fields[_IO_WAIT] - fields[_STEAL],
        steal_seconds=None if fields is None else fields[_STEAL],
    )


def _stat() -> tuple[float, ...] | None:
    """Return the seconds that all processors together spent in each state."""
    try:
        words = _STAT.read_text(encoding="ascii").splitlines()[0].split()
        ticks = os.sysconf("SC_CLK_TCK")
        fields = tuple(int(word) / ticks for word in words[1 : 1 + _COUNTED])
    except (OSError, ValueError, IndexError):
        return None
    return fields if words[0] == "cpu" and len(fields) == _COUNTED else None


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(after - before, 0.0)
