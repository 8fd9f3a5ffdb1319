"""`python -m edgewright.runtime_bench.arena`: measure memory plans and write `docs/arena.md`."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import DataError, EdgewrightError
from edgewright.pipeline.progress import ConsoleReporter, Reporter
from edgewright.runtime_bench.arena.conversions import obtain_models
from edgewright.runtime_bench.arena.document import render_document
from edgewright.runtime_bench.arena.figures import ArenaResults, ModelResult
from edgewright.runtime_bench.arena.measurement import measure_model
from edgewright.runtime_bench.arena.subjects import SUBJECTS
from edgewright.runtime_bench.commit import commit_name

COMMAND = "make bench-arena"


def main(
    models: Annotated[Path | None, typer.Option(help="Folder with further .tflite files.")] = None,
    out: Annotated[Path, typer.Option(help="Folder that takes arena.md and arena.json.")] = Path("docs"),
    cache: Annotated[Path, typer.Option(help="Folder for conversions, plans and comparisons.")] = Path("build/cache"),
) -> None:
    """Plan every model for every set of kernels, write the tables, and end with status 1 where something fails."""
    reporter = ConsoleReporter(Console(emoji=False))
    try:
        results = measure(models, Cache(root=cache), reporter)
    except EdgewrightError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_status) from None
    (out / "arena.json").write_text(results.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / "arena.md").write_text(render_document(results), encoding="utf-8")
    for line in results.complaints():
        print(f"error: {line}", file=sys.stderr)
    if results.complaints():
        raise typer.Exit(1)


def measure(folder: Path | None, cache: Cache, reporter: Reporter) -> ArenaResults:
    """Measure the networks, and the files of a folder if one is given.

    Raises:
        EdgewrightError: the networks could not be converted, or the folder holds no model.
    """
    subjects: Mapping[str, bytes] = {**obtain_models(SUBJECTS, cache), **(read_models(folder) if folder else {})}
    done: list[ModelResult] = []
    refused: dict[str, str] = {}
    with reporter.bar("planning", len(subjects)) as advance:
        for name, tflite in subjects.items():
            try:
                done.append(measure_model(name, tflite, cache))
                advance(_remark(done[-1]))
            except EdgewrightError as error:
                refused[name] = str(error)
                advance(f"{name}: refused")
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    command = f"{COMMAND} models=DIR" if folder else COMMAND
    return ArenaResults(commit=commit_name(), command=command, date=today, models=tuple(done), refused=refused)


def _remark(model: ModelResult) -> str:
    return f"{model.name}: head {model.before.head_bytes:,} -> {model.after.head_bytes:,} B"


def read_models(folder: Path) -> dict[str, bytes]:
    """Return every `.tflite` of a folder by its path in it.

    Raises:
        DataError: there is none.
    """
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.tflite"))}
    if not found:
        raise DataError(f"models: {folder} holds no .tflite; give a folder with full-integer models.")
    return found


if __name__ == "__main__":
    typer.run(main)
