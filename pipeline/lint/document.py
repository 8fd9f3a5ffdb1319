"""Findings as data: what `edgewright lint --json` prints, and the section of a build's report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from edgewright.pipeline.figures import Figures
from edgewright.pipeline.lint.vocabulary import Finding, Severity

DOCUMENT_VERSION: Literal[1] = 1


class FindingSection(Figures):
    """One hazard of the model on the target."""

    rule: str
    severity: Severity
    layer: str = Field(description="the source model's layer, or what the finding is about where it is no layer")
    operator: int | None = Field(description="index of the operator; null for the whole model")
    why: str
    repair: str
    is_fixable: bool = Field(description="--fix repairs it, with equal outputs")
    is_repaired: bool = Field(description="it was found in the model as it came, and is repaired in the result")


class LintDocument(Figures):
    """What the lint found in one model."""

    schema_version: Literal[1] = DOCUMENT_VERSION
    model: str = Field(description="name of the file")
    target: str
    family: str
    findings: tuple[FindingSection, ...]
    compared_inputs: int = Field(description="inputs on which the repaired model gave equal outputs; 0 without repair")


def finding_sections(findings: Iterable[Finding], *, is_repaired: bool = False) -> tuple[FindingSection, ...]:
    """Return findings as data.

    Args:
        findings: of one model.
        is_repaired: whether they are gone from the result.
    """
    return tuple(
        FindingSection(
            rule=one.rule,
            severity=one.severity,
            layer=one.layer,
            operator=one.operator,
            why=one.why,
            repair=one.repair,
            is_fixable=one.is_fixable,
            is_repaired=is_repaired,
        )
        for one in findings
    )


def json_schema() -> dict[str, object]:
    """Return the JSON schema of what `edgewright lint --json` prints."""
    return LintDocument.model_json_schema(mode="serialization")
