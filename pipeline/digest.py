"""SHA-256 of files, folders and plain values: the names under which everything is cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CHUNK_BYTES = 1 << 20


def digest_bytes(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, or of a folder's relative paths and contents."""
    if path.is_dir():
        members = sorted(member for member in path.rglob("*") if member.is_file())
        return digest_value([[member.relative_to(path).as_posix(), digest_file(member)] for member in members])
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            state.update(chunk)
    return state.hexdigest()


def digest_value(value: object) -> str:
    """Return the SHA-256 of a plain value (what JSON can hold), independent of the order of keys."""
    return digest_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of installed distributions; those that are not installed are left out."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
