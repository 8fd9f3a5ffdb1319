"""The analysis as a table on a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgewright.pipeline.analysis.grid import BARS, COLUMNS, rows_of
from edgewright.pipeline.analysis.schema import Analysis
from edgewright.pipeline.analysis.wording import change_text, score_text

STYLES = ("green", "default", "default", "yellow", "yellow", "red", "red", "bold red")
"""For each level of loss; the figure beside it says the same without colour."""
SHORT = {"channels removed": "ch \N{MINUS SIGN}", "rank: energy kept": "rank "}


def analysis_table(analysis: Analysis) -> Table:
    """Return one row for each layer with weights: its costs, and how the score changes with each trial."""
    unit = " in points" if analysis.is_share else ""
    title = f"{analysis.model}: {analysis.score_name} {score_text(analysis, analysis.baseline)}, and its change{unit}"
    if analysis.int8 is not None:
        title += f"; all in int8 {change_text(analysis, analysis.int8)}"
    table = Table(title=Text(title, style="table.title"), title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("layer", overflow="fold")
    for heading in (*BARS, *(f"{SHORT[column.group]}{column.title}" for column in COLUMNS[:-1]), "int8"):
        table.add_column(heading, justify="right")
    for row in rows_of(analysis):
        cells = (Text(cell.text, style="dim" if cell.level is None else STYLES[cell.level]) for cell in row.cells)
        table.add_row(Text(row.name), *(bar.text for bar in row.bars), *cells)
    return table
