"""Findings on a terminal: a table for the lint, and lines for a build."""

from __future__ import annotations

import io

from rich.console import Console
from support.reports import finding

from edgewright.pipeline.lint import Severity, count_findings, finding_lines, finding_table


def shown(*findings: object, width: int = 300) -> str:
    """Return the table of findings as a terminal shows it."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(finding_table(findings))  # type: ignore[arg-type]
    return stream.getvalue()


def test_the_table_has_everything_that_a_finding_says() -> None:
    """Rule, layer with its operator, severity, reason and repair; brackets are no markup."""
    text = shown(finding(Severity.ERROR, layer="[bold]conv"), finding(is_repaired=True))

    wanted = ("unaligned-buffer", "[bold]conv (0)", "error", "at odd places", "write the file anew", "repaired")
    assert [] == [part for part in wanted if part not in text]


def test_the_table_keeps_to_the_terminal() -> None:
    """No row is wider than the terminal, and nothing is lost."""
    text = shown(finding(layer="a_layer_with_a_name_that_is_very_long_indeed_and_longer"), width=60)

    assert max(map(len, text.splitlines())) <= 60
    assert "a_layer_with" in text


def test_a_build_says_what_matters() -> None:
    """Errors, warnings and repairs are a line each; notes are left to the report."""
    findings = (finding(Severity.ERROR), finding(), finding(Severity.NOTE), finding(is_repaired=True))

    lines = list(finding_lines(findings))

    assert ["[bold red]error:[/]", "[yellow]warning:[/]", "[green]repaired:[/]"] == [
        line.split(" unaligned-buffer at conv1: ")[0] for line in lines
    ]
    assert lines[0].endswith("2 of 3 constants lie at odd places; write the file anew")


def test_findings_are_counted() -> None:
    """One is singular, several are plural, and repaired ones are told apart."""
    assert "no hazards" == count_findings(())
    assert "2 warnings, 1 note, 1 repaired" == count_findings(
        (finding(), finding(), finding(Severity.NOTE), finding(is_repaired=True))
    )
