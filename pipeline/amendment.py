"""Adding to the report of an output folder what was measured later: its files change together, or none does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edgewright.pipeline.digest import digest_bytes, digest_file
from edgewright.pipeline.errors import BadInputError, OutputError
from edgewright.pipeline.manifest import Manifest
from edgewright.pipeline.output import MANIFEST, Written, write_tree
from edgewright.pipeline.report import BenchSection, Report, is_report_file, load_report, report_files
from edgewright.pipeline.report.publishing import DATA

MODEL = "model.tflite"


@dataclass(frozen=True, kw_only=True)
class Amendable:
    """An output folder with its report."""

    folder: Path
    report: Report
    manifest: Manifest


def open_amendable(folder: Path, *, force: bool = False) -> Amendable | None:
    """Find the report that lies beside a build's model, before work is spent on what goes into it.

    Args:
        folder: a build's output folder; anything else has no report.
        force: the report is to be overwritten even where the user edited it.

    Returns:
        None where there is none.

    Raises:
        BadInputError: it cannot be read, or is about another model than the one beside it.
        OutputError: the user edited it, and `force` was not given.
    """
    if not (folder / DATA).is_file() or not (folder / MANIFEST).is_file():
        return None
    report = load_report(folder / DATA)
    if _digest(folder / MODEL) != report.provenance.tflite_digest:
        raise BadInputError(
            f"{folder / DATA}: is about another model than the {MODEL} beside it; make it again with edgewright build, "
            f"or give the {MODEL} itself."
        )
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        raise BadInputError(
            f"{folder / MANIFEST}: is no manifest of a build that this version reads; make it again with edgewright "
            "build."
        ) from None
    edited = sorted(name for name, digest in manifest.outputs.items() if _is_edited(folder, name, digest))
    if edited and not force:
        raise OutputError(
            f"{folder}: {edited[0]} was edited since it was generated, and the report is written anew; move your "
            "changes elsewhere, or give --force to overwrite (your version is kept with the suffix .user)."
        )
    return Amendable(folder=folder, report=report, manifest=manifest)


def _is_edited(folder: Path, name: str, digest: str) -> bool:
    return is_report_file(name) and (folder / name).is_file() and _digest(folder / name) != digest


def _digest(path: Path) -> str:
    """Return a file's digest.

    Raises:
        BadInputError: it is missing or cannot be read.
    """
    try:
        return digest_file(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> BadInputError:
    return BadInputError(
        f"{path}: cannot be read ({error.strerror}), and the report beside it is about this build; make it again with "
        "edgewright build."
    )


def amend(given: Amendable, bench: BenchSection, *, force: bool = False) -> Written:
    """Put a bench into a report, and render page and figures again.

    Args:
        given: the folder; all else in it stays as it is.
        bench: what was measured.
        force: overwrite a report that the user edited.

    Raises:
        BadInputError: a file of the build cannot be read; nothing was changed.
        OutputError: the user edited the report, or the folder cannot be written; nothing was changed.
    """
    changed = report_files(given.report.model_copy(update={"bench": bench}))
    others = {name: digest for name, digest in given.manifest.outputs.items() if not is_report_file(name)}
    outputs = {**others, **{name: digest_bytes(content) for name, content in changed.items()}}
    manifest = given.manifest.model_copy(update={"outputs": dict(sorted(outputs.items()))})
    kept = {name: _read(given.folder / name) for name in others if (given.folder / name).is_file()}
    files = {**kept, **changed, MANIFEST: (manifest.model_dump_json(indent=1) + "\n").encode()}
    return write_tree(given.folder, files, user_files=others, force=force)
