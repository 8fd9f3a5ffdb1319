"""A content-addressed cache of finished work: each entry is a folder, named by the digest of what it was made from.

An entry appears by one rename, so that a run killed at any point leaves whole entries only.
It carries the digests of its own files: an entry that was damaged is made again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.digest import digest_file, digest_value
from edgewright.pipeline.errors import OutputError

INDEX = "entry.json"


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A folder of entries."""

    root: Path

    def find(self, ingredients: Mapping[str, object]) -> Path | None:
        """Return the entry that was made from these ingredients, or None where there is none or it is damaged."""
        folder = self._folder(ingredients)
        try:
            files: dict[str, str] = json.loads((folder / INDEX).read_text(encoding="utf-8"))["files"]
            intact = all(digest_file(folder / name) == digest for name, digest in files.items())
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return folder if files and intact else None

    def obtain(self, ingredients: Mapping[str, object], make: Callable[[Path], None]) -> Path:
        """Return the entry made from these ingredients, making it first where it is missing.

        Args:
            ingredients: plain values (what JSON can hold) that decide the outcome; `kind` says what the entry is.
            make: writes the entry's files into the empty folder that it is given.

        Returns:
            The entry's folder; its files must not be changed.

        Raises:
            OutputError: the cache's folder cannot be written.
        """
        found = self.find(ingredients)
        if found is not None:
            return found
        folder = self._folder(ingredients)
        with self.scratch() as staging:
            make(staging)
            files = {
                member.relative_to(staging).as_posix(): digest_file(member)
                for member in sorted(staging.rglob("*"))
                if member.is_file()
            }
            index = {"ingredients": ingredients, "files": files}
            (staging / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            folder.parent.mkdir(exist_ok=True)
            try:
                staging.rename(folder)
            except OSError:
                if self.find(ingredients) is None:  # in the way is a damaged entry, not one that another run has made
                    shutil.rmtree(folder, ignore_errors=True)
                    staging.rename(folder)
        return folder

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder on the disk of the entries, and remove it at the end.

        Raises:
            OutputError: the cache's folder cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".making-", dir=self.root))
        except OSError as error:
            raise OutputError(
                f"cache: {self.root} cannot be written ({error.strerror}); give the path of a folder with --cache."
            ) from None
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def content_digest(self, folder: Path) -> str:
        """Return the digest of what an entry holds, whatever it was made from."""
        return digest_value(json.loads((folder / INDEX).read_text(encoding="utf-8"))["files"])

    def _folder(self, ingredients: Mapping[str, object]) -> Path:
        return self.root / str(ingredients["kind"]) / digest_value(ingredients)[:32]
