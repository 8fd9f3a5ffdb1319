"""What each layer of a model costs, how much it matters, and what to do about it."""

from __future__ import annotations

from edgewright.pipeline.analysis.page import render_analysis
from edgewright.pipeline.analysis.schema import Analysis, json_schema
from edgewright.pipeline.analysis.scoring import Measure
from edgewright.pipeline.analysis.sensitivity import analyze
from edgewright.pipeline.analysis.suggestion import suggest
from edgewright.pipeline.analysis.table import analysis_table

__all__ = ["Analysis", "Measure", "analysis_table", "analyze", "json_schema", "render_analysis", "suggest"]
