"""Hazards of a model on one target, found before it runs there, and repaired where that is safe."""

from edgewright.pipeline.lint.document import FindingSection, LintDocument, finding_sections, json_schema
from edgewright.pipeline.lint.inspection import choose_rules, inspect
from edgewright.pipeline.lint.mending import mend
from edgewright.pipeline.lint.repairing import Repaired, repair
from edgewright.pipeline.lint.rules import RULES
from edgewright.pipeline.lint.table import count_findings, finding_lines, finding_table
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity

__all__ = [
    "RULES",
    "Context",
    "Finding",
    "FindingSection",
    "LintDocument",
    "Repaired",
    "Rule",
    "Severity",
    "choose_rules",
    "count_findings",
    "finding_lines",
    "finding_sections",
    "finding_table",
    "inspect",
    "json_schema",
    "mend",
    "repair",
]
