"""Against a baseline: what changed is listed, and what became worse beyond the intervals is a regression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.benches import quick_bench, tiny_tflite
from support.digits import tiny_arrays, write_npz

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import BadInputError
from edgewright.runtime_bench.bench import Bench, compare_benches, load_bench, open_examination
from edgewright.runtime_bench.bench.baseline import require_common_model


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench with data of the tiny network on one engine, whose latency can be told."""
    folder = tmp_path_factory.mktemp("bench")
    write_npz(folder / "data.npz", tiny_arrays((4, 4, 2), 3))
    examination = open_examination(str(folder / "data.npz"), None, Cache(root=folder / "cache"))
    found = quick_bench([tiny_tflite(folder)], examination=examination)
    ratio = {"median": 2.0, "low": 1.9, "high": 2.1}
    return changed_row(found, latency={"trusted": True, "yardstick_ratio": ratio})


def changed_row(bench: Bench, **fields: Any) -> Bench:
    """Change fields of the first model's first row; a dictionary changes fields of a section."""
    content = bench.model_dump(mode="json")
    row = content["models"][0]["rows"][0]
    for name, value in fields.items():
        row[name] = {**(row[name] or {}), **value} if isinstance(value, dict) else value
    return Bench.model_validate(content)


def changed_model(bench: Bench, **fields: Any) -> Bench:
    """Change fields of the first model."""
    content = bench.model_dump(mode="json")
    content["models"][0].update(fields)
    return Bench.model_validate(content)


def test_the_same_bench_has_no_changes(measured: Bench) -> None:
    """Compared with itself, nothing is listed."""
    assert () == compare_benches(measured, measured)


@pytest.mark.parametrize("field", ["file_bytes", "weight_bytes", "arena_bytes", "macs"])
def test_growth_is_a_regression_and_shrinking_is_none(field: str, measured: Bench) -> None:
    """Bytes, arena and MACs are exact: one more is worse, one less is a change."""
    value = getattr(measured.models[0], field)
    for difference, worse in ((16, True), (-1, False)):
        (change,) = compare_benches(measured, changed_model(measured, **{field: value + difference}))
        assert (worse, f"{value:,}", f"{value + difference:,}") == (change.is_regression, change.before, change.after)


def test_a_score_is_worse_below_the_interval(measured: Bench) -> None:
    """A score that fell within what the samples leave open is a change, one below it a regression, a rise neither."""
    (score, *_) = measured.models[0].rows[0].scores
    for value, worse in ((score.low, False), (score.low - 1e-6, True), (score.value + 0.01, False)):
        lower = {**score.model_dump(), "value": value}
        (change,) = compare_benches(measured, changed_row(measured, scores=[lower]))
        assert (worse, "tflm/reference/1: accuracy") == (change.is_regression, change.figure)


def test_scores_on_other_data_are_not_compared(measured: Bench) -> None:
    """Another test split gives another score, which says nothing about the model."""
    (score, *_) = measured.models[0].rows[0].scores
    worse = changed_row(measured, scores=[{**score.model_dump(), "value": 0.0}])
    for digest, reason in (("other", "other data"), (None, "no data was given")):
        (gap,) = compare_benches(measured, worse.model_copy(update={"data_digest": digest}))
        assert ("tflm/reference/1: accuracy", "not measured", False) == (gap.figure, gap.after, gap.is_regression)
        assert f"not compared: {reason}" == gap.remark


@pytest.mark.parametrize(
    ("ratio", "trusted", "outcome"),
    [
        ((2.3, 2.2, 2.4), True, [(True, "")]),
        ((2.3, 2.2, 2.4), False, [(False, "too noisy to tell")]),
        ((2.15, 2.05, 2.2), True, []),
        ((1.5, 1.4, 1.6), True, [(False, "")]),
    ],
)
def test_a_latency_is_worse_beyond_both_intervals(
    ratio: tuple[float, float, float], trusted: bool, outcome: list[tuple[bool, str]], measured: Bench
) -> None:
    """Only intervals with nothing in common are told apart, and only where both benches could tell."""
    section = dict(zip(("median", "low", "high"), ratio, strict=True))
    later = changed_row(measured, latency={"yardstick_ratio": section, "trusted": trusted})
    assert outcome == [(change.is_regression, change.remark) for change in compare_benches(measured, later)]


DEVICE = {
    "tool_version": "1", "configuration_digest": "", "model_name": "m", "selftest": "ok", "arena_used_bytes": 900,
    "arena_bytes": 1000, "stack_bytes": 400, "flash_bytes": 9000, "ram_bytes": None, "note": None,
}  # fmt: skip


def with_instructions(bench: Bench, median: int, spread: int = 0) -> Bench:
    """Give the first row counted instructions."""
    counts = {"run_count": 9, "median": median, "minimum": median - spread, "maximum": median + spread}
    return changed_row(bench, instructions=counts)


def test_one_instruction_more_is_a_regression(measured: Bench) -> None:
    """Instructions on the same samples are exact; on others only more than any earlier sample took is worse."""
    before = with_instructions(measured, 1000, 50)
    for count, worse in ((1001, True), (999, False)):
        (change,) = compare_benches(before, with_instructions(measured, count, 50))
        assert ("tflm/reference/1: instructions", worse, "1,000") == (
            change.figure, change.is_regression, change.before,
        )  # fmt: skip
    for count, worse in ((1001, False), (1101, True)):
        other = with_instructions(measured, count, 50).model_copy(update={"data_digest": "other"})
        (change,) = [one for one in compare_benches(before, other) if one.is_compared]
        assert (worse, "on other samples") == (change.is_regression, change.remark)


@pytest.mark.parametrize(
    ("field", "figure"),
    [("arena_used_bytes", "arena bytes in use"), ("stack_bytes", "stack bytes"), ("flash_bytes", "flash bytes")],
)
def test_bytes_of_a_device_are_exact(field: str, figure: str, measured: Bench) -> None:
    """A byte more on a device is worse, but of the stack, which interrupts share; what is not known is no change."""
    device: dict[str, Any] = {**DEVICE, field: 500}
    before = changed_row(measured, device=device)
    (change,) = compare_benches(before, changed_row(measured, device={**device, field: 501}))
    assert (f"tflm/reference/1: {figure}", field != "stack_bytes") == (change.figure, change.is_regression)
    unknown = {**device, "stack_bytes": None, "flash_bytes": None}
    assert not [
        change for change in compare_benches(before, changed_row(measured, device=unknown)) if change.is_regression
    ]


def test_a_devices_latency_is_compared_as_it_is(measured: Bench) -> None:
    """A device's own time needs no fixed calculation; a host's time is never compared with it."""
    times = {"clock": "device", "yardstick_ratio": None, "trusted": True}
    before = changed_row(measured, latency={**times, "median_us": 100.0, "low_us": 98.0, "high_us": 102.0})
    slower = changed_row(measured, latency={**times, "median_us": 110.0, "low_us": 108.0, "high_us": 112.0})
    (change,) = compare_benches(before, slower)
    assert ("tflm/reference/1: latency in us", True) == (change.figure, change.is_regression)
    (gap,) = compare_benches(before, changed_row(measured, latency={"clock": "host"}))
    assert (False, "not compared: another clock") == (gap.is_compared, gap.remark)
    (gap,) = compare_benches(before, changed_row(measured, latency={**times, "low_us": None, "high_us": None}))
    assert (False, "not compared: no interval") == (gap.is_compared, gap.remark)


def test_an_engine_that_fails_now_is_a_regression(measured: Bench) -> None:
    """What ran and crashes now is worse; what was missing before is no measure."""
    broken = changed_row(measured, failure="crashed", latency=None)
    change, gap = compare_benches(measured, broken)
    assert ("not measured", "not compared: the row is failed") == (gap.after, gap.remark)
    assert (True, "ran", "failed", "crashed") == (change.is_regression, change.before, change.after, change.remark)
    (mended,) = compare_benches(broken, measured)
    assert (False, "ran") == (mended.is_regression, mended.after)
    gone = changed_row(measured, unavailable="not installed", latency=None, scores=[])
    change, *gaps = compare_benches(measured, gone)
    assert (True, "unavailable", "not installed") == (change.is_regression, change.after, change.remark)
    assert ["not compared: the row is unavailable"] * 2 == [gap.remark for gap in gaps]


def test_what_was_not_measured_again_is_said(measured: Bench) -> None:
    """A model and a row of the baseline that are missing are listed, and are no regression."""
    other = changed_model(measured, name="other")
    (gap,) = compare_benches(measured, other)
    assert ("tiny", "not compared: the model was not given", False) == (gap.model, gap.remark, gap.is_regression)
    (gap,) = compare_benches(measured, changed_model(measured, rows=[]))
    assert ("tflm/reference/1: all figures", "not measured", False) == (gap.figure, gap.after, gap.is_regression)
    doubtful = changed_row(measured, latency={"trusted": False})
    (gap,) = compare_benches(measured, doubtful)
    assert ("too noisy to tell", False) == (gap.remark, gap.is_compared)


def test_a_baseline_that_cannot_be_used_is_refused(measured: Bench, tmp_path: Path) -> None:
    """A missing file, garbage, another version and a bench of other models end in one sentence each."""
    path = tmp_path / "bench.json"
    with pytest.raises(BadInputError, match="cannot be read"):
        load_bench(path)
    for content in (
        b"{}",
        b"\xff",
        measured.model_dump_json().replace('"schema_version":1', '"schema_version":9').encode(),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInputError, match="is not a bench that this version reads"):
            load_bench(path)
    with pytest.raises(BadInputError, match=r"measured tiny, and other is given"):
        require_common_model(measured, ["other"], path)
    path.write_text(measured.model_dump_json())
    assert measured == load_bench(path)
