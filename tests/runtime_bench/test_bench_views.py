"""What people see of a bench: the same words on the terminal and in `bench.md`, and the schema that both come from."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.benches import quick_bench, tiny_tflite
from support.json_schema import violations

from edgewright.pipeline.interpreters import SOURCE_ENGINES, tflm_engine
from edgewright.runtime_bench.bench import Bench, changes_view, json_schema, render_markdown, render_view, views
from edgewright.runtime_bench.bench.baseline import Change
from edgewright.runtime_bench.bench.view_parts import Column, View, format_ms


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench of one engine at hand and one that has nothing to run."""
    path = tiny_tflite(tmp_path_factory.mktemp("bench"))
    return quick_bench([path], engines=(tflm_engine(), *SOURCE_ENGINES))


def with_row(bench: Bench, **fields: Any) -> Bench:
    """Change fields of the first row's latency."""
    content = bench.model_dump(mode="json")
    content["models"][0]["rows"][0]["latency"].update(fields)
    return Bench.model_validate(content)


def page_of(bench: Bench) -> str:
    """The Markdown of a bench."""
    return render_markdown(views(bench))


def test_a_bench_keeps_to_its_schema(measured: Bench) -> None:
    """What was measured validates against the schema that is published, and is read back as it was."""
    plain = json.loads(measured.model_dump_json())
    assert [] == violations(plain, json_schema())
    assert json_schema() == json.loads((Path(__file__).parents[2] / "docs" / "bench.schema.json").read_text())
    assert measured == Bench.model_validate_json(json.dumps(plain))


def test_what_cannot_be_told_is_not_printed_as_a_fact(measured: Bench) -> None:
    """A median that is not trusted is replaced by words, with the reason below; a trusted one is printed."""
    doubtful = with_row(measured, median_us=123.4, trusted=False, doubt="other programs kept 2 of 2 processors busy")
    assert "| tflm/reference/1 | too noisy to tell |" in page_of(doubtful)
    assert "- tflm/reference/1: other programs kept 2 of 2 processors busy." in page_of(doubtful)
    assert "123.4" not in page_of(doubtful)
    noisy = json.loads(doubtful.model_dump_json())
    noisy["noise"]["reasons"] = ["other programs kept 2 of 2 processors busy"]
    page = page_of(Bench.model_validate(noisy))
    assert 1 == page.count("other programs kept 2 of 2 processors busy")
    told = with_row(measured, median_us=123.4, low_us=120.0, high_us=125.0, trusted=True, doubt=None)
    assert "| tflm/reference/1 | 123.4 | 120.0 to 125.0 |" in page_of(told)


def test_agreement_is_claimed_where_it_is_promised(measured: Bench) -> None:
    """Among engines without TensorFlow Lite Micro nothing is promised, and a broken promise is told with its layer."""
    pair: dict[str, Any] = {
        "left": "tflm/reference/1", "right": "odd/reference/1", "sample_count": 64, "differing_sample_count": 3,
        "differing_class_count": 1, "largest_lsb": 9, "first_differing_sample": 2, "tolerance_lsb": 1, "holds": False,
        "divergence": {
            "layer": "conv1", "operator": "CONV_2D", "operator_index": 0, "largest_lsb": 5,
            "first_differing_layer": "conv0", "note": None,
        },
    }  # fmt: skip
    free = {**pair, "tolerance_lsb": None, "holds": None, "divergence": None}
    pages = []
    for one in (pair, {**pair, "holds": True, "divergence": None}, free):
        content = json.loads(measured.model_dump_json())
        content["models"][0]["pairs"] = [one]
        pages.append(page_of(Bench.model_validate(content)))
    assert "| tflm/reference/1 | 9, 3, 1 ! |" in pages[0]
    assert "9 LSB, and 1 are promised; the layer conv1 (operator 0 CONV_2D) is the first beyond that, by 5;" in pages[0]
    assert "agrees with TensorFlow Lite Micro as closely as is promised." in pages[1]
    assert "Nothing is promised about these engines" in pages[2]


def test_devices_have_a_table(measured: Bench) -> None:
    """What a device tells is a row, with what it lacks: a time in an emulator, trust after a failed self-test."""
    content = json.loads(measured.model_dump_json())
    row = content["models"][0]["rows"][0]
    device = {
        "tool_version": "1", "configuration_digest": "", "model_name": "m", "selftest": "selftest",
        "arena_used_bytes": 900, "arena_bytes": 1000, "stack_bytes": None, "flash_bytes": 9000, "ram_bytes": 2000,
        "note": None,
    }  # fmt: skip
    counts = {"run_count": 9, "median": 12345, "minimum": 12345, "maximum": 12345}
    row.update(id="qemu/cortex-m4", latency=None, device=device, instructions=counts, sample_count=9, kernels="esp_nn")
    page = page_of(Bench.model_validate(content))
    assert "| qemu/cortex-m4 | not told | - |" in page
    assert "- qemu/cortex-m4: no latency is told, as an emulator's time is no board's;" in page
    assert "| qemu/cortex-m4 | m | esp_nn | selftest | 9 | 12,345 | 900 | 1,000 | - | 9,000 | 2,000 |" in page
    assert "- qemu/cortex-m4: its self-test ended with selftest: do not trust its outputs." in page
    assert "- qemu/cortex-m4: ran the first 9 of 64 samples." in page
    counts.update(minimum=12000, maximum=13000)
    assert "| 12,345 (12,000 to 13,000) |" in page_of(Bench.model_validate(content))


def test_every_section_is_there(measured: Bench) -> None:
    """Machine, latencies, memory, layers: each has its heading; an engine without a model says why."""
    page = page_of(measured)
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert [
        "# Bench", "## tiny: file", "## tiny: loading, memory and score", "## tiny: layer by layer",
        "## tiny: estimated latency on targets, not measured",
    ] == [headings[0], headings[1][:13], *headings[2:]]  # fmt: skip
    assert "- tensorflow/builtin/1: the float source model does not lie beside the .tflite as .keras." in page
    assert "| tensorflow/builtin/1 | unavailable |" in page
    assert "Most is lost to quantization at" in page


def test_an_estimate_is_never_taken_for_a_measurement(measured: Bench) -> None:
    """Each target has its estimate with the error that is known, its source below, or a sentence why there is none."""
    page, estimates = page_of(measured), measured.models[0].estimates
    known = {(one.target, one.family): one for one in estimates if one.latency_us is not None}
    board = known["nrf52840dk", "zephyr"]
    assert board.cycles == pytest.approx((board.latency_us or 0) * 64)
    assert sum(layer.cycles for layer in board.layers) == pytest.approx(board.cycles)
    assert (
        f"| nrf52840dk | zephyr | 64 | {format_ms((board.latency_us or 0) / 1e3)} | {board.largest_error:.0%} |" in page
    )
    assert f"- cortex-m4: {board.remark}." in page
    assert (
        f"| esp32 | esp_idf | 240 | {format_ms((known['esp32', 'esp_idf'].latency_us or 0) / 1e3)} | unknown |" in page
    )
    assert "| nucleo_h743zi |" not in page
    (without,) = (line for line in page.splitlines() if line.startswith("- No estimate for "))
    assert "nucleo_h743zi (zephyr)" in without
    assert "nrf52840dk (zephyr)" not in without


def test_the_terminal_says_the_same(measured: Bench) -> None:
    """Every sentence and every cell of a view is on the terminal, in whatever width."""
    for shown in views(measured):
        out = io.StringIO()
        Console(file=out, width=60, emoji=False).print(render_view(shown))
        together = "".join(out.getvalue().split())
        for text in (shown.title, *shown.notes):
            assert "".join(text.split()) in together


def test_cells_cannot_break_a_page() -> None:
    """Bars, angle brackets and line ends of a name stay inside their cell."""
    view = View(title="a|b", columns=(Column(heading="x"),), rows=(("a|b\n<script>",),))
    assert "# a\\|b\n\n| x |\n| ---: |\n| a\\|b &lt;script> |\n" == render_markdown([view])


def test_changes_say_what_is_worse() -> None:
    """A regression is called worse, a change without a verdict is listed, and no change is a sentence."""
    changes = (
        Change(model="m", figure="arena bytes", before="1", after="2", is_regression=True),
        Change(model="m", figure="latency", before="1", after="2", is_regression=False, remark="too noisy to tell"),
    )
    assert ["worse", "too noisy to tell"] == [row[-1] for row in changes_view(changes).rows]
    assert ("Nothing changed beyond what can be told.",) == changes_view(()).notes
    assert () == changes_view(changes).notes
    gap = Change(model="m", figure="latency", before="1", after="-", is_regression=False, is_compared=False)
    assert "could not be compared" in changes_view((gap,)).notes[0]
