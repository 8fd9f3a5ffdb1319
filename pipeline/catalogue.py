"""One compressed model for every board: the catalogue of targets, emitted one after the other in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table
from rich.text import Text

from edgewright.pipeline.errors import DoesNotFitError, EdgewrightError, TargetError, nearest
from edgewright.pipeline.outcome import Outcome, OutputRequest
from edgewright.pipeline.progress import Reporter, SilentReporter
from edgewright.pipeline.report import Report, load_report
from edgewright.pipeline.target import family_names, load_family, load_target, target_names
from edgewright.pipeline.vocabulary import Runtime

ALL = "all"
"""Instead of a target's name, and of a family's."""

EmitOne = Callable[[OutputRequest, Reporter], Outcome]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What became of one target and family."""

    target: str
    family: str
    seconds: float
    report: Report | None
    """None where nothing was written."""
    complaint: EdgewrightError | None


def emit_catalogue(emit_one: EmitOne, request: OutputRequest, reporter: Reporter) -> tuple[Entry, ...]:
    """Emit a model for all targets, into a folder each; one that does not fit or is refused does not stop the others.

    Args:
        emit_one: emits the model for one target; what it computes for the first one it finds again for the others.
        request: names no target but `all`; its family is None for each target's default, `all`, or the only one.
        reporter: sees all of the first emission, and a line of each.

    Raises:
        EdgewrightError: no target has that family, or the model itself cannot be used: every target was refused with
            the same sentence.
    """
    outputs = tuple(_outputs(request))
    entries: list[Entry] = []
    for number, output in enumerate(outputs, start=1):
        reporter.line(f"[bold]{number}/{len(outputs)} {output.target}[/] ({output.family})")
        entries.append(_emit(emit_one, output, SilentReporter() if entries else reporter))
    sentences = {str(entry.complaint) for entry in entries}
    if len(sentences) == 1 and entries[0].complaint is not None and not any(entry.report for entry in entries):
        raise entries[0].complaint
    return tuple(entries)


def catalogue_table(entries: tuple[Entry, ...]) -> Table:
    """Return what each target needs, whether the model fits it, and how long its emission took."""
    table = Table(
        *("target", "family"),
        *(Column(name, justify="right", no_wrap=True) for name in ("arena", "flash", "of")),
        "fits",
        Column("seconds", justify="right"),
        title=Text("Arena and flash in bytes", style="table.title"),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for entry in entries:
        report = entry.report
        figures = ("-", "-", "-", "refused")
        if report is not None:
            limit = report.target.flash_bytes
            needs = (report.arena.bytes, report.footprint.flash_bytes)
            fits = "yes" if report.target.fits else "no"
            figures = (f"{needs[0]:,}", f"{needs[1]:,}", f"{limit:,}" if limit else "no limit", fits)
        table.add_row(entry.target, entry.family, *figures, f"{entry.seconds:.1f}")
    return table


def _outputs(request: OutputRequest) -> Iterator[OutputRequest]:
    wanted = request.family
    if wanted not in (None, ALL, *family_names()):
        raise TargetError(f'Unknown firmware family "{wanted}": {nearest(str(wanted), family_names())}.')
    for name in target_names():
        families = [each for each in load_target(name).families if _has_runtime(each, request.runtime)]
        for family in families if wanted else families[:1]:
            if wanted in (None, ALL, family):
                folder = name if wanted != ALL else f"{name}-{family}"
                yield replace(request, target=name, family=family, out=request.out / folder)


def _has_runtime(family: str, runtime: Runtime | None) -> bool:
    return runtime is None or runtime in load_family(family).runtimes


def _emit(emit_one: EmitOne, output: OutputRequest, reporter: Reporter) -> Entry:
    started = time.monotonic()
    report: Report | None = None
    complaint: EdgewrightError | None = None
    try:
        report = emit_one(output, reporter).report
    except DoesNotFitError as error:
        report, complaint = load_report(output.out / "report.json"), error
    except EdgewrightError as error:
        complaint = error
    return Entry(
        target=output.target,
        family=str(output.family),
        seconds=time.monotonic() - started,
        report=report,
        complaint=complaint,
    )
