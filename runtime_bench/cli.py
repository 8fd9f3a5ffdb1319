"""The command line: the outermost layer, which puts pipeline and measurement together."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from edgewright.pipeline.errors import EdgewrightError, ExitStatus
from edgewright.pipeline.progress import ConsoleReporter
from edgewright.runtime_bench import cli_bench, cli_lint, cli_tools
from edgewright.runtime_bench.cli_options import (
    ALL,
    DEFAULT_CACHE,
    CacheOption,
    DataOption,
    FamiliesOption,
    FixOption,
    ForceOption,
    ModelOption,
    OutOption,
    PrefixOption,
    RecipeOption,
    RunOption,
    RuntimeName,
    RuntimeOption,
    SeedOption,
    SelfTestKind,
    SelfTestOption,
    TargetsOption,
    TrustOption,
    output_folder,
)

if TYPE_CHECKING:
    from edgewright.pipeline.outcome import Outcome, OutputRequest
    from edgewright.pipeline.progress import Reporter
    from edgewright.pipeline.static_code import MeasureCode

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="From a Keras model to a phone or a microcontroller.\n\nExit statuses: 0 done; 2 bad input; 3 over the "
    "budget or does not fit the target; 4 a figure became worse; 5 hazards on the target.",
)


class Document(str, Enum):
    """A document with a published schema."""

    REPORT = "report"
    ANALYSIS = "analysis"
    LINT = "lint"
    BENCH = "bench"


console = Console(emoji=False)
errors = Console(stderr=True, emoji=False)


@app.command(epilog="Example: edgewright build --target esp32 --model my.h5 --data my.npz --recipe my.toml")
def build(
    target: TargetsOption,
    model: ModelOption = None,
    data: DataOption = None,
    recipe: RecipeOption = None,
    family: FamiliesOption = None,
    runtime: RuntimeOption = None,
    prefix: PrefixOption = None,
    selftest: SelfTestOption = SelfTestKind.USUAL,
    out: OutOption = None,
    cache: CacheOption = DEFAULT_CACHE,
    seed: SeedOption = None,
    trust_model: TrustOption = False,
    force: ForceOption = False,
    fix: FixOption = False,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder for TensorBoard summaries of the stages that train.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    run_it: RunOption = False,
) -> None:
    """Compress a model by a recipe and emit it for a target; without a model, the built-in example."""
    from edgewright.pipeline import run
    from edgewright.pipeline.inputs import InputRequest
    from edgewright.pipeline.target import target_names
    from edgewright.runtime_bench.latency import measure_figures

    request = run.BuildRequest(
        inputs=InputRequest(recipe=recipe, model=model, data=data, seed=seed, trust_model=trust_model),
        output=_output(target, family, runtime, prefix, out, cache, force, fix, selftest),
        log_folder=tensorboard,
    )
    reporter = ConsoleReporter(console)
    if dry_run:  # the steps are the same for every target
        one = replace(request.output, target=target_names()[0], family=None) if target == ALL else request.output
        for step in run.plan(replace(request, output=one), reporter):
            console.print(f"{step.name}: {'in the cache' if step.is_cached else 'would run'}")
        console.print(f"would write {request.output.out}", soft_wrap=True, markup=False)
        return
    _emit(
        lambda output, shown: run.build(replace(request, output=output), shown, measure_figures, _measure_code(cache)),
        request.output,
        reporter,
        run_it=run_it,
    )


@app.command(epilog="Example: edgewright emit my.tflite --target esp32 --out build/mine")
def emit(
    tflite: Annotated[Path, typer.Argument(help="A full-integer .tflite.", show_default=False)],
    target: TargetsOption,
    inputs: Annotated[
        Path | None,
        typer.Option(help="An .npz of inputs for the golden vectors, one array for each input; else random ones."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="A text file with one label a line.")] = None,
    family: FamiliesOption = None,
    runtime: RuntimeOption = None,
    prefix: PrefixOption = None,
    selftest: SelfTestOption = SelfTestKind.USUAL,
    out: OutOption = None,
    cache: CacheOption = DEFAULT_CACHE,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the random inputs.")] = 1,
    force: ForceOption = False,
    fix: FixOption = False,
    run_it: RunOption = False,
) -> None:
    """Emit an existing full-integer .tflite for a target, without compression."""
    from edgewright.pipeline import given
    from edgewright.runtime_bench.latency import measure_figures

    request = given.EmitRequest(
        output=_output(target, family, runtime, prefix, out, cache, force, fix, selftest),
        tflite=tflite,
        inputs=inputs,
        labels=labels,
        seed=seed,
    )
    _emit(
        lambda output, shown: given.emit(replace(request, output=output), shown, measure_figures, _measure_code(cache)),
        request.output,
        ConsoleReporter(console),
        run_it=run_it,
    )


@app.command(epilog="Example: edgewright analyze --model my.h5 --data my.npz --out build/analysis")
def analyze(
    model: ModelOption = None,
    data: DataOption = None,
    recipe: Annotated[
        Path | None, typer.Option(help="TOML file whose task, preprocessing, validation and augmentation are taken.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Output folder.")] = Path("build/analysis"),
    cache: CacheOption = DEFAULT_CACHE,
    seed: SeedOption = None,
    samples: Annotated[int, typer.Option(min=1, help="Validation samples that every trial is scored on.")] = 400,
    trust_model: TrustOption = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited.")] = False,
) -> None:
    """Find out what each layer costs and how much it matters, and suggest a recipe; nothing is trained."""
    from edgewright.pipeline.analysis import analysis_table
    from edgewright.pipeline.inputs import InputRequest
    from edgewright.pipeline.survey import SurveyRequest, survey

    request = SurveyRequest(
        inputs=InputRequest(recipe=recipe, model=model, data=data, seed=seed, trust_model=trust_model),
        out=out,
        cache=cache,
        sample_count=samples,
        force=force,
    )
    found = survey(request, ConsoleReporter(console))
    console.print(analysis_table(found.analysis))
    state = "written" if found.written.changed else "unchanged"
    console.print(f"{found.out}: {state}", soft_wrap=True, markup=False, highlight=False)
    suggested = shlex.quote(str(found.out / "recipe.toml"))
    command = f"edgewright build --target esp32 --recipe {suggested}"
    console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)


app.command(epilog=cli_lint.EPILOG)(cli_lint.lint)


@app.command(epilog="Example: edgewright diff old/report.json build/esp32/report.json")
def diff(
    before: Annotated[Path, typer.Argument(help="A report.json.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="Another report.json.", show_default=False)],
) -> None:
    """Show every figure that differs between two reports."""
    from edgewright.pipeline.report import compare_reports, difference_table, load_report

    changes = compare_reports(load_report(before), load_report(after))
    console.print(difference_table(changes) if changes else "The two reports say the same.")


app.command(epilog=cli_bench.EPILOG)(cli_bench.bench)


@app.command(epilog="Example: edgewright targets")
def targets() -> None:
    """List the boards with chip, memory and firmware families, and how each family is flashed."""
    from edgewright.runtime_bench.listing import board_table, chip_table, family_table

    for table in (chip_table(), board_table(), family_table()):
        console.print(table)


app.command(epilog="Example: edgewright flash --target esp32 --port /dev/ttyUSB0")(cli_tools.flash)
app.command(epilog="Example: edgewright monitor --target esp32 --port /dev/ttyUSB0")(cli_tools.monitor)
app.command(epilog="Example: edgewright selftest console.log --out build/esp32")(cli_tools.selftest)
app.command(epilog="Example: edgewright aar --target android")(cli_tools.aar)


@app.command(epilog="Example: edgewright schema analysis > analysis.schema.json")
def schema(
    document: Annotated[
        Document, typer.Argument(help="report.json of a build, analysis.json, `lint --json`, or bench.json.")
    ] = Document.REPORT,
) -> None:
    """Print the JSON schema of a document."""
    import json

    from edgewright.pipeline import analysis, lint, report
    from edgewright.runtime_bench import bench

    schemas = {
        Document.REPORT: report.json_schema,
        Document.ANALYSIS: analysis.json_schema,
        Document.LINT: lint.json_schema,
        Document.BENCH: bench.json_schema,
    }
    typer.echo(json.dumps(schemas[document](), indent=1))


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Handle options that stand before the command."""
    if version:
        console.print(installed_version("edgewright"))
        raise typer.Exit


def _output(
    target: str,
    family: str | None,
    runtime: RuntimeName | None,
    prefix: str | None,
    out: Path | None,
    cache: Path,
    force: bool,
    fix: bool,
    selftest: SelfTestKind,
) -> OutputRequest:
    from edgewright.pipeline.emission.prefix import check_prefix
    from edgewright.pipeline.outcome import OutputRequest
    from edgewright.pipeline.vocabulary import DEFAULT_PREFIX, Runtime, SelfTest

    return OutputRequest(
        target=target,
        family=family,
        runtime=None if runtime is None else Runtime(runtime.value),
        out=output_folder(out, "targets" if target == ALL else target),
        cache=cache,
        force=force,
        fix=fix,
        prefix=check_prefix(DEFAULT_PREFIX if prefix is None else prefix),
        selftest=SelfTest(selftest.value),
    )


def _measure_code(cache: Path) -> MeasureCode:
    from functools import partial

    from edgewright.pipeline.cache import Cache
    from edgewright.runtime_bench.static.code import measure_code

    return partial(measure_code, cache=Cache(root=cache))


def _emit(
    emit_one: Callable[[OutputRequest, Reporter], Outcome],
    request: OutputRequest,
    reporter: ConsoleReporter,
    *,
    run_it: bool,
) -> None:
    """Emit for one target, or for all of them, and show what came of it."""
    from edgewright.pipeline.catalogue import catalogue_table, emit_catalogue

    if run_it:
        cli_tools.check_runnable(request)
    if request.target != ALL:
        outcome = emit_one(request, reporter)
        _finish(outcome)
        if run_it:
            cli_tools.run_emitted(outcome, request.cache)
        return
    entries = emit_catalogue(emit_one, request, reporter)
    console.print(catalogue_table(entries))
    console.print(f"{request.out}: a folder for each", soft_wrap=True, markup=False, highlight=False)
    complaints = [entry.complaint for entry in entries if entry.complaint is not None]
    for sentence in dict.fromkeys(map(str, complaints)):
        errors.print(f"[bold red]error:[/] {escape(sentence)}", soft_wrap=True, highlight=False)
    if complaints:
        raise typer.Exit(min(complaint.exit_status for complaint in complaints))


def _finish(outcome: Outcome) -> None:
    """Show how the engines agree, the table, what the board holds, and the next two commands."""
    from edgewright.pipeline.machine import next_commands
    from edgewright.pipeline.report import FitView, kernel_table, stage_table
    from edgewright.pipeline.target import fill_command

    report = outcome.report
    for row in report.agreements:
        console.print(
            f"{'' if row.holds else '[yellow]warning:[/] '}{row.engine} {row.resolver} against TFLM: "
            f"{row.differing_sample_count} of {row.sample_count} samples differ, by at most "
            f"{row.max_difference_lsb} LSB (expected: {row.tolerance_lsb})",
            soft_wrap=True, highlight=False,
        )  # fmt: skip
    console.print(stage_table(report))
    kernels = kernel_table(report)
    if kernels is not None:
        console.print(kernels)
    console.print(FitView(report))
    state = "written" if outcome.written.changed else "unchanged"
    console.print(f"{outcome.out}: {state}", soft_wrap=True, markup=False, highlight=False)
    folder = shlex.quote(str(outcome.out / outcome.family.folder))
    for command in next_commands(outcome.target, outcome.family):
        shown = shlex.join(fill_command(command, outcome.target, outcome.family, port="/dev/ttyUSB0"))
        console.print(f"  cd {folder} && {shown}", soft_wrap=True, markup=False, highlight=False)


def main() -> None:
    """Run the command line; every error that is raised on purpose becomes one sentence and an exit status."""
    try:
        app(standalone_mode=True)
    except EdgewrightError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        errors.print("interrupted; the output folder is as it was, finished stages are in the cache")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitStatus.OK)
