"""Latencies in blocks: processes that take turns, rows that end for their own reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.benches import tiny_tflite
from support.engines import odd_engine

from edgewright.pipeline.interpreters import Engine, tflm_engine
from edgewright.runtime_bench.bench import Limits, choose_setups, open_candidates
from edgewright.runtime_bench.bench.latency import Block, Row, RowTimes, measure_rows, paired_ratio
from edgewright.runtime_bench.bench.statistics import FEWEST

QUICK = Limits(time_limit_seconds=60.0, block_seconds=0.002, target_half_width=1e9)
"""A row is done when there is an interval, however wide."""


def row_of(path: Path, engine: Engine) -> Row:
    """One model on one engine."""
    (candidate,) = open_candidates([path])
    (setup,) = choose_setups(engines=[engine])
    return Row(candidate=candidate, setup=setup, content=candidate.tflite)


def block(round_: int, median_us: float, yardstick_us: float = 30.0) -> Block:
    """A block of one inference."""
    return Block(
        round=round_, latencies_us=(median_us,), first_us=median_us, load_us=1.0, yardstick_us=yardstick_us,
        memory=None, uses_delegate=False, started_seconds=float(round_), wall_seconds=0.5,
    )  # fmt: skip


def times_of(row: Row, medians_us: list[float]) -> RowTimes:
    """A row with one block in each round."""
    return RowTimes(row=row, blocks=tuple(block(index, median) for index, median in enumerate(medians_us)))


@pytest.mark.slow
def test_rows_take_turns_until_they_have_an_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round has one block of each row, in one order and then in the other, and the rows end with intervals."""
    log = tmp_path / "log"
    engines = [
        odd_engine(tmp_path, monkeypatch, name=name, on_open=f"open({str(log)!r}, 'a').write({name!r} + ' ')")
        for name in ("odd", "even")
    ]
    path = tiny_tflite(tmp_path)
    said: list[str] = []
    found = measure_rows([row_of(path, engine) for engine in engines], QUICK, said.append)
    assert [FEWEST, FEWEST] == [len(one.blocks) for one in found]
    assert ["odd", "even", "even", "odd"] == log.read_text().split()[:4]
    assert [f"round {turn + 1}, 2 of 2" for turn in range(FEWEST)] == said
    assert all(one.interval is not None and one.is_reached(QUICK) for one in found)
    count, ratio = paired_ratio(*found)
    assert FEWEST == count
    assert ratio is not None
    assert ratio.low <= 1.0 <= ratio.high


def test_a_row_that_fails_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash ends its own row with a sentence, and the other goes on to its limit."""
    crashing = odd_engine(tmp_path, monkeypatch, on_open="os.kill(os.getpid(), signal.SIGSEGV)")
    path = tiny_tflite(tmp_path)
    limits = Limits(time_limit_seconds=1e-6, block_seconds=0.002)
    crashed, well = measure_rows([row_of(path, crashing), row_of(path, tflm_engine())], limits, lambda text: None)
    assert crashed.failure is not None
    assert "crashed with SIGSEGV while loading the model" in crashed.failure
    assert (0, 1) == (len(crashed.blocks), len(well.blocks))
    assert not well.is_reached(limits)
    first = well.blocks[0]
    assert min(first.latencies_us) > 0
    assert first.load_us > 0
    assert first.first_us > 0
    assert first.yardstick_us > 0


def test_a_ratio_survives_what_disturbs_both(tmp_path: Path) -> None:
    """Two rows whose times double and halve together have a narrow ratio, although neither has a narrow interval."""
    row = row_of(tiny_tflite(tmp_path), tflm_engine())
    noise = [1.0, 2.0, 0.7, 1.4, 3.0] * 4
    slow, fast = times_of(row, [300.0 * one for one in noise]), times_of(row, [100.0 * one for one in noise])
    limits = Limits()
    assert [False, False] == [slow.is_reached(limits), fast.is_reached(limits)]
    count, ratio = paired_ratio(slow, fast)
    assert ratio is not None
    assert (20, 3.0) == (count, pytest.approx(ratio.median))
    assert ratio.half_width == pytest.approx(0.005)


def test_a_ratio_takes_common_rounds_only(tmp_path: Path) -> None:
    """Blocks of rounds in which only one of the two was measured do not count."""
    row = row_of(tiny_tflite(tmp_path), tflm_engine())
    assert (3, None) == paired_ratio(times_of(row, [1.0] * 20), times_of(row, [1.0] * 3))


def test_a_row_is_done_where_the_figures_are_close(tmp_path: Path) -> None:
    """Figures within the target are enough as soon as there are as many as an interval takes, and no sooner."""
    row = row_of(tiny_tflite(tmp_path), tflm_engine())
    close = [100.0, 101.0, 99.0] * 5
    assert [False, True] == [times_of(row, close[:count]).is_done(Limits()) for count in (FEWEST - 1, FEWEST)]


def test_a_row_is_given_up_in_time(tmp_path: Path) -> None:
    """Without an interval a row ends at the time limit, or at four times that while it has few blocks."""
    row = row_of(tiny_tflite(tmp_path), tflm_engine())
    noisy = [100.0, 150.0] * 20
    limits = Limits(time_limit_seconds=10.0)
    ends = [count for count in range(1, 41) if times_of(row, noisy[:count]).is_done(limits)]
    assert 20 == ends[0]
    assert 24 <= len(
        [1 for count in range(1, 25) if not times_of(row, noisy[:count]).is_done(Limits(time_limit_seconds=15.0))]
    )
    few = Limits(time_limit_seconds=1.0)
    assert [False, True] == [times_of(row, noisy[:count]).is_done(few) for count in (7, 8)]
