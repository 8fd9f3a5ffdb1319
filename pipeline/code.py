"""The digest of our own code, so that a changed stage is a new cache entry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from edgewright.pipeline.digest import digest_file, digest_value

PIPELINE = Path(str(files("edgewright.pipeline")))


def code_digest(modules: Iterable[str]) -> str:
    """Return the digest of some modules.

    Args:
        modules: their paths below `pipeline/`, `stages/prune.py` for instance.
    """
    return digest_value([[name, _digest(name)] for name in sorted(modules)])


@cache
def _digest(name: str) -> str:
    return digest_file(PIPELINE / name)
