"""How figures are written for people, in tables and pages alike."""

from __future__ import annotations


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


def format_share(share: float | None) -> str:
    """Write a share as a percentage.

    >>> format_share(0.984)
    '98.4 %'
    >>> format_share(None)
    '-'
    """
    return "-" if share is None else f"{share * 100:.1f} %"
