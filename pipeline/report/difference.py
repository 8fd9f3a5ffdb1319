"""What changed between two reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from edgewright.pipeline.errors import BadInputError
from edgewright.pipeline.report.schema import Report

_Figure = float | int | str | None
_Row = tuple[str, _Figure, _Figure, int]
"""A figure's name, its two values, and which way is better: 1, -1, or 0 for neither."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One figure in two reports; `better` is None where neither direction is."""

    figure: str
    before: _Figure
    after: _Figure
    better: bool | None


def load_report(path: Path) -> Report:
    """Read a `report.json`.

    Raises:
        BadInputError: it is missing, or not a report of this version.
    """
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); give the path of a report.json.") from None
    except (ValidationError, UnicodeDecodeError) as error:
        detail = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else "not UTF-8"
        raise BadInputError(
            f"{path}: is not a report that this version reads ({detail}); make it again with edgewright build."
        ) from None


def compare_reports(before: Report, after: Report) -> tuple[Change, ...]:
    """Return every figure that differs, the final model's first."""
    name, direction = _metric(before, after)
    rows: list[_Row] = [
        (f"int8 {name}", before.int8_score, after.int8_score, direction),
        ("arena bytes", before.arena.bytes, after.arena.bytes, -1),
        ("code bytes", before.footprint.code_bytes, after.footprint.code_bytes, -1),
        ("flash bytes", before.footprint.flash_bytes, after.footprint.flash_bytes, -1),
        ("RAM bytes", before.footprint.ram_bytes, after.footprint.ram_bytes, -1),
        ("target", before.target.name, after.target.name, 0),
        ("firmware family", before.target.family, after.target.family, 0),
        ("seed", before.seed, after.seed, 0),
    ]
    if before.latency and after.latency:
        rows.append(("latency, median us", before.latency.median_us, after.latency.median_us, 0))
    names = [stage.name for stage in before.stages], [stage.name for stage in after.stages]
    rows.append(("stages", " -> ".join(names[0]), " -> ".join(names[1]), 0))
    if names[0] == names[1]:
        pairs = list(zip(before.stages, after.stages, strict=True))
    else:
        pairs = [(before.stages[0], after.stages[0]), (before.stages[-1], after.stages[-1])]
    for old, new in pairs:
        label = old.name if old.name == new.name else f"{old.name} / {new.name}"
        old_score, new_score = (next(iter(stage.metrics.int8_scores.values()), None) for stage in (old, new))
        rows.append((f"{label}: int8 {name}", old_score, new_score, direction))
        for field, way in _DIRECTIONS.items():
            rows.append(
                (
                    f"{label}: {field.replace('_', ' ')}",
                    getattr(old.metrics, field),
                    getattr(new.metrics, field),
                    way,
                )
            )
    return tuple(
        Change(figure=figure, before=old, after=new, better=_is_better(old, new, direction))
        for figure, old, new, direction in rows
        if old != new
    )


def _metric(before: Report, after: Report) -> tuple[str, int]:
    """Return the name of the deciding figure and which way it is better; two names where the reports differ."""
    metrics = [report.metric for report in (before, after) if report.metric is not None]
    names = [metric.name for metric in metrics]
    if len(set(names)) != 1:
        return " / ".join(names) or "score", 0
    return names[0], 1 if metrics[0].higher_is_better else -1


_DIRECTIONS = {
    "parameter_count": -1, "nonzero_parameter_count": -1, "mac_count": -1, "file_bytes": -1, "gzip_bytes": -1,
    "arena_bytes": -1,
}  # fmt: skip


def _is_better(before: object, after: object, direction: int) -> bool | None:
    if direction == 0 or not isinstance(before, int | float) or not isinstance(after, int | float):
        return None
    return (after - before) * direction > 0


def difference_table(changes: tuple[Change, ...]) -> Table:
    """Return the changes as a table."""
    table = Table()
    table.add_column("figure")
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right")
    for change in changes:
        color = {True: "green", False: "red", None: "default"}[change.better]
        texts = (Text(text) for text in (change.figure, _text(change.before), _text(change.after)))
        table.add_row(*texts, Text(_delta(change), style=color))
    return table


def _text(value: _Figure) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else value


def _delta(change: Change) -> str:
    before, after = change.before, change.after
    if isinstance(before, str | None) or isinstance(after, str | None):
        return ""
    relative = f" ({(after - before) / before:+.1%})" if before else ""
    return f"{after - before:+,.4g}{relative}"
