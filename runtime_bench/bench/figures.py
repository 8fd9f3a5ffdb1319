"""Measured rows turned into what `bench.json` says of them."""

from __future__ import annotations

import statistics

from edgewright.runtime_bench.bench.latency import RowTimes, paired_ratio
from edgewright.runtime_bench.bench.noise import MachineNoise
from edgewright.runtime_bench.bench.plan import Limits
from edgewright.runtime_bench.bench.schema import (
    DeviceSection,
    InstructionsSection,
    IntervalSection,
    LatencySection,
    MemorySection,
    NoiseSection,
    RatioSection,
    Verdict,
)
from edgewright.runtime_bench.bench.statistics import FEWEST, Interval, halves_differ, median_interval
from edgewright.runtime_bench.boards import BoardReply
from edgewright.runtime_bench.latency import percentile


def latency_section(times: RowTimes, noise: MachineNoise, limits: Limits) -> LatencySection | None:
    """Return a row's latency, and whether it can be told; None where no block was measured."""
    if not times.blocks:
        return None
    medians = [block.median_us for block in times.blocks]
    every = tuple(latency for block in times.blocks for latency in block.latencies_us)
    interval = times.interval
    doubt = _doubt(times, noise, limits)
    return LatencySection(
        block_count=len(times.blocks),
        run_count=len(every),
        median_us=interval.median if interval else statistics.median(medians),
        low_us=interval.low if interval else None,
        high_us=interval.high if interval else None,
        p90_us=percentile(every, 90),
        p99_us=percentile(every, 99),
        minimum_us=min(every),
        reached=times.is_reached(limits),
        trusted=doubt is None,
        doubt=doubt,
        yardstick_ratio=interval_section(times.yardstick_ratio),
        first_us=statistics.median(block.first_us for block in times.blocks),
        load_us=statistics.median(block.load_us for block in times.blocks),
    )


def device_latency_section(reply: BoardReply, limits: Limits) -> LatencySection | None:
    """Return the latency that a device's own clock tells; None where it has none that is a fact.

    Every inference is a measurement of its own: a device has no processes, and nothing else runs on it.
    """
    figures = reply.latencies_us
    if not figures or reply.first_us is None:
        return None
    exact = median_interval(figures, resolution=0.0)
    interval = median_interval(figures)
    median_us = interval.median if interval else statistics.median(figures)
    reached = exact is not None and exact.half_width <= limits.target_half_width
    doubt = _device_doubt(reply, limits, median_us, reached=reached)
    return LatencySection(
        block_count=1,
        run_count=len(figures),
        median_us=median_us,
        low_us=interval.low if interval else None,
        high_us=interval.high if interval else None,
        p90_us=percentile(figures, 90),
        p99_us=percentile(figures, 99),
        minimum_us=min(figures),
        reached=reached,
        trusted=doubt is None,
        doubt=doubt,
        yardstick_ratio=None,
        first_us=reply.first_us,
        load_us=None,
        clock="device",
    )


def _device_doubt(reply: BoardReply, limits: Limits, median_us: float, *, reached: bool) -> str | None:
    """Say why a device's latency cannot be told; None where it can."""
    figures = reply.latencies_us
    if reply.tick_us is not None and reply.tick_us > limits.target_half_width * median_us:
        return f"the device's clock ticks every {reply.tick_us:.3g} us, too coarse for {median_us:,.1f} us"
    if len(figures) < FEWEST:
        return f"an interval takes {FEWEST} inferences, and {len(figures)} ran"
    if not reached:
        return f"no interval of ±{limits.target_half_width:.0%} in {len(figures)} inferences"
    if halves_differ(figures, limits.target_half_width):
        return "the first half of the measurement was faster or slower than the second"
    return None


def device_section(reply: BoardReply) -> DeviceSection:
    """Return what a device told of itself."""
    return DeviceSection(
        tool_version=reply.tool_version,
        configuration_digest=reply.configuration_digest,
        model_name=reply.model_name,
        selftest=reply.selftest,
        arena_used_bytes=reply.arena_used_bytes,
        arena_bytes=reply.arena_bytes,
        stack_bytes=reply.stack_bytes,
        flash_bytes=reply.flash_bytes,
        ram_bytes=reply.ram_bytes,
        note=reply.note,
    )


def instructions_section(counts: tuple[int, ...]) -> InstructionsSection | None:
    """Return what inferences took; None where nobody counted."""
    if not counts:
        return None
    return InstructionsSection(
        run_count=len(counts),
        median=round(statistics.median(counts)),
        minimum=min(counts),
        maximum=max(counts),
    )


def memory_section(times: RowTimes) -> MemorySection | None:
    """Return a row's memory; None where the system does not tell."""
    seen = [block.memory for block in times.blocks if block.memory is not None]
    if not seen:
        return None
    return MemorySection(
        base_bytes=round(statistics.median(one.base_bytes for one in seen)),
        over_base_bytes=round(statistics.median(max(one.peak_bytes - one.base_bytes, 0) for one in seen)),
    )


def noise_section(noise: MachineNoise) -> NoiseSection:
    """Return what the machine did."""
    return NoiseSection(
        steal_share=noise.steal_share,
        other_cores=noise.other_cores,
        yardstick=interval_section(noise.yardstick),
        yardstick_spread=noise.yardstick_spread,
        reasons=noise.reasons,
    )


def ratio_sections(rows: tuple[RowTimes, ...]) -> tuple[RatioSection, ...]:
    """Compare each row with the first of its model, and with the same engine on the first model."""
    measured = [times for times in rows if times.blocks]
    pairs: list[tuple[RowTimes, RowTimes]] = []
    for times in measured:
        ours = times.row
        first = next(one for one in measured if one.row.candidate is ours.candidate)
        same = next(one for one in measured if one.row.setup == ours.setup)
        pairs += [(times, other) for other in (first, same) if other is not times]
    return tuple(_ratio(times, other) for times, other in pairs)


def interval_section(interval: Interval | None) -> IntervalSection | None:
    """Return an interval as it is kept."""
    if interval is None:
        return None
    return IntervalSection(median=interval.median, low=interval.low, high=interval.high)


def _doubt(times: RowTimes, noise: MachineNoise, limits: Limits) -> str | None:
    """Say why a latency cannot be told; None where it can."""
    if times.interval is None and len(times.blocks) < FEWEST:
        return f"an interval takes {FEWEST} processes, and {len(times.blocks)} ran"
    if not times.is_reached(limits):
        return f"no interval of ±{limits.target_half_width:.0%} within {times.wall_seconds:.0f} s"
    if times.drifts(limits):
        return "the first half of the measurement was faster or slower than the second"
    return noise.reasons[0] if noise.reasons else None


def _ratio(times: RowTimes, other: RowTimes) -> RatioSection:
    count, interval = paired_ratio(times, other)
    verdict: Verdict = "no difference to be told"
    if interval is not None and interval.high < 1:
        verdict = "faster"
    elif interval is not None and interval.low > 1:
        verdict = "slower"
    return RatioSection(
        model=times.row.candidate.name,
        row=times.row.setup.id,
        over_model=other.row.candidate.name,
        over_row=other.row.setup.id,
        block_count=count,
        ratio=interval_section(interval),
        verdict=verdict,
    )
