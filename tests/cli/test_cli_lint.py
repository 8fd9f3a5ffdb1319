"""`edgewright lint`: the table, the JSON, the statuses, and the repaired file with the names of its layers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import assert_refused, edgewright, edgewright_here, snapshot
from support.graphs import tiny_graph
from support.hazards import dense_chain, image_input, misplace, one, strided
from support.json_schema import violations
from support.one_operator import convolution

from edgewright.pipeline.graph import DType, Graph, buffer_positions, read, write
from edgewright.pipeline.layers import layers_document, layers_path, read_layers

SCHEMA = Path(__file__).parents[2] / "docs" / "lint.schema.json"
RECIPE = """
[preprocessing]
scale = 0.00392156862745098

[[stages]]
stage = "convert"
"""


def saved(folder: Path, graph: Graph, *, alignment: int = 16) -> Path:
    """Write a model with the names of its layers."""
    path = folder / "mine.tflite"
    path.write_bytes(write(graph, buffer_alignment=alignment))
    layers_path(path).write_bytes(layers_document(graph, [f"lay{one.index}" for one in graph.main.operators]))
    return path


def test_a_clean_model_has_no_hazards(tmp_path: Path) -> None:
    """Status 0 and a line that says so."""
    finished = edgewright_here("lint", saved(tmp_path, tiny_graph()), "--target", "esp32", cwd=tmp_path)

    assert (0, "mine.tflite on esp32 (esp_idf): no hazards\n") == (finished.returncode, finished.stdout)


def test_errors_end_in_a_status_of_their_own(tmp_path: Path) -> None:
    """The table names rule and layer, and one sentence on standard error says that it will not run."""
    finished = edgewright_here("lint", saved(tmp_path, one("WHERE")), "--target", "esp32", cwd=tmp_path)

    assert [] == [text for text in ("unsupported-operator", "lay0 (0)", "1 error") if text not in finished.stdout]
    assert_refused(finished, "mine.tflite will not run on esp32 (esp_idf)", "unsupported-operator at lay0", status=5)


def test_findings_as_json(tmp_path: Path) -> None:
    """What a program reads has the same findings, and the status is the same."""
    finished = edgewright_here(
        "lint", saved(tmp_path, one("WHERE")), "--target", "pico", "--family", "zephyr", "--json", cwd=tmp_path
    )

    found = json.loads(finished.stdout)
    assert [] == violations(found, json.loads(SCHEMA.read_text()))
    assert (5, "pico", "zephyr") == (finished.returncode, found["target"], found["family"])
    assert [("unsupported-operator", "error", "lay0", 0)] == [
        (row["rule"], row["severity"], row["layer"], row["operator"]) for row in found["findings"]
    ]


def test_a_recipe_gives_the_preprocessing(tmp_path: Path) -> None:
    """Inputs are held to what the recipe declares, and to nothing without one."""
    path = saved(tmp_path, image_input(scale=1 / 255, zero_point=0))
    (tmp_path / "recipe.toml").write_text(RECIPE)

    assert 0 == edgewright_here("lint", path, "--target", "esp32", cwd=tmp_path).returncode
    finished = edgewright_here("lint", path, "--target", "esp32", "--recipe", "recipe.toml", cwd=tmp_path)
    assert_refused(finished, "input-quantization at input 0", status=5)


def test_a_repaired_model_is_written_with_its_layers(tmp_path: Path) -> None:
    """The file lints clean, its layers' names have the new operator, and the model as it came stays."""
    path = saved(tmp_path, strided(8, 8), alignment=4)
    before = path.read_bytes()
    out = tmp_path / "new" / "better.tflite"

    finished = edgewright("lint", path, "--target", "esp32s3", "--fix", "--out", out, cwd=tmp_path)

    assert 0 == finished.returncode, finished.stderr
    assert "outputs equal on 102 inputs" in finished.stdout
    graph = read(out.read_bytes())
    assert ["PAD", "CONV_2D"] == [operator.op for operator in graph.main.operators]
    assert ("lay0", "lay0") == read_layers(layers_path(out), graph)
    assert {0} == {position % 16 for position in buffer_positions(out.read_bytes()) if position}
    assert before == path.read_bytes()
    assert {"better.tflite", "better.layers.json"} == {entry.name for entry in out.parent.iterdir()}
    again = edgewright_here("lint", out, "--target", "esp32s3", cwd=tmp_path)
    assert (0, "better.tflite on esp32s3 (esp_idf): no hazards\n") == (again.returncode, again.stdout)


def test_a_model_can_be_repaired_in_its_place(tmp_path: Path) -> None:
    """The output may be the input, which is replaced as a whole; one rule alone repairs nothing else."""
    path = saved(tmp_path, dense_chain(16, 10, 8))
    options = ("--target", "esp32s3", "--fix", "--out", path, "--rule", "unaligned-buffer")
    before = path.read_bytes()

    assert 0 == edgewright_here("lint", path, *options, cwd=tmp_path).returncode
    assert before == path.read_bytes()
    assert 0 == edgewright_here("lint", path, *options, "--rule", "esp-nn-dense-width", cwd=tmp_path).returncode
    assert (16, 16) == next(
        one.shape for one in read(path.read_bytes()).main.tensors if len(one.shape) == 2 and one.index
    )


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (("--fix",), "--fix and --out go together"),
        (("--out", "new.tflite"), "--fix and --out go together"),
        (("--fix", "--out", "mine.bin"), "would have its layers' names in mine.layers.json"),
        (("--rule", "unaligned-bufer"), 'Unknown rule "unaligned-bufer": did you mean "unaligned-buffer"?'),
        (("--recipe", "none.toml"), "none.toml: cannot be read"),
        (("--family", "arduino"), 'Target "esp32s3" has no firmware family "arduino"'),
        (("--fix", "--out", "/proc/none/new.tflite"), "/proc/none/new.tflite: cannot be written"),
    ],
)
def test_wrong_use_is_refused(options: tuple[str, ...], fragment: str, tmp_path: Path) -> None:
    """Status 2 and one sentence; nothing is written."""
    path = saved(tmp_path, dense_chain(16, 8))
    before = snapshot(tmp_path)

    assert_refused(edgewright_here("lint", path, "--target", "esp32s3", *options, cwd=tmp_path), fragment)
    assert before == snapshot(tmp_path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Neither a missing file nor another format is looked at."""
    (tmp_path / "text.tflite").write_text("no model")

    assert_refused(edgewright_here("lint", "gone.tflite", "--target", "esp32", cwd=tmp_path), "gone.tflite: cannot be")
    assert_refused(edgewright_here("lint", "text.tflite", "--target", "esp32", cwd=tmp_path), "text.tflite")


def test_a_repair_without_proof_writes_nothing(tmp_path: Path) -> None:
    """A hybrid model does not run in TFLM's interpreter, so that nothing can be compared."""
    path = tmp_path / "hybrid.tflite"
    graph = convolution((1, 4, 4, 2), (3, 3, 3, 2), (1, 4, 4, 3), dtype=DType.FLOAT32)
    path.write_bytes(misplace(write(graph), 1))

    finished = edgewright_here("lint", path, "--target", "pico", "--fix", "--out", "new.tflite", cwd=tmp_path)

    assert_refused(finished, "hybrid operator")
    assert [path] == list(tmp_path.iterdir())
