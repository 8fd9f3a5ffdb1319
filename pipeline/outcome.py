"""What a run is asked to leave, and what it left: the same for a compressed model and for one that was given."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from edgewright.pipeline.arena import arena_for
from edgewright.pipeline.assembly import assemble
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import DoesNotFitError
from edgewright.pipeline.findings import Findings
from edgewright.pipeline.lint import finding_lines
from edgewright.pipeline.output import Written, clean_leftovers, write_tree
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.report import FitView, Report, kept_report_files
from edgewright.pipeline.static_runtime import planned_arena
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import DEFAULT_PREFIX, Runtime, SelfTest


@dataclass(frozen=True, kw_only=True)
class OutputRequest:
    """Where a result goes and for which board."""

    target: str
    family: str | None = None
    runtime: Runtime | None = None
    """Instead of the family's default one."""
    out: Path
    cache: Path
    force: bool = False
    fix: bool = False
    """Whether what the lint can repair is repaired before the model is evaluated."""
    prefix: str = DEFAULT_PREFIX
    """What the names of the generated library begin with."""
    selftest: SelfTest = SelfTest.USUAL
    """How much the firmware's self-test looks at."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run left behind."""

    report: Report
    target: Target
    family: Family
    out: Path
    written: Written


def leave(findings: Findings, output: OutputRequest, target: Target, family: Family, reporter: Reporter) -> Outcome:
    """Assemble a result and write it, all of it or nothing.

    Args:
        findings: the model and what was measured.
        output: where it goes.
        target: the board.
        family: which firmware.
        reporter: is told of hazards and of files that the user edited, and shown what does not fit.

    Raises:
        DoesNotFitError: the result is over the budget or does not fit the target; it was written all the same, but for
            firmware that does not fit.
        OutputError: the folder is not ours, or holds edited files.
    """
    record = findings.record
    if findings.static is not None:
        arena = planned_arena(findings.static, target)
    else:
        arena = arena_for(findings.graph, record.host_arena_bytes, target, family, record.tflm_revision)
    assembly = assemble(
        findings,
        arena,
        target,
        family,
        prefix=output.prefix,
        selftest=output.selftest,
        tool_version=version("edgewright"),
        force=output.force,
        render_report=lambda report: kept_report_files(report, Cache(root=output.cache)),
    )
    for line in finding_lines(assembly.report.lint):
        reporter.line(line)
    clean_leftovers(output.out)
    user_files = [f"{family.folder}/{name}" for name in family.user_files]
    written = write_tree(output.out, assembly.files, user_files=user_files, force=output.force)
    for name in written.kept:
        reporter.line(f"{name} is yours: kept as you edited it")
    for name in written.saved:
        reporter.line(f"your version was kept as {name}")
    over_budget = findings.budget is not None and findings.budget.complaints
    if (assembly.complaint and not output.force) or over_budget:
        reporter.show(FitView(assembly.report))
    if assembly.complaint and not output.force:
        raise DoesNotFitError(assembly.complaint)
    if findings.budget is not None and over_budget:
        raise DoesNotFitError(
            f"{findings.name} is over the budget: {'; '.join(findings.budget.complaints)}; allow more under [budget], "
            f"or change the stages. The best model was written to {output.out}, marked as over budget."
        )
    return Outcome(report=assembly.report, target=target, family=family, out=output.out, written=written)
