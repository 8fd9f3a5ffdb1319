"""What tells a noisy machine from a quiet one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgewright.runtime_bench.bench.noise import MachineWatch, find_reasons

STEADY = [30.0, 30.1, 29.9, 30.2] * 5


def test_a_quiet_machine_has_no_reasons() -> None:
    """Steady figures, nobody else at work: latencies can be told; what the system does not say is no reason."""
    assert () == find_reasons(0.001, 0.1, STEADY, 2)
    assert () == find_reasons(None, None, STEADY, 2)


@pytest.mark.parametrize(
    ("steal", "others", "yardsticks", "words"),
    [
        (0.05, 0.0, STEADY, "the hypervisor took 5.0% of the processors' time"),
        (0.0, 1.2, STEADY, "other programs kept 1.2 of 2 processors busy"),
        (0.0, 0.0, [30.0, 33.0, 36.0] * 7, "a fixed calculation took times that spread by 18%"),
        (0.0, 0.0, [30.0] * 10 + [32.0] * 10, "the processor's speed changed while it was measured"),
    ],
)
def test_each_kind_of_noise_is_named(steal: float, others: float, yardsticks: list[float], words: str) -> None:
    """Stolen time, other programs, an unsteady and a changing speed each give their sentence."""
    assert words in find_reasons(steal, others, yardsticks, 2)


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="only Linux counts what the processors did")
def test_others_work_is_told_from_our_own() -> None:
    """A program that we started and waited for is our own work; what the watch counts beyond is not negative."""
    watch = MachineWatch()
    busy = "import time\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    time.sleep(0.1)
    found = watch.finish(STEADY)
    assert found.other_cores is not None
    assert found.steal_share is not None
    assert 0.0 <= found.other_cores
    assert 0.0 <= found.steal_share <= 1.0
