"""The report: its data, its page, its tables, and the difference between two."""

from __future__ import annotations

from edgewright.pipeline.report.compilation import kernel_table, static_section
from edgewright.pipeline.report.difference import compare_reports, difference_table, load_report
from edgewright.pipeline.report.evidence import (
    BenchLayerSection,
    BenchPairSection,
    BenchRowSection,
    BenchSection,
    BlockSection,
    LayerSection,
    ProvenanceSection,
    TimelineSection,
)
from edgewright.pipeline.report.fitting import complain, fit_section
from edgewright.pipeline.report.fitview import FitView
from edgewright.pipeline.report.observation import layer_sections, static_timeline, timeline_section
from edgewright.pipeline.report.page import render_page
from edgewright.pipeline.report.publishing import is_report_file, kept_report_files, report_files
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
    "BenchLayerSection",
    "BenchPairSection",
    "BenchRowSection",
    "BenchSection",
    "BlockSection",
    "BudgetSection",
    "CodeSection",
    "FitSection",
    "FitView",
    "FootprintSection",
    "LayerSection",
    "MetricSection",
    "ProvenanceSection",
    "Report",
    "StageSection",
    "TargetSection",
    "TestSection",
    "TimelineSection",
    "compare_reports",
    "complain",
    "difference_table",
    "fit_section",
    "is_report_file",
    "json_schema",
    "kept_report_files",
    "kernel_table",
    "layer_sections",
    "load_report",
    "render_page",
    "report_files",
    "stage_table",
    "static_section",
    "static_timeline",
    "timeline_section",
]
