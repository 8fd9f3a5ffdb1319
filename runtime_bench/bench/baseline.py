"""What changed against an earlier bench, and what became worse beyond what either of the two can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edgewright.pipeline.errors import BadInputError
from edgewright.runtime_bench.bench.schema import (
    Bench,
    DeviceSection,
    InstructionsSection,
    IntervalSection,
    LatencySection,
    MetricSection,
    ModelSection,
    RowSection,
)

NOT_MEASURED = "not measured"
STACK = "stack bytes"
"""Never a regression: on a board interrupts may share it, whenever they come."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One figure in two benches."""

    model: str
    figure: str
    before: str
    after: str
    is_regression: bool
    remark: str = ""
    is_compared: bool = True
    """False where the baseline has the figure and nothing can be said about it; the remark says why."""


@dataclass(frozen=True, kw_only=True)
class _Terms:
    """What two benches have in common."""

    metric: MetricSection | None
    """By which scores are compared; None where they are not."""
    no_scores: str
    """Why they are not."""
    same_samples: bool


def load_bench(path: Path) -> Bench:
    """Read a `bench.json`.

    Raises:
        BadInputError: it is missing, or not a bench of this version.
    """
    try:
        return Bench.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); give the path of a bench.json.") from None
    except (ValidationError, UnicodeDecodeError) as error:
        detail = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else "not UTF-8"
        raise BadInputError(
            f"{path}: is not a bench that this version reads ({detail}); make it again with edgewright bench."
        ) from None


def require_common_model(before: Bench, names: Sequence[str], path: Path) -> None:
    """Refuse a baseline that measured other models, before anything is measured.

    Raises:
        BadInputError: none of the names is a model of the baseline.
    """
    known = [model.name for model in before.models]
    if not set(known) & set(names):
        raise BadInputError(
            f"baseline: {path} measured {', '.join(known)}, and {', '.join(names)} is given; give the bench.json of a "
            "model of the same name."
        )


def compare_benches(before: Bench, after: Bench) -> tuple[Change, ...]:
    """Return every figure that differs, of each model that has the same name in both, and what cannot be compared.

    Bytes, arena and instructions are exact: any growth is a regression; of instructions on the same samples only, as
    other inputs may take others. A score is one where it lies below the interval that the samples left the earlier
    one. A latency is compared as its ratio to a fixed calculation, which the processor's clock cancels in, and on a
    device, which does nothing else, as it is: it is one where the two intervals have nothing in common and both benches
    could tell. What ran and now fails or is unavailable is one. A figure of the baseline that is missing is listed with
    the reason and is none.
    """
    later = {model.name: model for model in after.models}
    terms = _terms(before, after)
    changes: list[Change] = []
    for model in before.models:
        if model.name in later:
            changes += _changes(model, later[model.name], terms)
        else:
            changes.append(_gap(model.name, "all figures", "measured", "the model was not given"))
    return tuple(changes)


def _terms(before: Bench, after: Bench) -> _Terms:
    same_data = before.data_digest == after.data_digest
    no_scores = "other data" if after.data_digest is not None else "no data was given"
    same_metric = same_data and before.metric == after.metric
    return _Terms(
        metric=after.metric if same_metric else None,
        no_scores="another metric" if same_data else no_scores,
        same_samples=same_data and before.method.seed == after.method.seed,
    )


def _gap(model: str, figure: str, before: str, reason: str, after: str = NOT_MEASURED) -> Change:
    return Change(
        model=model, figure=figure, before=before, after=after, is_regression=False, is_compared=False,
        remark=f"not compared: {reason}",
    )  # fmt: skip


def _changes(before: ModelSection, after: ModelSection, terms: _Terms) -> Iterator[Change]:
    exact = (
        ("file bytes", before.file_bytes, after.file_bytes),
        ("weight bytes", before.weight_bytes, after.weight_bytes),
        ("arena bytes", before.arena_bytes, after.arena_bytes),
        ("MACs", before.macs, after.macs),
    )
    for figure, old, new in exact:
        yield from _exact_change(after.name, figure, old, new)
    rows = {row.id: row for row in after.rows}
    for row in before.rows:
        if row.id in rows:
            yield from _row_changes(after.name, row, rows[row.id], terms)
            yield from _device_changes(after.name, row, rows[row.id], same_samples=terms.same_samples)
        elif _state(row) == "ran":
            yield _gap(after.name, f"{row.id}: all figures", "measured", "the row was not asked for, or is not there")


def _exact_change(
    model: str, figure: str, old: int | None, new: int | None, *, tells: bool = True, remark: str = ""
) -> Iterator[Change]:
    """Yield the change of an exact figure; growth is a regression where the two tell that."""
    if old is not None and new is None:
        yield _gap(model, figure, _count(old), "it is not known any more")
    elif old != new:
        worse = tells and old is not None and new is not None and new > old
        yield Change(
            model=model, figure=figure, before=_count(old), after=_count(new), is_regression=worse, remark=remark
        )


def _device_changes(model: str, before: RowSection, after: RowSection, *, same_samples: bool) -> Iterator[Change]:
    if before.instructions is not None and after.instructions is not None:
        yield from _instruction_change(
            f"{after.id}: instructions",
            model,
            before.instructions,
            after.instructions,
            same_samples=same_samples and before.sample_count == after.sample_count,
        )
    elif before.instructions is not None:
        yield _gap(model, f"{after.id}: instructions", _count(before.instructions.median), _reason(after))
    if before.device is not None and after.device is None:
        yield _gap(model, f"{after.id}: bytes of the device", "measured", _reason(after))
    if before.device is None or after.device is None:
        return
    for figure, (old, new) in _device_figures(before.device, after.device).items():
        if old is not None:
            yield from _exact_change(model, f"{after.id}: {figure}", old, new, tells=figure != STACK)


def _instruction_change(
    figure: str, model: str, before: InstructionsSection, after: InstructionsSection, *, same_samples: bool
) -> Iterator[Change]:
    remark = "" if same_samples else "on other samples"
    tells = same_samples or after.minimum > before.maximum
    yield from _exact_change(model, figure, before.median, after.median, tells=tells, remark=remark)


def _device_figures(before: DeviceSection, after: DeviceSection) -> dict[str, tuple[int | None, int | None]]:
    return {
        "arena bytes in use": (before.arena_used_bytes, after.arena_used_bytes),
        "arena bytes": (before.arena_bytes, after.arena_bytes),
        STACK: (before.stack_bytes, after.stack_bytes),
        "flash bytes": (before.flash_bytes, after.flash_bytes),
        "RAM bytes": (before.ram_bytes, after.ram_bytes),
    }


def _state(row: RowSection) -> str:
    return "failed" if row.failure else "unavailable" if row.unavailable else "ran"


def _reason(row: RowSection) -> str:
    """Say why a row lacks a figure."""
    return "the row told none" if _state(row) == "ran" else f"the row is {_state(row)}"


def _row_changes(model: str, before: RowSection, after: RowSection, terms: _Terms) -> Iterator[Change]:
    old, new = _state(before), _state(after)
    if old != new or before.failure != after.failure:
        yield Change(
            model=model,
            figure=f"{after.id}: runs",
            before=old,
            after=new,
            is_regression=old == "ran" and new != "ran",
            remark=after.failure or after.unavailable or "",
        )
    if before.scores and after.scores and terms.metric is not None:
        yield from _score_change(model, before, after, terms.metric)
    elif before.scores:
        reason = terms.no_scores if terms.metric is None else _reason(after)
        score = before.scores[0]
        yield _gap(model, f"{after.id}: {score.name}", f"{score.value:.4g}", reason)
    if before.latency is not None and after.latency is not None:
        yield from _latency_change(model, after.id, before.latency, after.latency)
    elif before.latency is not None:
        yield _gap(model, f"{after.id}: latency in us", f"{before.latency.median_us:.4g}", _reason(after))


def _score_change(model: str, before: RowSection, after: RowSection, metric: MetricSection) -> Iterator[Change]:
    old, new = before.scores[0], after.scores[0]
    if old.value == new.value:
        return
    worse = new.value < old.low if metric.higher_is_better else new.value > old.high
    yield Change(
        model=model,
        figure=f"{after.id}: {metric.name}",
        before=f"{old.value:.4g}",
        after=f"{new.value:.4g}",
        is_regression=worse,
        remark=f"earlier interval {old.low:.4g} to {old.high:.4g}",
    )


def _latency_change(model: str, row: str, before: LatencySection, after: LatencySection) -> Iterator[Change]:
    old, new = _comparable(before), _comparable(after)
    if old is None or new is None or before.clock != after.clock:
        reason = "another clock" if before.clock != after.clock else "no interval"
        yield _gap(model, f"{row}: latency in us", f"{before.median_us:.4g}", reason, f"{after.median_us:.4g}")
        return
    told = before.trusted and after.trusted
    if told and _overlap(old, new):
        return
    yield Change(
        model=model,
        figure=f"{row}: latency in us" if after.clock == "device" else f"{row}: latency over the fixed calculation",
        before=f"{old.median:.4g}",
        after=f"{new.median:.4g}",
        is_regression=told and new.low > old.high,
        remark="" if told else "too noisy to tell",
        is_compared=told,
    )


def _comparable(latency: LatencySection) -> IntervalSection | None:
    """Return what another bench's latency is compared with: of a device the time itself."""
    if latency.clock == "device":
        if latency.low_us is None or latency.high_us is None:
            return None
        return IntervalSection(median=latency.median_us, low=latency.low_us, high=latency.high_us)
    return latency.yardstick_ratio


def _overlap(left: IntervalSection, right: IntervalSection) -> bool:
    return left.low <= right.high and right.low <= left.high


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
