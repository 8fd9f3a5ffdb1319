"""Which code made a measurement."""

from __future__ import annotations

import subprocess


def commit_name() -> str:
    """Return the commit's short name, with `+` where files of ours were changed since."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return _git("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S607
