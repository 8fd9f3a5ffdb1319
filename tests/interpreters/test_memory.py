"""Peak memory since a moment, as the system tells it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from support.models import two_layer_tflite

from edgewright.pipeline.interpreters import TimeInvokes, tflm_engine, time_invokes
from edgewright.pipeline.interpreters.memory import PeakMemory

MEGABYTE = 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process's memory")
def test_a_peak_counts_what_was_given_back() -> None:
    """Memory that was taken and released since the start is in the peak, what was taken before is in the base."""
    before = np.ones(16 * MEGABYTE, np.uint8)
    peak = PeakMemory()
    np.ones(64 * MEGABYTE, np.uint8)
    use = peak.measure()
    assert use is not None
    assert use.base_bytes > before.nbytes
    assert 63 * MEGABYTE < use.peak_bytes - use.base_bytes < 80 * MEGABYTE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process's memory")
def test_a_worker_tells_its_own() -> None:
    """What a worker reports is its interpreter's, and not what the parent has."""
    kept = np.ones(256 * MEGABYTE, np.uint8)
    use = time_invokes(
        TimeInvokes(
            engine=tflm_engine(),
            tflite=two_layer_tflite(),
            resolver=tflm_engine().resolvers[0],
            time_limit_seconds=0.01,
        )
    ).memory
    assert use is not None
    assert 0 < use.base_bytes <= use.peak_bytes < kept.nbytes
