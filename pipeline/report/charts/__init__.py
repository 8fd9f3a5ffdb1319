"""The report's charts: one module each, drawn by matplotlib for the page and as files."""

from __future__ import annotations

from edgewright.pipeline.report.charts.chart import Chart, chart_files, page_chart
from edgewright.pipeline.report.charts.confusion import CONFUSION, class_names
from edgewright.pipeline.report.charts.engines import ENGINES
from edgewright.pipeline.report.charts.layers import LAYERS
from edgewright.pipeline.report.charts.memories import MEMORIES
from edgewright.pipeline.report.charts.moved import MOVED
from edgewright.pipeline.report.charts.samples import SAMPLES
from edgewright.pipeline.report.charts.story import STORY
from edgewright.pipeline.report.charts.timeline import TIMELINE

CHARTS: tuple[Chart, ...] = (STORY, MEMORIES, TIMELINE, LAYERS, ENGINES, CONFUSION, SAMPLES, MOVED)

__all__ = [
    "CHARTS",
    "CONFUSION",
    "ENGINES",
    "LAYERS",
    "MEMORIES",
    "MOVED",
    "SAMPLES",
    "STORY",
    "TIMELINE",
    "Chart",
    "chart_files",
    "class_names",
    "page_chart",
]
