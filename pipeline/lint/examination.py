"""`edgewright lint`: one `.tflite` looked at for one target, and repaired where that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.errors import BadInputError, HazardError
from edgewright.pipeline.layers import layers_path
from edgewright.pipeline.lint.document import LintDocument, finding_sections
from edgewright.pipeline.lint.inspection import choose_rules, inspect
from edgewright.pipeline.lint.repairing import Repaired, repair
from edgewright.pipeline.lint.vocabulary import Context, Severity
from edgewright.pipeline.recipe import load_recipe
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.tflitefile import read_tflite, write_tflite


@dataclass(frozen=True, kw_only=True)
class LintRequest:
    """What `edgewright lint` was asked for."""

    tflite: Path
    target: str
    family: str | None = None
    recipe: Path | None = None
    """Whose preprocessing the inputs are held to."""
    rules: tuple[str, ...] = ()
    """Names of the rules; empty for all."""
    fix: bool = False
    out: Path | None = None
    """Where the repaired model goes."""


def examine(request: LintRequest) -> LintDocument:
    """Look for hazards; with `fix`, repair what is safe and write the model with the names of its layers.

    Returns:
        What was found: after a repair, what is left and what was repaired.

    Raises:
        EdgewrightError: bad input, or a repair that could not be proved; nothing was written.
    """
    if request.fix != (request.out is not None):
        raise BadInputError("--fix and --out go together: give --fix --out FILE, or neither of them.")
    _check_place(request)
    rules = choose_rules(request.rules)
    target = load_target(request.target)
    given = read_tflite(request.tflite)
    context = Context(
        graph=given.graph,
        tflite=given.tflite,
        layers=given.layers,
        target=target,
        family=choose_family(target, request.family),
        preprocessing=load_recipe(request.recipe).settings.preprocessing if request.recipe else (),
    )
    repaired = Repaired(context=context, fixed=(), input_count=0)
    if request.out is not None:
        repaired = repair(context, rules)
        write_tflite(request.out, repaired.context.tflite, repaired.context.graph, repaired.context.layers)
    return LintDocument(
        model=request.tflite.name,
        target=target.name,
        family=context.family.name,
        findings=(
            *finding_sections(inspect(repaired.context, rules)),
            *finding_sections(repaired.fixed, is_repaired=True),
        ),
        compared_inputs=repaired.input_count,
    )


def _check_place(request: LintRequest) -> None:
    """Refuse a file whose layers' names would take the place of the given model's; the model itself may be replaced."""
    given, out = request.tflite.resolve(), request.out.resolve() if request.out is not None else None
    if out is not None and out != given and layers_path(out) == layers_path(given):
        raise BadInputError(
            f"--out {request.out} would have its layers' names in {layers_path(out).name}, as the given model has; "
            "give a name that differs in more than its end."
        )


def require_no_errors(document: LintDocument) -> None:
    """Refuse a model that will not run, or computes something else.

    Raises:
        HazardError: it has errors that were not repaired.
    """
    errors = [one for one in document.findings if one.severity is Severity.ERROR and not one.is_repaired]
    if errors:
        places = ", ".join(dict.fromkeys(f"{one.rule} at {one.layer}" for one in errors))
        raise HazardError(
            f"{document.model} will not run on {document.target} ({document.family}), or gives wrong results there: "
            f"{places}; repair what is marked as an error."
        )
