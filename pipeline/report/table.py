"""The report as tables on a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_count, format_share


def stage_table(report: Report) -> Table:
    """Return the story of a run: one row for the source model and each stage."""
    table = Table(title=Text(f"{report.name} for {report.target.title}", style="table.title"), title_justify="left")
    table.add_column("stage")
    for heading in ("accuracy", "size", "gzip", "parameters", "not zero", "MACs"):
        table.add_column(heading, justify="right")
    for stage in report.stages:
        metrics = stage.metrics
        table.add_row(
            Text(stage.name),
            format_share(metrics.accuracy),
            format_bytes(metrics.file_bytes),
            format_bytes(metrics.gzip_bytes),
            format_count(metrics.parameter_count),
            format_count(metrics.nonzero_parameter_count),
            format_count(metrics.mac_count),
        )
    return table
