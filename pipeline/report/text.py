"""How figures are written for people, in tables and pages alike."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.pipeline.figures import PlanFigures


def format_bytes(count: int | None) -> str:
    """Write a number of bytes.

    >>> format_bytes(24576)
    '24,576 B'
    >>> format_bytes(None)
    'no limit'
    """
    return "no limit" if count is None else f"{count:,} B"


def format_count(count: int) -> str:
    """Write a large number shortly.

    >>> format_count(5720000)
    '5.72 M'
    >>> format_count(18850)
    '18.9 k'
    >>> format_count(850)
    '850'
    """
    if count >= 1_000_000:
        return f"{count / 1e6:.2f} M"
    if count >= 10_000:
        return f"{count / 1e3:.1f} k"
    return str(count)


def format_score(value: float | None, *, is_share: bool) -> str:
    """Write a figure of a task, a share as a percentage.

    >>> format_score(0.984, is_share=True)
    '98.4 %'
    >>> format_score(0.90123, is_share=False)
    '0.9012'
    >>> format_score(None, is_share=True)
    '-'
    """
    if value is None:
        return "-"
    return f"{value * 100:.1f} %" if is_share else f"{value:.4g}"


def format_seconds(seconds: float | None) -> str:
    """Write a duration.

    >>> format_seconds(83.4)
    '83 s'
    >>> format_seconds(None)
    '-'
    """
    return "-" if seconds is None else f"{seconds:.0f} s"


def format_microseconds(microseconds: float | None) -> str:
    """Write a latency.

    >>> format_microseconds(12.34), format_microseconds(1234.5), format_microseconds(None)
    ('12.3 µs', '1.23 ms', '-')
    """
    if microseconds is None:
        return "-"
    if microseconds < 1000:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1000:.3g} ms"


def format_share(share: float | None) -> str:
    """Write a share as a percentage.

    >>> format_share(0.984)
    '98.4 %'
    >>> format_share(None)
    '-'
    """
    return format_score(share, is_share=True)


def format_small_share(share: float) -> str:
    """Write a share that may be very small as a percentage; less than nothing is nothing.

    >>> format_small_share(0.00002), format_small_share(0.0027), format_small_share(0.31), format_small_share(-0.1)
    ('0.002 %', '0.27 %', '31 %', '0 %')
    """
    return f"{max(share, 0.0) * 100:.2g} %"


def format_part(share: float) -> str:
    """Write the share of a part in whole per cent.

    >>> format_part(0.984), format_part(0.002), format_part(0.0)
    ('98 %', '<1 %', '0 %')
    """
    return "<1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"


def format_shape(shape: Sequence[int]) -> str:
    """Write a tensor's shape, the batch of a single sample left out.

    >>> format_shape((1, 48, 48, 8)), format_shape((128, 64)), format_shape((1, 3)), format_shape(())
    ('[48x48x8]', '[128x64]', '[3]', '[]')
    """
    kept = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
    return f"[{'x'.join(map(str, kept))}]"


def format_plan(figures: PlanFigures) -> str:
    """Write what a memory plan saves: activations and scratch are the head of the arena."""
    bound = " (the bound)" if figures.head_bytes == figures.bound_bytes else ""
    if not figures.compared_inputs:
        whose = "the model's own" if figures.is_offline else "TFLM's own"
        return f"{whose} stays, head {format_bytes(figures.head_bytes)}{bound}"
    order = ", operators in another order" if figures.is_reordered else ""
    return (
        f"head {figures.head_before_bytes:,} -> {format_bytes(figures.head_bytes)}{bound}, arena "
        f"{figures.arena_before_bytes:,} -> {format_bytes(figures.arena_bytes)}{order}; outputs equal on "
        f"{figures.compared_inputs} inputs"
    )
