"""The report as a page's sections: one module for each part of the story."""

from __future__ import annotations

from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.views.blocks import Card, Section
from edgewright.pipeline.report.views.engines import engine_sections
from edgewright.pipeline.report.views.layers import layer_section
from edgewright.pipeline.report.views.memory import memory_sections
from edgewright.pipeline.report.views.provenance import provenance_section
from edgewright.pipeline.report.views.samples import sample_sections
from edgewright.pipeline.report.views.story import story_sections
from edgewright.pipeline.report.views.summary import cards
from edgewright.pipeline.report.views.warnings import warning_sections


def sections(report: Report) -> tuple[Section, ...]:
    """Return the sections of the page in their order."""
    return (
        *story_sections(report),
        *memory_sections(report),
        layer_section(report),
        *engine_sections(report),
        *sample_sections(report),
        *warning_sections(report),
        provenance_section(report),
    )


__all__ = ["Card", "Section", "cards", "sections"]
