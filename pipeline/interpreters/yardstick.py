"""A fixed calculation whose time tells how fast the machine is at a moment, whatever the model.

A digest of 64 KiB: integers in a cache, as the kernels of a small model work. Divided by it, latencies of two runs
can be compared although the processor's clock was another one.
"""

from __future__ import annotations

import hashlib
import time

_CONTENT = bytes(range(256)) * 256
_REPEATS = 9


def measure_yardstick_us() -> float:
    """Return the time of the calculation: the shortest of nine."""
    times_ns = []
    for _ in range(_REPEATS):
        started_ns = time.perf_counter_ns()
        hashlib.sha256(_CONTENT).digest()
        times_ns.append(time.perf_counter_ns() - started_ns)
    return min(times_ns) / 1000
