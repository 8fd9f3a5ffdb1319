"""A tree of files that is being written: every path once, relative, and inside the tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType


class EmittedTree:
    """Collects the files of one emission and refuses to write any path twice."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def write(self, path: str, content: bytes) -> None:
        """Add a file.

        Args:
            path: relative POSIX path.
            content: the whole file.

        Raises:
            ValueError: the path is absolute, leaves the tree, is not in its normal form, was written before, or is
                a folder of a file that was (a defect of edgewright: templates collide).
        """
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != path or path == ".":
            raise ValueError(f'"{path}" is not a relative POSIX path inside the emitted tree.')
        if path in self._files:
            raise ValueError(f'"{path}" is emitted twice: two templates have the same output.')
        for other in self._files:
            if PurePosixPath(other) in pure.parents or pure in PurePosixPath(other).parents:
                raise ValueError(f'"{path}" and "{other}" are emitted, but one is the folder of the other.')
        self._files[path] = content

    @property
    def files(self) -> Mapping[str, bytes]:
        """Everything that was written, sorted by path."""
        return MappingProxyType(dict(sorted(self._files.items())))
