"""What a device's clock tells becomes a latency, or a reason why it is too noisy to tell."""

from __future__ import annotations

import pytest

from edgewright.runtime_bench.bench import Limits
from edgewright.runtime_bench.bench.figures import device_latency_section, instructions_section
from edgewright.runtime_bench.boards import BoardReply

LIMITS = Limits()


def reply_of(latencies_us: list[float], tick_us: float = 1.0) -> BoardReply:
    """Return what a board tells of so many inferences after a first one."""
    return BoardReply(latencies_us=tuple(latencies_us), first_us=2000.0, tick_us=tick_us)


def test_a_steady_board_is_told() -> None:
    """A board that always takes as long has a latency that is trusted, with the first inference apart."""
    latency = device_latency_section(reply_of([1000.0, 1001.0] * 10), LIMITS)
    assert latency is not None
    assert (True, None, 1000.5, 1000.0, 2000.0, None, 20, "device") == (
        latency.trusted, latency.doubt, latency.median_us, latency.minimum_us, latency.first_us, latency.load_us,
        latency.run_count, latency.clock,
    )  # fmt: skip
    assert latency.low_us < 1000.5 < latency.high_us


@pytest.mark.parametrize(
    ("latencies_us", "tick_us", "doubt"),
    [
        ([1000.0] * 20, 30.5, "the device's clock ticks every 30.5 us, too coarse for 1,000.0 us"),
        ([0.0] * 20, 1.0, "the device's clock ticks every 1 us, too coarse for 0.0 us"),
        ([1000.0] * 12, 1.0, "an interval takes 13 inferences, and 12 ran"),
        ([500.0, 1000.0] * 10, 1.0, "no interval of ±2% in 20 inferences"),
        ([1000.0] * 60 + [1030.0] * 59, 1.0, "no interval of ±2% in 119 inferences"),
    ],
)
def test_what_cannot_be_told(latencies_us: list[float], tick_us: float, doubt: str) -> None:
    """A coarse or standing clock, too few inferences and inferences that scatter are reasons."""
    latency = device_latency_section(reply_of(latencies_us, tick_us), LIMITS)
    assert latency is not None
    assert (False, doubt) == (latency.trusted, latency.doubt)


def test_a_device_without_a_clock_has_no_latency() -> None:
    """An emulator tells no time."""
    assert device_latency_section(BoardReply(instructions=(5, 6)), LIMITS) is None


def test_instructions_are_whole_numbers() -> None:
    """The median and the ends of what samples took; nothing where nobody counted."""
    section = instructions_section((7, 3, 4))
    assert section is not None
    assert (3, 4, 3, 7) == (section.run_count, section.median, section.minimum, section.maximum)
    assert instructions_section(()) is None
