"""Findings on a terminal: a table of all, or a line for each that matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from edgewright.pipeline.lint.document import FindingSection
from edgewright.pipeline.lint.vocabulary import Severity

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
REPAIRED = "green"


def finding_table(findings: Sequence[FindingSection]) -> Table:
    """Return all findings with rule, layer, reason and repair."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_lines=False)
    table.add_column("rule, layer", overflow="fold")
    table.add_column("why", ratio=3)
    table.add_column("repair", ratio=2)
    for one in findings:
        style = REPAIRED if one.is_repaired else STYLES[one.severity]
        state = "repaired" if one.is_repaired else one.severity.value
        layer = one.layer if one.operator is None else f"{one.layer} ({one.operator})"
        place = Text.assemble(one.rule, "\n", layer, "\n", (state, style))
        table.add_row(place, Text(one.why), Text(one.repair), end_section=True)
    return table


def finding_lines(findings: Iterable[FindingSection]) -> Iterator[str]:
    """Yield a line (rich markup) for each finding but notes: what a build says."""
    for one in findings:
        if one.is_repaired:
            yield f"[{REPAIRED}]repaired:[/] {escape(f'{one.rule} at {one.layer}: {one.why}')}"
        elif one.severity.is_serious:
            style = STYLES[one.severity]
            yield f"[{style}]{one.severity.value}:[/] {escape(f'{one.rule} at {one.layer}: {one.why}; {one.repair}')}"


def count_findings(findings: Iterable[FindingSection]) -> str:
    """Say how many findings of which kind there are.

    >>> count_findings([])
    'no hazards'
    """
    counts = Counter("repaired" if one.is_repaired else one.severity.value for one in findings)
    parts = [f"{count} {name if count == 1 or name == 'repaired' else name + 's'}" for name, count in counts.items()]
    return ", ".join(parts) or "no hazards"
