"""The views of a bench on a terminal."""

from __future__ import annotations

from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgewright.runtime_bench.bench.view import NOT_KEPT
from edgewright.runtime_bench.bench.view_parts import View

STYLES = {"too noisy to tell": "yellow", "failed": "red", NOT_KEPT: "red", "faster": "green", "slower": "yellow"}
"""By a cell's text, which says the same without colour."""


def render_view(view: View) -> RenderableType:
    """Return one view: its title, its table, and its sentences."""
    parts: list[RenderableType] = [Text(view.title, style="bold")]
    if view.rows:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for place, column in enumerate(view.columns):
            justify: Literal["left", "right"] = "right" if column.is_number else "left"
            table.add_column(column.heading, justify=justify, overflow="fold", no_wrap=place == 0)
        for row in view.rows:
            table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
        parts.append(table)
    parts += [Text(note) for note in view.notes]
    return Group(*parts, Text())
