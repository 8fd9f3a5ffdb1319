"""A whole bench: whatever an engine or a model does, the other rows are measured, and its own says what happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.benches import ONE_BLOCK, quick_bench, tiny_tflite
from support.engines import odd_engine
from support.graphs import tiny_graph

from edgewright.pipeline.graph import total_macs, write
from edgewright.pipeline.interpreters import ENGINES, SOURCE_ENGINES, tflite_engine, tflm_engine
from edgewright.runtime_bench.bench import Limits
from edgewright.runtime_bench.bench.schema import Bench, RowSection

IMPATIENT = Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=5.0)


def row_named(found: Bench, name: str, model: int = 0) -> RowSection:
    """The first row of an engine."""
    return next(row for row in found.models[model].rows if row.engine == name)


def test_a_model_is_measured(tmp_path: Path) -> None:
    """Bytes, MACs, arena, latency, memory, layers: every figure is there and belongs to the model."""
    found = quick_bench([tiny_tflite(tmp_path)])
    model = found.models[0]
    row = row_named(found, "tflm")
    assert ("tiny", "tiny.tflite", len(write(tiny_graph())), total_macs(tiny_graph())) == (
        model.name, model.source, model.file_bytes, model.macs,
    )  # fmt: skip
    assert model.arena_bytes is not None
    assert model.arena_bytes % 16 == 0
    assert row.latency is not None
    assert 0 < row.latency.minimum_us <= row.latency.median_us <= row.latency.p90_us <= row.latency.p99_us
    assert (False, False) == (row.latency.reached, row.latency.trusted)
    assert row.latency.doubt == "an interval takes 13 processes, and 1 ran"
    assert row.memory is not None
    assert row.memory.base_bytes > 0
    assert (64, "64 drawn inputs of seed 1", ()) == (model.sample_count, model.samples, model.notes)
    assert model.layers is not None
    assert ["maps", "flat", "logits", "classes"] == [layer.layer for layer in model.layers.rows]


@pytest.mark.parametrize(
    ("on_open", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed with SIGSEGV while loading the model"),
        pytest.param("time.sleep(60)", "did not finish within 5 s while loading the model", marks=pytest.mark.slow),
        ("open('reply.json', 'w').write('[1'); os._exit(0)", "without a usable result: reply.json cannot be read"),
        ("raise RuntimeError('no such operator')", "refused the model while loading the model: no such operator"),
    ],
)
def test_a_bad_engine_takes_nobody_along(
    on_open: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that crashes, hangs, lies or refuses has a row with a sentence; the other row is complete."""
    bad = odd_engine(tmp_path, monkeypatch, on_open=on_open)
    found = quick_bench([tiny_tflite(tmp_path)], engines=(bad, tflm_engine()), limits=IMPATIENT)
    failed, well = row_named(found, "odd"), row_named(found, "tflm")
    assert failed.failure is not None
    assert words in failed.failure
    assert (None, None) == (failed.latency, failed.memory)
    assert well.failure is None
    assert well.latency is not None
    assert () == found.models[0].pairs


def test_printed_garbage_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that prints bytes while it works has the figures and the outputs that it has without them."""
    noise = "[os.write(f, bytes(range(256)) * 100) for f in (1, 2)]"
    loud = odd_engine(tmp_path, monkeypatch, on_open=noise, on_outputs=noise)
    found = quick_bench([tiny_tflite(tmp_path)], engines=(loud, tflm_engine()))
    assert row_named(found, "odd").failure is None
    assert [0] == [pair.differing_sample_count for pair in found.models[0].pairs]


def test_outputs_of_a_wrong_shape_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that gives other shapes than the model has fails on the samples, and its latency stays."""
    short = odd_engine(tmp_path, monkeypatch, on_outputs="outputs = (outputs[0][:, :2],)")
    found = quick_bench([tiny_tflite(tmp_path)], engines=(short, tflm_engine()))
    row = row_named(found, "odd")
    assert row.failure is not None
    assert "gave outputs of the shapes [(2,)], and the model has [(3,)]" in row.failure
    assert row.latency is not None


@pytest.mark.slow
def test_hostile_models_are_rows_with_sentences(tmp_path: Path) -> None:
    """Noise behind the mark of a `.tflite` and a model cut in half fail on every engine; the good model is measured."""
    noise, half = tmp_path / "noise.tflite", tmp_path / "half.tflite"
    noise.write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(1, 255)))
    half.write_bytes(write(tiny_graph())[: len(write(tiny_graph())) // 2])
    found = quick_bench([noise, half, tiny_tflite(tmp_path)], engines=(*ENGINES, *SOURCE_ENGINES))
    for index in (0, 1):
        model = found.models[index]
        assert all(row.failure or row.unavailable for row in model.rows)
        assert [None, None] == [model.macs, model.arena_bytes]
        assert 2 == len(model.notes)
    assert [] == [row.id for row in found.models[2].rows if row.failure]


def test_what_is_not_at_hand_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is not installed and a float model that is not there are rows with reasons, and not failures."""
    engine = odd_engine(tmp_path, monkeypatch)
    missing = type(engine)(**{**vars(engine), "name": "gone", "title": "Gone", "distribution": "no-such-distribution"})
    found = quick_bench([tiny_tflite(tmp_path)], engines=(missing, *SOURCE_ENGINES, tflm_engine()), limits=ONE_BLOCK)
    assert "Gone is not installed: run `pip install tflite-micro`." == row_named(found, "gone").unavailable
    source = row_named(found, "tensorflow").unavailable
    assert source is not None
    assert "the float source model does not lie beside" in source


def test_two_models_are_compared(tmp_path: Path) -> None:
    """Of each engine the second model is held against the first, in the rounds in which both were measured."""
    first, second = tiny_tflite(tmp_path, "first"), tiny_tflite(tmp_path, "second")
    (ratio,) = quick_bench([first, second]).ratios
    assert ("second", "first", "tflm/reference/1", 1) == (
        ratio.model, ratio.over_model, ratio.over_row, ratio.block_count,
    )  # fmt: skip
    assert (None, "no difference to be told") == (ratio.ratio, ratio.verdict)


@pytest.mark.slow
def test_two_benches_agree_or_say_that_they_cannot_tell(tmp_path: Path) -> None:
    """Of two benches in a row, each median lies in the other's interval wherever both could tell."""
    path = tiny_tflite(tmp_path)
    rows = [
        quick_bench(
            [path], engines=(tflm_engine(), tflite_engine()), limits=Limits(time_limit_seconds=4.0, block_seconds=0.05)
        )
        .models[0]
        .rows
        for _ in range(2)
    ]
    assert all(row.latency is not None for row in rows[0] if row.unavailable is None)
    apart = [
        before.id
        for before, after in zip(*rows, strict=True)
        if before.latency and after.latency and before.latency.trusted and after.latency.trusted
        and not (
            before.latency.low_us <= after.latency.median_us <= before.latency.high_us
            and after.latency.low_us <= before.latency.median_us <= after.latency.high_us
        )
    ]  # fmt: skip
    assert [] == apart
