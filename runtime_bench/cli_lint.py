"""The command `edgewright lint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.runtime_bench.cli_options import FamilyOption, TargetOption

console = Console(emoji=False)
EPILOG = "Example: edgewright lint my.tflite --target esp32s3 --fix --out repaired.tflite"


def lint(
    tflite: Annotated[Path, typer.Argument(help="A .tflite.", show_default=False)],
    target: TargetOption,
    family: FamilyOption = None,
    recipe: Annotated[Path | None, typer.Option(help="TOML file whose preprocessing the inputs are held to.")] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only this rule (docs/lint.md); may be given several times.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what can be repaired with equal outputs; goes with --out.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="The repaired .tflite.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find what will not run on a target, is wrong or slow there, and repair it; status 5 where errors are left."""
    from edgewright.pipeline.lint import count_findings, finding_table
    from edgewright.pipeline.lint.examination import LintRequest, examine, require_no_errors

    found = examine(
        LintRequest(
            tflite=tflite, target=target, family=family, recipe=recipe, rules=tuple(rule or ()), fix=fix, out=out
        )
    )
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        if found.findings:
            console.print(finding_table(found.findings))
        where = f"{found.model} on {found.target} ({found.family})"
        console.print(f"{where}: {count_findings(found.findings)}", soft_wrap=True, markup=False, highlight=False)
        if out is not None:
            equal = f"outputs equal on {found.compared_inputs} inputs" if found.compared_inputs else "nothing to repair"
            console.print(f"{out}: written, {equal}", soft_wrap=True, markup=False, highlight=False)
    require_no_errors(found)
