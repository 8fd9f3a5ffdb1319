"""What views are made of: plain tables with sentences below them."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A table's column."""

    heading: str
    is_number: bool = True


@dataclass(frozen=True, kw_only=True)
class View:
    """A table with sentences below it; without columns the sentences alone."""

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def words(heading: str) -> Column:
    """Return a column of words."""
    return Column(heading=heading, is_number=False)


def or_nothing(value: float | None, form: str) -> str:
    """Return a figure in a form, or that there is none."""
    return NOTHING if value is None else format(value, form)


def format_ms(milliseconds: float) -> str:
    """Write a time with three digits.

    >>> format_ms(1234.5), format_ms(12.345), format_ms(0.12345)
    ('1,234', '12.3', '0.123')
    """
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.3g}"
