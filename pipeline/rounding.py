"""Rounding of sizes: memory is given in whole multiples."""

from __future__ import annotations


def round_up(count: int, multiple: int) -> int:
    """Return the smallest multiple that is not below a count.

    >>> round_up(16, 16), round_up(17, 16)
    (16, 32)
    """
    return -(-count // multiple) * multiple
