"""A bench as a report's section: every figure arrives, and what went wrong with it."""

from __future__ import annotations

from pathlib import Path

from support.benches import quick_bench, tiny_tflite
from support.full_reports import full_report

from edgewright.pipeline.report import render_page
from edgewright.runtime_bench.bench.report_section import report_section


def test_a_row_arrives_with_its_interval_and_doubt(tmp_path: Path) -> None:
    """Latency, memory and the reason why the latency cannot be told are those of the bench."""
    bench = quick_bench([tiny_tflite(tmp_path)])
    (model,) = bench.models
    section = report_section(bench, model)
    (row,), (measured,) = section.rows, model.rows
    assert measured.latency is not None
    assert measured.memory is not None
    assert (measured.id, measured.version, None) == (row.id, row.version, row.problem)
    assert (measured.latency.median_us, measured.latency.p99_us) == (row.median_us, row.p99_us)
    assert measured.latency.doubt == row.doubt is not None
    assert measured.memory.over_base_bytes == row.memory_bytes
    assert (model.arena_bytes, model.sample_count) == (section.arena_bytes, section.sample_count)
    assert model.layers is not None
    assert [layer.layer for layer in model.layers.rows] == [layer.layer for layer in section.layers]
    assert [layer.time_us for layer in model.layers.rows] == [layer.time_us for layer in section.layers]
    page = render_page(full_report().model_copy(update={"bench": section}))
    assert "too noisy to tell" in page


def test_an_engine_that_failed_says_so(tmp_path: Path) -> None:
    """A hostile model's row has no figures and a problem."""
    hostile = tmp_path / "hostile.tflite"
    hostile.write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(1, 255)))
    bench = quick_bench([hostile])
    (row,) = report_section(bench, bench.models[0]).rows
    assert row.problem is not None
    assert (None, None, None) == (row.median_us, row.memory_bytes, row.score)
