"""The report as tables on a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_count, format_score, format_seconds


def stage_table(report: Report) -> Table:
    """Return the story of a run: one row for the source model and each stage, as the device would see it."""
    metric = report.metric
    judged = f", {metric.name} on the validation split" if metric else ""
    title = Text(f"{report.name} for {report.target.title}{judged}", style="table.title")
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage")
    for heading in (*(("int8", "float") if metric else ()), "size", "gzip", "MACs", "arena", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stage in report.stages:
        metrics = stage.metrics
        scores = [metrics.int8_scores, metrics.float_scores] if metric else []
        table.add_row(
            Text(stage.name + (" (rolled back)" if stage.rolled_back else "")),
            *(
                format_score(next(iter(own.values()), None), is_share=bool(metric and metric.is_share))
                for own in scores
            ),
            format_bytes(metrics.file_bytes),
            format_bytes(metrics.gzip_bytes),
            format_count(metrics.mac_count),
            format_bytes(metrics.arena_bytes),
            format_seconds(stage.seconds),
            style="dim" if stage.rolled_back else "",
        )
    return table
