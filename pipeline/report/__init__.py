"""The report: its data, its page, its tables, and the difference between two."""

from __future__ import annotations

from edgewright.pipeline.report.difference import compare_reports, difference_table, load_report
from edgewright.pipeline.report.fitting import complain, fit_section
from edgewright.pipeline.report.fitview import FitView
from edgewright.pipeline.report.page import render_page
from edgewright.pipeline.report.schema import (
    ArenaSection,
    BudgetSection,
    CodeSection,
    FitSection,
    FootprintSection,
    MetricSection,
    Report,
    StageSection,
    TargetSection,
    TestSection,
    json_schema,
)
from edgewright.pipeline.report.table import stage_table

__all__ = [
    "ArenaSection",
    "BudgetSection",
    "CodeSection",
    "FitSection",
    "FitView",
    "FootprintSection",
    "MetricSection",
    "Report",
    "StageSection",
    "TargetSection",
    "TestSection",
    "compare_reports",
    "complain",
    "difference_table",
    "fit_section",
    "json_schema",
    "load_report",
    "render_page",
    "stage_table",
]
