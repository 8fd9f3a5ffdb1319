"""What a page is made of: sections of paragraphs, tables, pictures and lists. Templates write them down and no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgewright.pipeline.report.bars import Bar
from edgewright.pipeline.report.charts import Chart, page_chart
from edgewright.pipeline.report.schema import Report


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: str = ""
    """`good`, `bad` or nothing."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A chart in two widths, of which the page shows one."""

    kind: ClassVar[str] = "picture"
    wide: str
    narrow: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a table."""

    text: str
    tone: str = ""
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table."""

    cells: tuple[Cell, ...]
    style: str = ""
    """`back` for what was undone, `sum` for a total, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; of figures unless it is one of words."""

    kind: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    style: str = "figures"
    """`figures`: all but the first column stand at the right; `words`: text that may break; `pairs`: names and values
    that may."""


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list."""

    kind: ClassVar[str] = "items"
    lines: tuple[Paragraph, ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, kw_only=True)
class Bars:
    """The memories as bars."""

    kind: ClassVar[str] = "bars"
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Details:
    """What a reader may open."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block = Paragraph | Picture | Table | Items | Heading | Bars | Details


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page with a heading of its own."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One large figure of the summary."""

    figure: str
    name: str
    notes: tuple[str, ...]
    tone: str = ""


def cell(text: str, tone: str = "", tip: str = "") -> Cell:
    """Return a cell."""
    return Cell(text=text, tone=tone, tip=tip)


def row(*cells: str | Cell, style: str = "") -> Row:
    """Return a row of cells and plain texts."""
    return Row(cells=tuple(one if isinstance(one, Cell) else Cell(text=one) for one in cells), style=style)


def table(columns: Sequence[str], rows: Iterable[Row], *, style: str = "figures") -> Table:
    """Return a table."""
    return Table(columns=tuple(columns), rows=tuple(rows), style=style)


def say(text: str, tone: str = "") -> Paragraph:
    """Return a paragraph."""
    return Paragraph(text=text, tone=tone)


def pictures(chart: Chart, report: Report) -> tuple[Picture, ...]:
    """Return a chart as a block, or nothing where the report has nothing to draw."""
    parts = page_chart(chart, report)
    return () if parts is None else (Picture(wide=parts[0], narrow=parts[1]),)
