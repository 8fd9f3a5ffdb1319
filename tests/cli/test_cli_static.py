"""`--runtime static` of the command: emitted, refused early, reported, and proposed where nothing else fits."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.command import assert_refused, edgewright_here
from support.digits import write_npz
from support.graphs import Draft, tiny_graph
from support.json_schema import violations

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import DType, write
from edgewright.pipeline.report import Report, json_schema, load_report


def emit(folder: Path, *options: str, target: str = "nucleo_f446re") -> subprocess.CompletedProcess[str]:
    """Emit `mine.tflite` into the folder `out` beside it."""
    return edgewright_here("emit", "mine.tflite", "--target", target, "--out", "out", *options, cwd=folder)


def report_of(folder: Path) -> Report:
    """Return the report that was left."""
    return load_report(folder / "out" / "report.json")


def unknown_operator() -> bytes:
    """Return a network of one operator that TensorFlow Lite Micro computes and the static runtime does not."""
    draft = Draft()
    x = draft.input((1, 4), scale=0.1)
    return write(draft.graph(draft.operator("ABS", (x,), (1, 4), scale=0.1, name="net/distance")))


def large_layer(weight_bytes: int) -> bytes:
    """Return a fully-connected layer of so many weights."""
    draft, width = Draft(), 1024
    x = draft.input((1, width), scale=0.1)
    weights = np.random.default_rng(1).integers(-127, 128, (weight_bytes // width, width))
    layer = (x, draft.constant(weights, scale=0.01), draft.constant(np.zeros(len(weights)), DType.INT32))
    return write(draft.graph(draft.operator(
        "FULLY_CONNECTED", layer, (1, len(weights)), options_type="FullyConnectedOptions", version=4, scale=20.0
    )))  # fmt: skip


@pytest.mark.slow
def test_a_model_becomes_c(tmp_path: Path) -> None:
    """The tree holds the model as C, the report how each layer is computed, and the terminal prints the kernels."""
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph()))
    finished = emit(tmp_path, "--runtime", "static")
    assert (0, "") == (finished.returncode, finished.stderr)
    firmware = tmp_path / "out" / "firmware"
    assert (firmware / "edgewright" / "edgewright_model.c").is_file()
    assert not list(firmware.rglob("*model_data*"))
    assert [] == violations(json.loads((tmp_path / "out" / "report.json").read_text()), json_schema())
    report = report_of(tmp_path)
    assert report.static is not None
    assert ("planned", None, 0) == (report.arena.method.value, report.plan, report.arena.reserve_bytes)
    assert 0 < report.static.arena_bytes <= report.static.liveness_bytes + report.static.scratch_bytes
    assert report.static.arena_bytes <= report.arena.bytes < report.static.arena_bytes + 16
    assert (report.static.constant_bytes, 0) == (report.footprint.weight_bytes, report.footprint.static_bytes)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "planned when the model was compiled" in page
    assert [] == [kernel.reason for kernel in report.static.kernels if kernel.reason not in page]
    for kernel in report.static.kernels:
        assert kernel.kernel is None or kernel.kernel in finished.stdout


@pytest.mark.slow
def test_code_is_that_of_a_linked_program(tmp_path: Path) -> None:
    """With the core's compiler and emulator, code and stack are those of a program that ran; else a table's.

    Both cores get the same kernels, so that the two can be compared.
    """
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("qemu-system-arm") is None:
        pytest.skip("no cross compiler or emulator (Debian: apt install gcc-arm-none-eabi qemu-system-arm)")
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph()))
    assert 0 == emit(tmp_path, "--runtime", "static", target="mps2-an385").returncode
    linked = report_of(tmp_path).footprint
    assert ("linked and run for cortex-m3, optimized for speed", 0.0) == (linked.code[0].source, linked.code_accuracy)
    assert 200 < linked.stack_bytes < 1000
    assert 0 == emit(tmp_path, "--runtime", "static", target="esp32s3").returncode
    estimated = report_of(tmp_path).footprint
    assert {"linked for cortex-m4"} == {part.source for part in estimated.code}
    assert 0.5 == estimated.code_accuracy
    assert 0.7 < estimated.code_bytes / linked.code_bytes < 1.4


def test_unknown_operator_is_refused_early(tmp_path: Path) -> None:
    """Before anything is evaluated, the sentence names layer and operator, and the other runtime; that takes it."""
    (tmp_path / "mine.tflite").write_bytes(unknown_operator())
    refused = emit(tmp_path, "--runtime", "static")
    assert_refused(refused, 'layer "net"', "ABS", "runtime=tflm")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_model_that_fits_without_an_interpreter(tmp_path: Path) -> None:
    """What does not fit beside an interpreter is proposed to run without, and then does fit."""
    (tmp_path / "mine.tflite").write_bytes(large_layer(480_000))
    refused = emit(tmp_path)
    assert 3 == refused.returncode
    assert "it fits as it is with runtime=static" in " ".join(refused.stderr.split())
    assert 0 == emit(tmp_path, "--runtime", "static").returncode
    assert report_of(tmp_path).target.fits


@pytest.mark.slow
@pytest.mark.parametrize(("target", "family"), [("nano_33_ble", "arduino"), ("nucleo_f446re", "zephyr")])
def test_selftest_room_is_what_is_emitted(target: str, family: str, tmp_path: Path) -> None:
    """What the report counts for the self-test's layers is what the firmware holds of them."""
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph()))
    finished = emit(tmp_path, "--runtime", "static", "--family", family, "--selftest", "full", target=target)
    assert 0 == finished.returncode
    trace = next((tmp_path / "out" / "firmware").rglob("edgewright_trace.c")).read_text()
    report = report_of(tmp_path)
    graph = tiny_graph()
    vectors = 10
    outputs = trace.count("{ EDGEWRIGHT_INT8,")
    inner = sum(
        graph.main.tensors[index].nbytes for operator in graph.main.operators[:-1] for index in operator.outputs
    )
    boundary = sum(graph.main.tensors[index].nbytes for index in (*graph.main.inputs, *graph.main.outputs))
    expected = 16 * outputs + vectors * (boundary + 4 * outputs + inner + 4 * outputs)
    assert (len(graph.main.operators), expected) == (outputs, report.footprint.selftest_bytes)


def test_a_family_without_the_runtime_says_so(tmp_path: Path) -> None:
    """An Android module has no such runtime."""
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph()))
    assert_refused(emit(tmp_path, "--runtime", "static", target="android"), 'runtime "static"')


def test_layer_names_reach_the_refusal(tmp_path: Path) -> None:
    """A model with two subgraphs is refused as a whole."""
    graph = tiny_graph()
    doubled = dataclasses.replace(graph, subgraphs=(graph.main, dataclasses.replace(graph.main, name="again")))
    (tmp_path / "mine.tflite").write_bytes(write(doubled))
    assert_refused(emit(tmp_path, "--runtime", "static"), "2 subgraphs", "runtime=tflm")


@pytest.mark.slow
def test_an_untrained_model_is_refused(tmp_path: Path) -> None:
    """A recipe of int16 is refused for this runtime before its first stage, with the layer's name."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential([layers.Input((8,)), layers.Dense(6, activation="relu", name="hidden"), layers.Dense(3)])
    model.save(tmp_path / "model.h5")
    random = np.random.default_rng(1)
    splits = {f"x_{split}": random.normal(size=(60, 8)).astype(np.float32) for split in ("train", "test")}
    write_npz(tmp_path / "data.npz", splits | {f"y_{split}": np.arange(60) % 3 for split in ("train", "test")})
    stages = '[[stages]]\nstage = "prune"\namount = 0.5\nstructure = "unstructured"\n[[stages]]\nstage = "convert"\n'
    (tmp_path / "mine.toml").write_text(f'{stages}activations = "int16"\n')
    arguments = (
        "build --target nrf52840dk --runtime static --model model.h5 --data data.npz --recipe mine.toml --out out"
    )
    finished = edgewright_here(*arguments.split(), cwd=tmp_path)
    assert_refused(finished, "int16", "runtime=tflm")
    assert "prune" not in finished.stdout
    assert not (tmp_path / "out").exists()
