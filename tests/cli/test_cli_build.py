"""One whole build of the digits by the real command: everything that is left, and everything that runs again."""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import assert_refused, contents, edgewright, python, snapshot
from support.digits import CONVERT_ALONE, RECIPE, digits, write_npz
from support.json_schema import violations
from support.project import Project, cpu_seconds

from edgewright.pipeline.agreement import check_agreement
from edgewright.pipeline.arena import replay
from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.feeding import model_inputs
from edgewright.pipeline.graph import read, require_full_integer, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.lint import RULES
from edgewright.pipeline.report import load_report, render_page
from edgewright.pipeline.vocabulary import Kernels

pytestmark = pytest.mark.slow

FIGURES = ("stages", "memory", "arena", "layers", "confusion")
SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
WARM_CPU_SECONDS = 2.0
RUN = """
import json, sys
from pathlib import Path
from edgewright.pipeline import run
from edgewright.pipeline.inputs import InputRequest
from edgewright.pipeline.progress import SilentReporter

def never(*_):
    raise AssertionError("measured again")

target, out = sys.argv[1:3]
output = run.OutputRequest(target=target, out=Path(out), cache=Path("build/cache"))
request = run.BuildRequest(inputs=InputRequest(recipe=Path("recipe.toml")), output=output)
outcome = run.build(request, SilentReporter(), never)
heavy = [name for name in ("tensorflow", "keras", "tf_keras", "sklearn") if name in sys.modules]
print(json.dumps([outcome.written.changed, heavy]))
"""


def sha256(path: Path) -> str:
    """Return a file's digest."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Callable[..., Any]:
    """A function that builds into a copy of the build's output folder, with the same cache."""
    shutil.copytree(project.out, tmp_path / "out", symlinks=True)

    def build(*options: str | Path, recipe: str = RECIPE, target: str = "esp32") -> Any:
        written = tmp_path / "recipe.toml"
        if not written.exists() or written.read_text() != recipe:
            written.write_text(recipe)
        for name in ("digits.h5", "digits.npz"):
            if not (tmp_path / name).exists():
                (tmp_path / name).symlink_to(project.folder / name)
        command = ("build", "--target", target, "--recipe", "recipe.toml", "--out", "out", "--cache", project.cache)
        return edgewright(*command, *options, cwd=tmp_path)

    return build


# ---- what is left --------------------------------------------------------------------------------------------------


def test_the_tree_is_complete(project: Project) -> None:
    """Model, float model, labels, layers, report, page, manifest and a whole ESP-IDF project are there."""
    names = {path.relative_to(project.out).as_posix() for path in project.out.rglob("*") if path.is_file()}
    wanted = {
        "model.tflite", "model.keras", "labels.txt", "model.layers.json", "report.json", "report.html", "manifest.json",
        "firmware/CMakeLists.txt", "firmware/main/app_main.cc", "firmware/main/idf_component.yml",
        "firmware/sdkconfig.defaults", "firmware/partitions.csv",
    }  # fmt: skip
    figures = {f"figures/{name}.{ending}" for name in FIGURES for ending in ("png", "svg")}
    assert set() == (wanted | figures) - names
    assert [] == sorted(path.name for path in project.out.parent.glob(".*"))
    assert "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n" == (project.out / "labels.txt").read_text()


def test_the_command_tells_the_story(project: Project) -> None:
    """One line for each stage, the agreement, a table, and the two commands that come next."""
    lines = project.printed.splitlines()
    starts = ["source model: ", "source: ", "distill (", "prune (", "convert (", "evaluate: "]
    assert starts == [start for start in starts if any(line.startswith(start) for line in lines)]
    assert [] == [line for line in lines if "\x1b" in line or len(line) > 240]
    assert [
        "  cd build/esp32/firmware && idf.py build",
        "  cd build/esp32/firmware && idf.py -p /dev/ttyUSB0 flash",
    ] == (lines[-2:])
    assert 2 == sum("against TFLM" in line for line in lines)
    assert [] == [rule.name for rule in RULES if rule.name in project.printed]


def test_the_model_is_all_integer(project: Project) -> None:
    """The boundary is int8 and no operator inside touches a float."""
    graph = read((project.out / "model.tflite").read_bytes())
    require_full_integer(graph, "model.tflite")
    tensors = [graph.main.tensors[index] for index in (*graph.main.inputs, *graph.main.outputs)]
    assert [("int8", (1, 8, 8, 1)), ("int8", (1, 10))] == [(tensor.dtype.value, tensor.shape) for tensor in tensors]


def test_every_operator_has_a_source_layer(project: Project) -> None:
    """model.layers.json names a layer of the source model for each operator, in their order."""
    rows = json.loads((project.out / "model.layers.json").read_text())["operators"]
    operators = read((project.out / "model.tflite").read_bytes()).main.operators
    assert [(row.index, row.op) for row in operators] == [(row["operator"], row["op"]) for row in rows]
    assert {"conv1", "conv2", "hidden", "digits"} <= {row["layer"] for row in rows}
    assert {row["layer"] for row in rows} <= {"conv1", "pool", "conv2", "flatten", "hidden", "digits"}


def test_the_manifest_is_right(project: Project) -> None:
    """Every output but the manifest is listed with its digest, and so is every input; seed and versions are there."""
    manifest = json.loads((project.out / "manifest.json").read_text())
    listed = {
        name: hashlib.sha256(content).hexdigest() for name, content in contents(project.out).items()
        if name != "manifest.json"
    }  # fmt: skip
    assert listed == manifest["outputs"]
    configuration = manifest["configuration"]
    given = {"model": project.folder / "digits.h5", "data": project.folder / "digits.npz"}
    assert {name: sha256(path) for name, path in given.items()} == {
        name: digest for name, digest in configuration["inputs"].items() if name in given
    }
    assert (3, "esp32", "esp_idf") == (configuration["seed"], manifest["target"], manifest["family"])
    assert {"tensorflow", "tf_keras", "numpy", "tflite-micro"} <= set(manifest["packages"])


def test_the_report_is_right(project: Project) -> None:
    """It keeps to the published schema, and its figures are those of the files beside it."""
    text = (project.out / "report.json").read_text()
    assert [] == violations(json.loads(text), json.loads(SCHEMA.read_text()))
    report = load_report(project.out / "report.json")
    assert ["source", "distill", "prune", "convert"] == [stage.name for stage in report.stages]
    final = report.stages[-1].metrics
    assert (project.out / "model.tflite").stat().st_size == final.file_bytes == report.footprint.weight_bytes
    assert report.metric is not None
    assert report.test is not None
    scores = [final.int8_scores, report.stages[0].metrics.float_scores, report.test.source, report.test.result]
    assert ["accuracy"] * 4 == [next(iter(figures)) for figures in scores]
    assert (("accuracy", True, True), None) == (
        (report.metric.name, report.metric.higher_is_better, report.metric.is_share), report.budget,
    )  # fmt: skip
    assert [None] * 4 == [stage.rolled_back for stage in report.stages]
    parameters = [stage.metrics.parameter_count for stage in report.stages]
    assert 16 * 9 + 16 + 16 * 16 * 9 + 16 + 256 * 32 + 32 + 32 * 10 + 10 == parameters[0]
    assert parameters[0] > parameters[1] == parameters[2] == parameters[3]
    zeros = [1 - stage.metrics.nonzero_parameter_count / stage.metrics.parameter_count for stage in report.stages]
    assert zeros[1] < 0.05
    assert zeros[2] > 0.7
    assert report.latency is not None
    assert report.latency.median_us > 0
    assert () == report.lint
    assert report.comparison is not None
    assert report.comparison.confusion is not None
    assert report.plan is not None
    assert report.timeline is not None
    assert report.plan.head_bytes == report.timeline.head_bytes
    right = sum(row[place] for place, row in enumerate(report.comparison.confusion.after))
    assert report.int8_score == right / report.comparison.sample_count
    assert final.mac_count == sum(layer.macs for layer in report.layers)
    assert digest_file(project.out / "model.tflite") == report.provenance.tflite_digest


def test_the_page_is_a_function_of_the_report(project: Project) -> None:
    """report.html is what report.json renders to."""
    assert render_page(load_report(project.out / "report.json")) == (project.out / "report.html").read_text()


def test_the_firmware_prepares_samples_as_training_did(digits_h5: Path, tmp_path: Path) -> None:
    """Raw test samples become, through the emitted C, the inputs of the golden vectors, which Python prepared."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    arrays = {name: values[:60] for name, values in digits().items()}
    raw = {name: (arrays[name] * 16).repeat(2, 1).repeat(2, 2).astype(np.uint8) for name in ("x_train", "x_test")}
    write_npz(tmp_path / "raw.npz", {**arrays, **raw})
    declared = '[preprocessing]\nresize = [8, 8]\nscale = 0.0625\nnormalization = "train"\n'
    (tmp_path / "raw.toml").write_text(declared + CONVERT_ALONE)
    given = ("--model", digits_h5, "--data", "raw.npz", "--recipe", "raw.toml")
    finished = edgewright("build", "--target", "host", "--out", "out", *given, cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)

    folder = tmp_path / "out" / "firmware" / "edgewright"
    parts = [str(folder / f"edgewright_{part}.c") for part in ("preprocessing", "quantization", "vectors")]
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", *parts, "-o", str(tmp_path / "lib.so")], check=True)
    library = ctypes.CDLL(str(tmp_path / "lib.so"))
    prepared = set()
    for sample in raw["x_test"]:
        tensor = ctypes.create_string_buffer(64)
        height, width = (ctypes.c_size_t(side) for side in sample.shape[:2])
        assert 0 == library.edgewright_preprocess_input_0_uint8(sample.tobytes(), height, width, tensor)
        prepared.add(tensor.raw)
    pointers = (ctypes.c_void_p * 2 * 10).in_dll(library, "edgewright_vectors")  # input and output, ten samples
    assert [] == [pair for pair in pointers if ctypes.string_at(pair[0], 64) not in prepared]


def test_interpreters_agree_on_every_sample(project: Project) -> None:
    """Reference kernels differ from TFLM by 1 LSB at most and in no class; XNNPACK is warned of beyond 2 LSB."""
    agreements = {row.resolver: row for row in load_report(project.out / "report.json").agreements}
    assert {("reference", 1), ("xnnpack", 2)} == {(row.resolver, row.tolerance_lsb) for row in agreements.values()}
    assert {397} == {row.sample_count for row in agreements.values()}
    reference, xnnpack = agreements["reference"], agreements["xnnpack"]
    assert (True, 0) == (reference.holds, reference.differing_class_count)
    assert reference.max_difference_lsb <= 1
    assert xnnpack.holds == (xnnpack.max_difference_lsb <= 2)
    assert xnnpack.holds == ("warning: litert xnnpack" not in project.printed)


def test_interpreters_agree_before_the_softmax(project: Project) -> None:
    """XNNPACK stays within 2 LSB of TFLM up to the logits; a softmax makes more of one step of its input."""
    graph = read((project.out / "model.tflite").read_bytes())
    *inner, softmax = graph.main.operators
    assert "SOFTMAX" == softmax.op
    main = dataclasses.replace(graph.main, operators=tuple(inner), outputs=softmax.inputs)
    logits = dataclasses.replace(graph, subgraphs=(main,))
    with np.load(project.folder / "digits.npz") as archive:
        inputs = model_inputs(logits, (archive["x_test"],))
    found = check_agreement(write(logits), inputs, classifies=True).agreements
    assert [True, True] == [row.holds for row in found]


def test_the_accuracy_is_that_of_the_file(project: Project) -> None:
    """The reported int8 accuracy is found again by running the file on the test split."""
    from edgewright.pipeline.quantization import quantize

    tflite = (project.out / "model.tflite").read_bytes()
    graph = read(tflite)
    quantization = graph.main.tensors[graph.main.inputs[0]].quantization
    assert quantization is not None
    with np.load(project.folder / "digits.npz") as archive:
        x, y = archive["x_test"], archive["y_test"]
    outputs = run(Request(engine=tflm_engine(), tflite=tflite, inputs=(quantize(x, quantization),))).outputs[0]
    accuracy = float((outputs.argmax(axis=1) == y).mean())
    assert accuracy == load_report(project.out / "report.json").int8_score
    assert accuracy > 0.5


def test_the_arena_is_that_of_the_target(project: Project) -> None:
    """The host's arena is the smallest in which TFLM runs; the ESP32 gets less, computed, and the firmware has it."""
    tflite, arena = (project.out / "model.tflite").read_bytes(), load_report(project.out / "report.json").arena
    sample = (np.zeros((1, 8, 8, 1), np.int8),)

    def runs(arena_bytes: int) -> bool:
        try:
            run(Request(engine=tflm_engine(), tflite=tflite, inputs=sample, arena_bytes=arena_bytes))
        except InterpreterError:
            return False
        return True

    assert [True, False] == [runs(size) for size in (arena.host_bytes, arena.host_bytes - 16)]
    smallest = replay(read(tflite), Kernels.ESP_NN, "xtensa-lx6").smallest_bytes
    assert smallest + arena.reserve_bytes == arena.bytes < arena.host_bytes
    assert arena.bytes <= 1.15 * smallest
    assert ("computed", 32) == (arena.method, arena.word_bits)
    firmware = b"".join(content for name, content in contents(project.out).items() if name.startswith("firmware/"))
    assert f"EDGEWRIGHT_ARENA_BYTES {arena.bytes}u /* computed */".encode() in firmware


# ---- what runs again -----------------------------------------------------------------------------------------------


def test_a_second_run_does_nothing(project: Project) -> None:
    """With nothing changed no file is touched, TensorFlow is not imported, and two seconds of CPU are enough."""
    before = snapshot(project.out)
    finished = python(RUN, "esp32", "build/esp32", cwd=project.folder)
    assert ("[[], []]\n", "") == (finished.stdout, finished.stderr)
    used = cpu_seconds()
    again = edgewright("build", "--target", "esp32", "--recipe", "recipe.toml", cwd=project.folder)
    used = cpu_seconds() - used
    assert before == snapshot(project.out)
    assert "build/esp32: unchanged" in again.stdout
    assert 3 == again.stdout.count("(cached)")
    assert used < WARM_CPU_SECONDS


def test_a_clean_model_is_not_repaired(project: Project) -> None:
    """With `--fix` a model without hazards stays as it is; notes about what the configuration avoids change nothing."""
    options = ("--recipe", "recipe.toml", "--fix", "--out", "build/fixed")
    finished = edgewright("build", "--target", "esp32s3", *options, cwd=project.folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    fixed = project.folder / "build" / "fixed"
    assert (project.out / "model.tflite").read_bytes() == (fixed / "model.tflite").read_bytes()
    found = load_report(fixed / "report.json").lint
    assert {("esp-nn-dense-width", "note", False)} == {(one.rule, one.severity.value, one.is_repaired) for one in found}


def test_another_target_does_not_train(project: Project) -> None:
    """A build for another target takes every stage from the cache and leaves the same model."""
    finished = python(RUN, "host", "build/host", cwd=project.folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    changed, heavy = json.loads(finished.stdout)
    assert (True, []) == ("firmware/CMakeLists.txt" in changed, heavy)
    files = [contents(project.folder / "build" / target) for target in ("esp32", "host")]
    for name in ("model.tflite", "model.keras", "labels.txt", "model.layers.json"):
        assert files[0][name] == files[1][name]


def test_another_template_does_not_train(project: Project, tmp_path: Path) -> None:
    """A changed firmware template is emitted again from what is in the cache."""
    from edgewright.pipeline.target import FAMILIES

    families = tmp_path / "families"
    shutil.copytree(FAMILIES, families)
    template = families / "esp_idf" / "main" / "app_main.cc.j2"
    template.write_text(template.read_text() + "// changed\n")
    patched = (
        "from pathlib import Path\nfrom edgewright.pipeline.emission import templates\n"
        f"templates.FAMILIES = Path({str(families)!r})\n"
    )
    shutil.copytree(project.out, tmp_path / "out")
    finished = python(patched + RUN, "esp32", tmp_path / "out", cwd=project.folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert [["firmware/main/app_main.cc", "manifest.json"], []] == json.loads(finished.stdout)
    assert (tmp_path / "out" / "firmware" / "main" / "app_main.cc").read_text().endswith("// changed\n")


def test_a_cold_run_on_one_core_gives_the_same_bytes(
    project: Project, new_project: Callable[[str], Path], cores: int
) -> None:
    """Whatever the number of cores, a fresh cache leads to the same models and the same firmware."""
    if shutil.which("taskset") is None:
        pytest.skip("taskset is missing (Debian: apt install util-linux)")
    folder = new_project(RECIPE)
    before = ("taskset", "-c", "0")
    finished = edgewright("build", "--target", "esp32", "--recipe", "recipe.toml", cwd=folder, before=before)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "(cached)" not in finished.stdout
    first, second = contents(project.out), contents(folder / "build" / "esp32")
    assert first.keys() == second.keys()
    measured = {"report.json", "report.html", "manifest.json"}  # they hold times
    assert [] == [name for name in first if name not in measured and first[name] != second[name]]
    assert cores >= 1


def test_a_stage_that_is_left_out_changes_the_result(
    project: Project, copy: Callable[..., Any], tmp_path: Path
) -> None:
    """Without pruning the same student has nearly no zeros, and its model is another one."""
    stages = RECIPE.split("[[stages]]")
    without = "[[stages]]".join(stage for stage in stages if '"prune"' not in stage)
    finished = copy(recipe=without)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert 1 == finished.stdout.count("(cached)")
    report = load_report(tmp_path / "out" / "report.json")
    assert ["source", "distill", "convert"] == [stage.name for stage in report.stages]
    assert (tmp_path / "out" / "model.tflite").read_bytes() != (project.out / "model.tflite").read_bytes()
    before = load_report(project.out / "report.json").stages[-1].metrics
    assert before.nonzero_parameter_count < 0.4 * report.stages[-1].metrics.nonzero_parameter_count
    difference = edgewright("diff", project.out / "report.json", tmp_path / "out" / "report.json", cwd=tmp_path)
    assert "source -> distill -> prune -> convert" in difference.stdout


# ---- what is the user's --------------------------------------------------------------------------------------------

RENAMED = RECIPE.replace('"digits"\n', '"my [/] \\"digits\\""\n', 1)


def test_the_users_work_survives_a_re_emission(copy: Callable[..., Any], tmp_path: Path) -> None:
    """A build folder, sdkconfig and an edited app_main.cc are there after an emission that changed the firmware."""
    firmware = tmp_path / "out" / "firmware"
    mine = {"build/x.o": "object", "sdkconfig": "CONFIG=y", "main/app_main.cc": "int main() {}", "notes.md": "x"}
    for name, text in mine.items():
        (firmware / name).parent.mkdir(exist_ok=True)
        (firmware / name).write_text(text)
    finished = copy(recipe=RENAMED)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "out: written" in finished.stdout
    assert "firmware/main/app_main.cc is yours" in finished.stdout
    assert mine == {name: (firmware / name).read_text() for name in mine}
    assert 3 == finished.stdout.count("(cached)")
    assert 'my [/] "digits" for ESP32' in finished.stdout


def test_an_edited_generated_file_is_refused(copy: Callable[..., Any], tmp_path: Path) -> None:
    """An edit to a generated file stops the run; --force goes on and keeps the edit beside."""
    edited = tmp_path / "out" / "labels.txt"
    edited.write_text("mine\n")
    before = snapshot(tmp_path / "out")
    assert_refused(copy(), "labels.txt was edited", "--force")
    assert before == snapshot(tmp_path / "out")
    assert 0 == copy("--force").returncode
    assert ("mine\n", "0\n1\n") == ((tmp_path / "out" / "labels.txt.user").read_text(), edited.read_text()[:4])


def test_a_folder_of_someone_else_is_refused(copy: Callable[..., Any], tmp_path: Path) -> None:
    """An output folder without our manifest is left alone."""
    (tmp_path / "out" / "manifest.json").unlink()
    before = snapshot(tmp_path / "out")
    assert_refused(copy(), "something else than an earlier result")
    assert before == snapshot(tmp_path / "out")


def test_leftovers_of_a_killed_run_go_away(copy: Callable[..., Any], tmp_path: Path) -> None:
    """A staging folder beside the output is removed by the next run."""
    (tmp_path / ".out.k1ll3d" / "firmware").mkdir(parents=True)
    assert 0 == copy().returncode
    assert not (tmp_path / ".out.k1ll3d").exists()


# ---- dry runs ------------------------------------------------------------------------------------------------------


def test_a_dry_run_changes_nothing(project: Project, copy: Callable[..., Any], tmp_path: Path) -> None:
    """It says which steps are in the cache and which would run, and touches neither cache nor output."""
    copy()
    before = snapshot(tmp_path), snapshot(project.folder)
    finished = copy("--dry-run")
    assert (0, "") == (finished.returncode, finished.stderr)
    steps = ("source", "distill", "prune", "convert")
    assert [*(f"{name}: in the cache" for name in steps), "would write out"] == finished.stdout.splitlines()
    other = copy("--dry-run", "--seed", "4").stdout.splitlines()
    assert ["source: in the cache", *(f"{name}: would run" for name in steps[1:])] == other[:4]
    assert before == (snapshot(tmp_path), snapshot(project.folder))


def test_a_dry_run_with_a_data_function_changes_nothing(tmp_path: Path) -> None:
    """A data function is called to know its data, but what it returns is not kept."""
    (tmp_path / "mine.py").write_text(
        "import numpy as np\ndef load():\n    x, y = np.ones((4, 3)), np.arange(4) % 2\n    return x, y, x, y\n"
        "def train(data, seed, reporter): raise RuntimeError('called')\n"
    )
    options = ("--target", "host", "--data", "mine.py:load", "--model", "mine.py:train")
    finished = edgewright("build", *options, "--dry-run", cwd=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "source: would run" in finished.stdout
    assert ["mine.py"] == sorted(path.name for path in tmp_path.iterdir())
