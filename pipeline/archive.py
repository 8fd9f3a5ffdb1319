"""A tree of files as one `.zip`, the same bytes whenever and wherever it is made."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a `.zip` can say at the earliest."""
UNIX = 3
READABLE = stat.S_IFREG | 0o644


def archive(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """Pack files into a `.zip`.

    They are stored as they are: what compression makes of them depends on the library that compresses.

    Args:
        files: relative POSIX path -> content.
        folder: name of the only folder at the top, if there shall be one.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}" if folder else name, EARLIEST)
            entry.create_system = UNIX
            entry.external_attr = READABLE << 16
            packed.writestr(entry, content)
    return buffer.getvalue()
