"""The output folder: it changes as a whole or not at all, and what the user put or edited there survives.

The new folder is built beside the old one and takes its place in one step; files that did not change, and everything
that is not ours, are hard links to what was there, so that a build system sees them untouched.
The manifest in the folder says which files are ours and what they were when we wrote them.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from edgewright.pipeline.digest import digest_bytes, digest_file
from edgewright.pipeline.errors import OutputError

MANIFEST = "manifest.json"
LISTED_FILES = 5
AT_FDCWD = -100
RENAME_EXCHANGE = 2


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `write_tree` did."""

    changed: tuple[str, ...]
    """Files of ours that are new, different or gone."""
    kept: tuple[str, ...]
    """Files of ours that the user edited and that stay the user's."""
    saved: tuple[str, ...]
    """Where edited files went that were overwritten because of `force`."""


def write_tree(
    folder: Path, files: Mapping[str, bytes], *, user_files: Collection[str] = (), force: bool = False
) -> Written:
    """Make a folder hold these files, atomically.

    Args:
        folder: the output folder; it is created where it is missing.
        files: relative path with forward slashes -> content; `manifest.json` must be among them and must hold
            `outputs`, a table of path -> SHA-256.
        user_files: paths that are written once and then belong to the user.
        force: overwrite files that the user edited (they are kept beside, with the suffix `.user`) and take over a
            folder that is not ours.

    Returns:
        What was done; nothing at all is touched where all files are there already.

    Raises:
        OutputError: the folder is not ours, or the user edited a file of ours, and `force` was not given; or the folder
            cannot be written.
    """
    folder = folder.resolve()
    ours = _read_manifest(folder, force=force)
    edited = [name for name, digest in ours.items() if _is_edited(folder / name, digest)]
    taken = [
        name for name in files if name not in ours and name != MANIFEST and (folder / name).is_file()
        and (folder / name).read_bytes() != files[name]
    ]  # fmt: skip
    kept = tuple(sorted(name for name in {*edited, *taken} if name in user_files))
    in_the_way = sorted({*edited, *taken} - set(kept))
    if in_the_way and not force:
        shown = ", ".join(in_the_way[:LISTED_FILES]) + (" and others" if len(in_the_way) > LISTED_FILES else "")
        raise OutputError(
            f"{folder}: {shown} was edited since it was generated; move your changes elsewhere, give another --out, or "
            "give --force to overwrite (your version is kept with the suffix .user)."
        )
    wanted = {name: content for name, content in files.items() if name not in kept}
    changed = tuple(sorted(name for name, content in wanted.items() if not _holds(folder / name, content)))
    gone = tuple(sorted(name for name in ours if name not in files and name not in kept and (folder / name).exists()))
    if not changed and not gone:
        return Written(changed=(), kept=kept, saved=())
    saved = tuple(_free_name(folder, name) for name in in_the_way)
    try:
        with _replacing(folder) as staging:
            _fill(staging, folder, wanted, changed, dropped={*changed, *gone} - set(in_the_way))
            for name, saved_name in zip(in_the_way, saved, strict=True):
                _place(folder / name, staging / saved_name)
                if name in gone:
                    (staging / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); see whether a file or folder is in the way, or the "
            "disk is full, or give another --out."
        ) from error
    return Written(changed=tuple(sorted((*changed, *gone))), kept=kept, saved=saved)


def require_ours(folder: Path, *, force: bool = False) -> None:
    """Refuse a folder that `write_tree` would refuse for not being ours: before work is spent on what goes there.

    Raises:
        OutputError: it holds something else, and `force` was not given.
    """
    _read_manifest(folder.resolve(), force=force)


def _read_manifest(folder: Path, *, force: bool) -> dict[str, str]:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return {}
    try:
        outputs = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        return {str(name): str(digest) for name, digest in outputs.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        if force and folder.is_dir():
            return {}
        raise OutputError(
            f"{folder}: holds something else than an earlier result of edgewright (no {MANIFEST} that can be read); "
            "give another --out, or --force to write into it."
        ) from None


def _is_edited(path: Path, digest: str) -> bool:
    return path.is_file() and digest_file(path) != digest


def _free_name(folder: Path, name: str) -> str:
    """Return where an edited file may go without overwriting what an earlier run kept."""
    names = (f"{name}.user{number or ''}" for number in count())
    return next(free for free in names if not os.path.lexists(folder / free))


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and digest_file(path) == digest_bytes(content)


def _fill(
    staging: Path, folder: Path, wanted: Mapping[str, bytes], changed: tuple[str, ...], dropped: set[str]
) -> None:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or path.is_file():
            if name not in dropped:
                _place(path, staging / name)
        elif path.is_dir() and not any(path.iterdir()):
            (staging / name).mkdir(parents=True, exist_ok=True)
    for name in changed:
        target = staging / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(wanted[name])


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Hand out an empty folder that takes the other's place when the block ends well."""
    if Path.cwd().is_relative_to(folder):
        raise OutputError(
            f"{folder}: is replaced as a whole, and you are inside it; go to another folder, or give another --out."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    staging.chmod(0o755)
    try:
        yield staging
        if folder.exists():
            _exchange(staging, folder)
        else:
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _exchange(left: Path, right: Path) -> None:
    """Let two folders change places in one step (Linux 3.15 and later, macOS 10.12 and later).

    Where the file system cannot, two renames do it: a run that is killed between them leaves the old folder under the
    staging's name.
    """
    library = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(left), os.fsencode(right))
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE)
    elif sys.platform == "darwin":
        failed = library.renamex_np(*names, RENAME_EXCHANGE)
    else:
        failed, _ = -1, ctypes.set_errno(errno.ENOSYS)
    if failed:
        aside = Path(tempfile.mkdtemp(prefix=f".{right.name}.", dir=right.parent))
        right.rename(aside / right.name)
        left.rename(right)
        shutil.rmtree(aside)


def clean_leftovers(folder: Path) -> None:
    """Remove staging folders that a killed run left beside an output folder."""
    folder = folder.resolve()
    for leftover in folder.parent.glob(f".{folder.name}.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
