"""`edgewright emit`: a `.tflite` that exists already becomes firmware, or is refused."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import re
import shutil
import zipfile
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from support.command import assert_refused, contents, edgewright, edgewright_here, snapshot
from support.graphs import Draft, tiny_graph
from support.json_schema import violations
from support.models import two_layer_tflite
from support.plannable import branching_graph, chain_graph
from support.project import Project

from edgewright.pipeline.graph import DType, Graph, read, write
from edgewright.pipeline.report import json_schema, load_report

HUGE = 2**31 - 1


def emit(folder: Path, *options: str | Path, target: str = "esp32", out: str = "out") -> CompletedProcess[str]:
    """Emit into a folder, keeping measurements in a cache beside it."""
    return edgewright("emit", *options, "--target", target, "--out", out, cwd=folder)


def classifier(*, flash_bytes: int = 0) -> bytes:
    """Return the tiny network, of 4x4x2 inputs and 3 classes; behind it a layer that takes so much flash."""
    if not flash_bytes:
        return write(tiny_graph())
    draft, width = Draft(), 2048
    x = draft.input((1, width), scale=0.1)
    weights = np.random.default_rng(1).integers(-127, 128, (flash_bytes // width, width))
    offsets = draft.constant(np.zeros(len(weights)), DType.INT32)
    layer = (x, draft.constant(weights, scale=0.01), offsets)
    shape = (1, len(weights))
    return write(draft.graph(draft.operator(
        "FULLY_CONNECTED", layer, shape, options_type="FullyConnectedOptions", version=4, scale=20.0
    )))  # fmt: skip


def wide_layer() -> bytes:
    """Return a convolution of 160x160x8 to 160x160x16, whose tensors take 614,400 bytes together."""
    draft = Draft()
    image = draft.input((1, 160, 160, 8), scale=0.05)
    filters = draft.constant(np.random.default_rng(1).integers(-127, 128, (16, 3, 3, 8)), scale=0.01)
    layer = (image, filters, draft.constant(np.zeros(16), DType.INT32))
    options = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    return write(draft.graph(draft.operator(
        "CONV_2D", layer, (1, 160, 160, 16), options_type="Conv2DOptions", options=options, version=3, scale=0.5,
        name="net/edges/Relu",
    )))  # fmt: skip


def float_network() -> bytes:
    """Return a network of one operator that computes in float32."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    return write(draft.graph(draft.operator("RELU", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)))


def shaped(shape: tuple[int, ...]) -> bytes:
    """Return a network of one operator whose tensors have a shape."""
    draft = Draft()
    return write(draft.graph(draft.operator("RELU", (draft.input(shape),), shape)))


def dynamic() -> Graph:
    """Return the tiny network with an input whose height is known at run time only."""
    graph = tiny_graph()
    first = graph.main.inputs[0]
    tensors = [
        dataclasses.replace(tensor, shape_signature=(1, -1, *tensor.shape[2:])) if tensor.index == first else tensor
        for tensor in graph.main.tensors
    ]
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tuple(tensors)),))


# ---- what works ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_given_model_becomes_firmware(tmp_path: Path) -> None:
    """The very bytes are emitted with random vectors, a report without accuracy, and everything else a build leaves."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    (tmp_path / "names.txt").write_text('yes\nno "really"\n*/ 模型\n')
    finished = emit(tmp_path, "mine.tflite", "--labels", "names.txt")
    assert (0, "") == (finished.returncode, finished.stderr)
    found = contents(tmp_path / "out")
    assert classifier() == found["model.tflite"]
    assert (tmp_path / "names.txt").read_bytes() == found["labels.txt"]
    assert {"report.json", "report.html", "manifest.json", "model.layers.json", "firmware/main/app_main.cc"} <= set(
        found
    )
    assert "model.keras" not in found
    assert [] == violations(json.loads(found["report.json"]), json_schema())
    report = load_report(tmp_path / "out" / "report.json")
    assert ("mine", "mine.tflite", None) == (report.name, report.source, report.int8_score)
    assert [None, None] == [row.differing_class_count for row in report.agreements]
    before = snapshot(tmp_path)
    again = emit(tmp_path, "mine.tflite", "--labels", "names.txt")
    assert (0, before) == (again.returncode, snapshot(tmp_path))
    assert "out: unchanged" in again.stdout


@pytest.mark.slow
def test_hazards_are_told_and_repaired(tmp_path: Path) -> None:
    """Unaligned weights are a warning on the terminal and in the report; `--fix` emits the model with aligned ones."""
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph(), buffer_alignment=4))
    told = emit(tmp_path, "mine.tflite")
    assert (0, True) == (told.returncode, "warning: unaligned-buffer at maps" in told.stdout), told.stderr
    assert "Hazards on this target" in (tmp_path / "out" / "report.html").read_text()
    digest = load_report(tmp_path / "out" / "report.json").configuration_digest

    fixed = emit(tmp_path, "mine.tflite", "--fix")

    assert (0, True) == (fixed.returncode, "repaired: unaligned-buffer at maps" in fixed.stdout), fixed.stderr
    assert classifier() == (tmp_path / "out" / "model.tflite").read_bytes()
    report = load_report(tmp_path / "out" / "report.json")
    assert [("unaligned-buffer", True)] == [(one.rule, one.is_repaired) for one in report.lint]
    assert digest != report.configuration_digest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("graph", "heads", "metadata", "operators"),
    [
        (chain_graph(), (9216, 7168), ["OfflineMemoryAllocation"], ["CONV_2D"] * 3),
        (branching_graph(), (8448, 4608), [], ["CONV_2D"] * 4 + ["CONCATENATION"]),
    ],
    ids=["places", "order"],
)
def test_a_given_model_gets_a_memory_plan(
    tmp_path: Path, graph: Graph, heads: tuple[int, int], metadata: list[str], operators: list[str]
) -> None:
    """File, array, layers and arena constant are those of the planned model, and the same ones the second time."""
    (tmp_path / "mine.tflite").write_bytes(write(graph))
    finished = emit(tmp_path, "mine.tflite", target="host")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert f"plan: head {heads[0]:,} -> {heads[1]:,} B (the bound), arena " in finished.stdout
    assert "; outputs equal on 100 inputs" in finished.stdout
    found = contents(tmp_path / "out")
    report = load_report(tmp_path / "out" / "report.json")
    assert report.plan is not None
    assert report.plan.arena_before_bytes - report.plan.arena_bytes == heads[0] - heads[1]
    assert report.plan.arena_bytes == report.arena.bytes == report.arena.host_bytes == report.footprint.arena_bytes
    assert len(found["model.tflite"]) == report.footprint.weight_bytes
    assert metadata == [entry.name for entry in read(found["model.tflite"]).metadata]
    assert (bool(metadata), not metadata) == (report.plan.is_offline, report.plan.is_reordered)
    assert operators == [row["op"] for row in json.loads(found["model.layers.json"])["operators"]]
    data = found["firmware/edgewright/edgewright_model_data.c"].decode()
    array = bytes(int(word, 16) for word in re.findall(r"0x([0-9a-f]{2})\b", data.split("{", 1)[1]))
    assert found["model.tflite"] == array[: len(found["model.tflite"])]
    header = found["firmware/edgewright/edgewright_model.h"].decode()
    assert f"#define EDGEWRIGHT_ARENA_BYTES {report.arena.bytes}u" in header
    again = emit(tmp_path, "mine.tflite", target="host")
    assert "out: unchanged" in again.stdout


@pytest.mark.slow
def test_a_given_model_becomes_an_android_module(tmp_path: Path) -> None:
    """The model carries metadata and labels, lies in the module as it lies beside it, and no limit is reported."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    (tmp_path / "names.txt").write_text("yes\nno\nmodel\n")
    finished = emit(tmp_path, "mine.tflite", "--labels", "names.txt", target="android")
    assert (0, "") == (finished.returncode, finished.stderr)
    found = contents(tmp_path / "out")
    assert found["model.tflite"] == found["module/src/main/assets/mine/model.tflite"]
    assert found["labels.txt"] == zipfile.ZipFile(io.BytesIO(found["model.tflite"])).read("labels.txt")
    assert ["TFLITE_METADATA"] == [entry.name for entry in read(found["model.tflite"]).metadata]
    report = load_report(tmp_path / "out" / "report.json")
    assert (None, None, True, 0) == (
        report.target.flash_bytes, report.target.ram_bytes, report.target.fits, report.footprint.code_bytes,
    )  # fmt: skip
    again = edgewright("emit", "out/model.tflite", "--target", "android", "--out", "again", cwd=tmp_path)
    assert (0, "") == (again.returncode, again.stderr)


@pytest.mark.slow
def test_given_inputs_become_the_vectors(tmp_path: Path) -> None:
    """Inputs from an `.npz`, as int8 or as floats that are quantized, stand in the firmware; they depend on no seed."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    integers = np.random.default_rng(2).integers(-128, 128, (3, 4, 4, 2), dtype=np.int8)
    np.savez(tmp_path / "int8.npz", integers)
    np.savez(tmp_path / "float.npz", (integers.astype(np.float32) + 3) * np.float32(2**-7))
    outputs = []
    for name, seed in (("int8.npz", "1"), ("float.npz", "2")):
        finished = emit(tmp_path, "mine.tflite", "--inputs", name, "--seed", seed, out=name.partition(".")[0])
        assert (0, "") == (finished.returncode, finished.stderr)
        vectors = contents(tmp_path / name.partition(".")[0])["firmware/components/edgewright/edgewright_vectors.c"]
        outputs.append([line for line in vectors.splitlines() if not line.strip().startswith((b"*", b"/*", b"//"))])
    assert outputs[0] == outputs[1]


@pytest.mark.slow
def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    """A model with two inputs and two outputs is emitted for a computer as well."""
    (tmp_path / "two.tflite").write_bytes(two_layer_tflite())
    finished = emit(tmp_path, "two.tflite", target="host")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "cmake" in finished.stdout


@pytest.mark.slow
def test_what_a_build_made_can_be_emitted(project: Project, tmp_path: Path) -> None:
    """The model of a build goes in as it is, and operators keep their layers' names from the file beside it."""
    shutil.copy(project.out / "model.tflite", tmp_path / "a model.tflite")
    shutil.copy(project.out / "model.layers.json", tmp_path / "a model.layers.json")
    finished = emit(tmp_path, "a model.tflite")
    assert (0, "") == (finished.returncode, finished.stderr)
    rows = json.loads((tmp_path / "out" / "model.layers.json").read_text())["operators"]
    assert {"conv1", "conv2", "hidden", "digits"} <= {row["layer"] for row in rows}
    assert "layers" in json.loads((tmp_path / "out" / "manifest.json").read_text())["configuration"]["inputs"]


@pytest.mark.slow
def test_a_model_that_takes_and_gives_floats(tmp_path: Path) -> None:
    """Floats at the boundary are emitted as floats, and inputs for them go in as they are."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    x = draft.operator("QUANTIZE", (x,), (1, 4), scale=0.5)
    x = draft.operator("LOGISTIC", (x,), (1, 4), scale=1 / 256, zero_point=-128)
    graph = draft.graph(draft.operator("DEQUANTIZE", (x,), (1, 4), version=2, dtype=DType.FLOAT32, scale=None))
    (tmp_path / "real.tflite").write_bytes(write(graph))
    np.savez(tmp_path / "values.npz", np.array([[0.0, 1.5, -2.25, 7.0]]))
    finished = emit(tmp_path, "real.tflite", "--inputs", "values.npz")
    assert (0, "") == (finished.returncode, finished.stderr)
    vectors = contents(tmp_path / "out")["firmware/components/edgewright/edgewright_vectors.c"]
    assert (
        b"static const float vector_0_input_0[EDGEWRIGHT_INPUT_0_LENGTH] = {\n    0.0f, 1.5f, -2.25f, 7.0f," in vectors
    )


# ---- what does not fit ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_model_that_does_not_fit(tmp_path: Path) -> None:
    """Status 3, the figures in the sentence, and everything but the firmware; --force emits that too."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    assert 0 == emit(tmp_path, "mine.tflite").returncode
    (tmp_path / "out" / "firmware" / "sdkconfig").write_text("mine")
    (tmp_path / "large.tflite").write_bytes(classifier(flash_bytes=5_000_000))
    finished = emit(tmp_path, "large.tflite")
    assert_refused(
        finished, "does not fit", "of 4,194,304 bytes of flash", 'Largest weights: "t3" FULLY_CONNECTED [2441x2048]',
        "the weights must fall by", "fits as it is on target=", "--force", status=3,
    )  # fmt: skip
    assert "│▓" in finished.stdout
    found = contents(tmp_path / "out")
    assert {"firmware/sdkconfig": b"mine"} == {name: text for name, text in found.items() if "firmware/" in name}
    assert (tmp_path / "large.tflite").read_bytes() == found["model.tflite"]
    report = load_report(tmp_path / "out" / "report.json")
    assert not report.target.fits
    assert report.fit.suggestions
    forced = emit(tmp_path, "large.tflite", "--force")
    assert (0, "") == (forced.returncode, forced.stderr)
    assert (tmp_path / "out" / "firmware" / "main" / "app_main.cc").is_file()


@pytest.mark.slow
def test_an_arena_that_does_not_fit(tmp_path: Path) -> None:
    """Where the peak lies, between which tensors, and a board that holds it; there the arena lies in PSRAM."""
    (tmp_path / "wide.tflite").write_bytes(wide_layer())
    finished = emit(tmp_path, "wide.tflite")
    assert_refused(
        finished, "bytes of static RAM", 'Arena\'s peak at "edges" CONV_2D: [160x160x16] of "edges" 409,600 B',
        "between [160x160x8] and [160x160x16]", "target=esp32s3_n8r8", status=3,
    )  # fmt: skip
    assert [] == [name for name in contents(tmp_path / "out") if name.startswith("firmware/")]
    elsewhere = emit(tmp_path, "wide.tflite", target="esp32s3_n8r8", out="elsewhere")
    assert (0, "") == (elsewhere.returncode, elsewhere.stderr)
    assert "The arena lies in PSRAM, which is slower" in elsewhere.stdout
    harness = contents(tmp_path / "elsewhere")["firmware/components/edgewright/edgewright_model.cc"]
    assert b"EXT_RAM_BSS_ATTR Arena arena;" in harness
    report = load_report(tmp_path / "elsewhere" / "report.json")
    assert ("psram", True) == (report.fit.placement.value, report.target.fits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "kind", "valued"),
    [("esp32", "usual", 1), ("esp32", "full", 10), ("pico", "usual", 0), ("pico", "full", 10)],
)
def test_a_selftest_holds_what_its_kind_and_kernels_take(tmp_path: Path, target: str, kind: str, valued: int) -> None:
    """Hashes of every vector are held; values of all in full, and of one where the kernels have a tolerance."""
    (tmp_path / "tiny.tflite").write_bytes(classifier())
    finished = emit(tmp_path, "tiny.tflite", "--selftest", kind, target=target)
    assert (0, "") == (finished.returncode, finished.stderr)
    files = {Path(name).name: content.decode(errors="replace") for name, content in contents(tmp_path / "out").items()}
    (counts,) = re.findall(r"outputs, (\d+)u, hashes, (\d+)u", files["edgewright_trace.c"])
    assert ("10", str(valued)) == counts
    assert f"#define EDGEWRIGHT_SELFTEST_FULL {int(kind == 'full')}\n" in files["edgewright_selftest.h"]
    vector_bytes, value_bytes = 32 + 3, 16 + 16 + 3 + 4 * 4
    selftest_bytes = 4 * 16 + 10 * (vector_bytes + 4 * 4) + valued * value_bytes
    assert selftest_bytes == load_report(tmp_path / "out" / "report.json").footprint.selftest_bytes
    chosen = r"random inputs of seed 1: \d of different classes, .*; two extremes\."
    assert re.search(chosen, files["edgewright_vectors.h"])


@pytest.mark.slow
def test_vectors_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    """Where the flash does not hold all golden vectors beside the model, fewer are emitted, and the run says so."""
    (tmp_path / "wide.tflite").write_bytes(wide_layer())
    np.savez(tmp_path / "many.npz", np.zeros((15, 160, 160, 8), np.int8))
    finished = emit(tmp_path, "wide.tflite", "--inputs", "many.npz", target="esp32s3_n8r8")
    assert (0, "") == (finished.returncode, finished.stderr)
    report = load_report(tmp_path / "out" / "report.json")
    header = contents(tmp_path / "out")["firmware/components/edgewright/edgewright_vectors.h"].decode()
    (kept,) = re.findall(r"VECTOR_COUNT (\d+)u", header)
    assert 15 + 2 == report.fit.dropped_vectors + int(kept)
    assert 0 < report.fit.dropped_vectors < 15
    table_bytes, hash_bytes, pointer_bytes = 16, 4, 4
    layer_bytes = table_bytes + hash_bytes * int(kept) + pointer_bytes
    assert 160 * 160 * 24 * int(kept) + layer_bytes == report.footprint.selftest_bytes
    assert f"The flash is too small for {report.fit.dropped_vectors} of the self-test's vectors" in finished.stdout


# ---- what is refused -----------------------------------------------------------------------------------------------

HOSTILE: dict[str, tuple[bytes, str]] = {
    "random": (random.Random(1).randbytes(3000), "bad.tflite"),
    "random behind the magic": (b"\x1c\x00\x00\x00TFL3" + random.Random(2).randbytes(3000), "bad.tflite"),
    "empty": (b"", "bad.tflite"),
    "half": (classifier()[: len(classifier()) // 2], "bad.tflite"),
    "floats": (float_network(), "only integers are accepted"),
    "two billion inputs": (shaped((1, HUGE)), "2,147,483,647 elements"),
    "a dynamic height": (write(dynamic()), "known at run time"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("content", "fragment"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_models(desk: Path, content: bytes, fragment: str) -> None:
    """Noise, part of a model, float and unbounded models are refused without touching the earlier build."""
    (desk / "bad.tflite").write_bytes(content)
    assert_refused(emit(desk, "bad.tflite"), "bad.tflite", fragment)


@pytest.mark.slow
def test_truncated_and_damaged_models(tmp_path: Path) -> None:
    """Whatever part of a model arrives, and whichever of its bytes is wrong: firmware or a sentence, no traceback."""
    whole, draw = classifier(), random.Random(3)
    for attempt in range(4):
        content = bytearray(whole)
        for _ in range(attempt % 4 + 1):
            content[draw.randrange(len(content))] = draw.randrange(256)
        cut = draw.randrange(len(content)) if attempt % 2 else len(content)
        (tmp_path / "bad.tflite").write_bytes(content[:cut])
        finished = emit(tmp_path, "bad.tflite", out=f"out{attempt}")
        if finished.returncode != 0:
            assert_refused(finished)
            assert not (tmp_path / f"out{attempt}").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        (("nothing.tflite",), ("nothing.tflite", "cannot be read", "No such file")),
        ((".",), ("cannot be read", "directory")),
        (("good.tflite", "--labels", "nothing.txt"), ("labels: nothing.txt cannot be read",)),
        (("good.tflite", "--labels", "two.txt"), ("two.txt has 2 lines", "3 classes")),
        (("good.tflite", "--labels", "good.tflite"), ("good.tflite cannot be read",)),
        (("good.tflite", "--inputs", "nothing.npz"), ("inputs: nothing.npz cannot be read",)),
        (("good.tflite", "--inputs", "two.txt"), ("two.txt is not an .npz",)),
        (("good.tflite", "--inputs", "one.npy"), ("one.npy is not an .npz",)),
        (("good.tflite", "--inputs", "good.npz"), ("good.npz holds arrays of the shapes", "('V', 4, 4, 2)")),
        (("good.tflite", "--inputs", "empty.npz"), ("(0, 4, 4, 2)",)),
        (("good.tflite", "--inputs", "nan.npz"), ("NaN",)),
        (("good.tflite", "--inputs", "uint8.npz"), ("uint8", "give finite floats, or int8")),
        (("good.tflite", "--inputs", "objects.npz"), ("objects.npz cannot be read",)),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, tuple) else "",
)
def test_what_comes_with_a_model_is_checked(desk: Path, options: tuple[str, ...], fragments: tuple[str, ...]) -> None:
    """Labels and inputs that do not belong to the model are refused before anything is measured."""
    (desk / "good.tflite").write_bytes(classifier())
    (desk / "two.txt").write_text("a\nb\n")
    np.save(desk / "one.npy", np.zeros((1, 4, 4, 2), np.int8))
    np.savez(desk / "empty.npz", np.zeros((0, 4, 4, 2), np.int8))
    np.savez(desk / "nan.npz", np.full((1, 4, 4, 2), np.nan))
    np.savez(desk / "uint8.npz", np.zeros((1, 4, 4, 2), np.uint8))
    np.savez(desk / "objects.npz", np.array([{}], object))
    assert_refused(emit(desk, *options), *fragments)
    assert not (desk / "build").exists()


@pytest.mark.slow
def test_layers_of_another_model_are_refused(desk: Path) -> None:
    """A file of layers' names beside the model has to be that model's."""
    (desk / "good.tflite").write_bytes(classifier())
    (desk / "good.layers.json").write_text('{"version": 1, "operators": [{"operator": 0, "op": "ADD", "layer": "x"}]}')
    assert_refused(emit(desk, "good.tflite"), "good.layers.json", "names other operators than the .tflite has")


@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        (("--target", "esp32", "--run"), ('family "esp_idf" runs on a board', "such as mps2-an386")),
        (("--target", "all", "--run"), ("run: goes with one target",)),
        (("--target", "mps2-an386", "--runtime", "tflm"), ("no firmware over runtime", "give runtime static")),
        (("--target", "android", "--runtime", "static"), ("no firmware over runtime", "give runtime litert")),
    ],
)
def test_what_cannot_run_is_refused_first(options: tuple[str, ...], fragments: tuple[str, ...], tmp_path: Path) -> None:
    """A runtime that a target lacks, and firmware that only a board can run, are refused before anything is done."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    before = snapshot(tmp_path)
    assert_refused(edgewright_here("emit", "mine.tflite", *options, cwd=tmp_path), *fragments)
    assert before == snapshot(tmp_path)


def test_missing_cross_compiler_is_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without compiler and emulator nothing is emitted for a run, and the line that installs them is told."""
    (tmp_path / "mine.tflite").write_bytes(classifier())
    monkeypatch.setenv("PATH", str(tmp_path))
    before = snapshot(tmp_path)
    finished = edgewright_here("emit", "mine.tflite", "--target", "mps2-an386", "--run", cwd=tmp_path)
    assert_refused(finished, "There is no arm-none-eabi-gcc: install it with `make toolchains`", "qemu-system-arm")
    assert before == snapshot(tmp_path)
