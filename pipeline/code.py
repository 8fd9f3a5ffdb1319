"""The digest of our own code, so that a changed stage is a new cache entry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from edgewright.pipeline.digest import digest_file, digest_value

PIPELINE = Path(str(files("edgewright.pipeline")))
LOADING = ("models", "surgery", "graph", "frameworks.py", "rounding.py")
"""What decides how a model is loaded, saved and converted."""
TRAINING = (*LOADING, "training.py", "batches.py", "tasks", "augmentation.py")
"""What decides how a model is trained."""
ARENA = ("arena", "facts/arena_blocks.toml", "facts/arena_layouts.toml", "facts/arena_revisions.toml")
"""What decides the arena of a model; of a folder the Python files alone count."""


def code_digest(modules: Iterable[str]) -> str:
    """Return the digest of some modules.

    Args:
        modules: paths below `pipeline/` of modules and packages, `stages/prune.py` or `models` for instance.
    """
    return digest_value([[name, _digest(name)] for name in sorted(modules)])


@cache
def _digest(name: str) -> str:
    path = PIPELINE / name
    sources = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return digest_value([[source.name, digest_file(source)] for source in sources])
