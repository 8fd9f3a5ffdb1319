"""`bench.md`: the views of a bench as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from edgewright.runtime_bench.bench.view_parts import View

_ESCAPED = str.maketrans({"|": "\\|", "<": "&lt;", "\n": " ", "\r": " "})


def render_markdown(shown: Iterable[View]) -> str:
    """Return a page of all views.

    Args:
        shown: in the order in which they stand.
    """
    return "\n\n".join(_section(view, level=1 if place == 0 else 2) for place, view in enumerate(shown)) + "\n"


def _section(view: View, *, level: int) -> str:
    parts = [f"{'#' * level} {_escape(view.title)}"]
    if view.rows:
        parts.append("\n".join(_table(view)))
    if view.notes:
        parts.append("\n".join(f"- {_escape(note)}" for note in view.notes))
    return "\n\n".join(parts)


def _table(view: View) -> list[str]:
    rules = ("---:" if column.is_number else "---" for column in view.columns)
    lines = [tuple(column.heading for column in view.columns), tuple(rules), *view.rows]
    return [f"| {' | '.join(_escape(cell) for cell in line)} |" for line in lines]


def _escape(text: str) -> str:
    return text.translate(_ESCAPED)
