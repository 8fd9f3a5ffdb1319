"""`edgewright bench`: files, the baseline's exit status, and bad input in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.benches import tiny_tflite
from support.boards import board_at_port
from support.command import assert_refused, edgewright, edgewright_here, snapshot
from support.devices import device_elf, device_program
from support.project import Project

from edgewright.pipeline.report import load_report, render_page
from edgewright.runtime_bench.bench import load_bench

QUICK = ("--engine", "tflm", "--seconds", "0.1")


def test_a_bench_leaves_json_and_markdown(tmp_path: Path) -> None:
    """One command measures, prints and writes, a hostile model too; again it takes the place of the first."""
    tiny_tflite(tmp_path)
    (tmp_path / "hostile.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(1, 255)))
    for _ in range(2):
        finished = edgewright_here("bench", "tiny.tflite", "hostile.tflite", *QUICK, "--out", "out", cwd=tmp_path)
        assert (0, "") == (finished.returncode, finished.stderr)
    found = load_bench(tmp_path / "out" / "bench.json")
    assert ["tiny", "hostile"] == [model.name for model in found.models]
    assert [False, True] == [model.rows[0].failure is not None for model in found.models]
    assert (tmp_path / "out" / "bench.md").read_text().startswith("# Bench\n")
    assert {"bench.json", "bench.md"} == json.loads((tmp_path / "out" / "manifest.json").read_text())["outputs"].keys()
    assert "out: written" in finished.stdout


@pytest.mark.slow
def test_a_worse_model_ends_with_4(tmp_path: Path) -> None:
    """Against a baseline of fewer bytes the command says what is worse, writes all the same, and ends with 4."""
    tiny_tflite(tmp_path)
    first = edgewright_here("bench", "tiny.tflite", *QUICK, "--out", "old", cwd=tmp_path)
    assert 0 == first.returncode
    same = edgewright_here("bench", "tiny.tflite", *QUICK, "--out", "new", "--baseline", "old/bench.json", cwd=tmp_path)
    assert 0 == same.returncode
    baseline = json.loads((tmp_path / "old" / "bench.json").read_text())
    baseline["models"][0]["arena_bytes"] -= 16
    (tmp_path / "smaller.json").write_text(json.dumps(baseline))
    worse = edgewright_here("bench", "tiny.tflite", *QUICK, "--out", "new", "--baseline", "smaller.json", cwd=tmp_path)
    assert_refused(worse, "1 became worse (tiny arena bytes", status=4)
    assert "| tiny | arena bytes |" in (tmp_path / "new" / "bench.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (("missing.tflite",), ("missing.tflite: cannot be read", "give a .tflite")),
        (("notes.txt",), ("notes.txt: is no .tflite",)),
        (("tiny.tflite", "--engine", "litet"), ('engine: "litet" is unknown', "litert")),
        (("tiny.tflite", "--data", "missing.npz"), ("missing.npz",)),
        (("tiny.tflite", "--recipe", "missing.toml"), ("missing.toml",)),
        (("tiny.tflite", "--baseline", "missing.json"), ("missing.json: cannot be read", "bench.json")),
        (("tiny.tflite", "--elf", "notes.txt"), ("core: is missing, and elf is given", "cortex-m4")),
        (("tiny.tflite", "--core", "cortex-m4"), ("elf: is missing, and core is given",)),
        (("tiny.tflite", "--elf", "notes.txt", "--core", "cortex-m4"), ("notes.txt: is not a program",)),
        (("tiny.tflite", "--elf", "notes.txt", "--core", "m4"), ('Unknown core "m4"', "cortex-m4")),
        (("tiny.tflite", "--baseline", "notes.txt"), ("is not a bench that this version reads",)),
        (("tiny.tflite", "--port", "/dev/none"), ("port: /dev/none does not exist", "/dev/ttyUSB0")),
        (("tiny.tflite", "--port", "notes.txt"), ("port: notes.txt is no serial port",)),
        (("tiny.tflite", "--out", "taken"), ("taken", "--force")),
        (("taken", "--out", "taken/../taken"), ("is what is measured", "another --out")),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], fragments: tuple[str, ...], tmp_path: Path) -> None:
    """What cannot be used is refused with status 2 before anything is measured or written."""
    tiny_tflite(tmp_path)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    before = snapshot(tmp_path)
    assert_refused(edgewright_here("bench", *arguments, cwd=tmp_path), *fragments)
    assert before == snapshot(tmp_path)


@pytest.mark.slow
def test_devices_are_rows(tmp_path: Path) -> None:
    """A board and an emulated core are measured beside TFLM by options; more instructions than before end with 4."""
    tiny_tflite(tmp_path)
    elf = device_elf("cortex-m4", tmp_path / "elf")
    with board_at_port([device_program(tmp_path / "host")]) as (port, _):
        arguments = ("bench", "tiny.tflite", *QUICK, "--engine", "serial", "--engine", "qemu", "--port", port)
        devices = ("--elf", elf, "--core", "cortex-m4", "--device-samples", "20")
        finished = edgewright_here(*arguments, *devices, "--out", "out", cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    content = json.loads((tmp_path / "out" / "bench.json").read_text())
    rows = content["models"][0]["rows"]
    assert ["tflm/reference/1", "qemu/cortex-m4", "serial"] == [row["id"] for row in rows]
    assert [None] * 3 == [row["failure"] for row in rows]
    assert [None, 20, 20] == [row["sample_count"] for row in rows]
    for name in ("median", "minimum", "maximum"):
        rows[1]["instructions"][name] -= 1
    (tmp_path / "fewer.json").write_text(json.dumps(content))
    arguments = ("bench", "tiny.tflite", "--engine", "qemu", *devices, "--out", "new", "--baseline", "fewer.json")
    worse = edgewright_here(*arguments, cwd=tmp_path)
    assert_refused(worse, "1 became worse (tiny qemu/cortex-m4: instructions", status=4)


@pytest.mark.slow
def test_a_build_is_measured_with_its_data(project: Project, tmp_path: Path) -> None:
    """The folder of a build has its float model beside it: both are scored on the test split, close to each other."""
    data, recipe = project.folder / "digits.npz", project.folder / "recipe.toml"
    build = tmp_path / "build"
    shutil.copytree(project.out, build)
    finished = edgewright(
        "bench", build, "--data", data, "--recipe", recipe, "--seconds", "1", "--out", "out", cwd=tmp_path
    )
    assert (0, "") == (finished.returncode, finished.stderr)
    model = load_bench(tmp_path / "out" / "bench.json").models[0]
    scores = {row.id: row.scores[0].value for row in model.rows if row.scores}
    assert {"tflm/reference/1", "tensorflow/builtin/1"} <= scores.keys()
    report = json.loads((project.out / "report.json").read_text())
    assert pytest.approx(report["test"]["result"]["accuracy"]) == scores["tflm/reference/1"]
    assert max(scores.values()) - min(scores.values()) < 0.05
    benched = load_report(build / "report.json")
    assert benched.bench is not None
    assert [row.id for row in model.rows] == [row.id for row in benched.bench.rows]
    assert benched.model_copy(update={"bench": None}) == load_report(project.out / "report.json")
    assert render_page(benched) == (build / "report.html").read_text()
    assert "build: report.html shows this bench" in finished.stdout
    assert model.layers is not None
    assert "the float source model, layer by layer" == model.layers.compared_with
    reference = [pair for pair in model.pairs if pair.right == "tflite_runtime/reference/1"]
    assert [True] * len(reference) == [pair.holds for pair in reference]
    broken = [pair for pair in model.pairs if pair.holds is False]
    assert [] == [
        pair for pair in broken if pair.divergence is None or not (pair.divergence.layer or pair.divergence.note)
    ]
