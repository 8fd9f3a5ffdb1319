"""What is found to be measured: models in files and folders, engines in their settings."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.benches import tiny_tflite
from support.graphs import tiny_graph

from edgewright.pipeline.errors import BadInputError, EdgewrightError, TfliteError
from edgewright.pipeline.graph import Graph, cut_operator, dequantize_graph, trace, write
from edgewright.pipeline.interpreters import ENGINES, SOURCE_ENGINES, Resolver
from edgewright.pipeline.layers import layers_document
from edgewright.runtime_bench.bench import choose_setups, open_candidates
from edgewright.runtime_bench.bench.samples import samples_of


def test_the_folder_of_a_build_is_a_model(tmp_path: Path) -> None:
    """A folder's `model.tflite` is measured under the folder's name, with its layers' names and its float model."""
    folder = tmp_path / "esp32"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(write(tiny_graph()))
    (folder / "model.layers.json").write_bytes(layers_document(tiny_graph(), ("conv", "flatten", "dense", "dense")))
    (folder / "model.keras").write_bytes(b"keras")
    (candidate,) = open_candidates([folder])
    assert ("esp32", ("conv", "flatten", "dense", "dense"), b"keras") == (
        candidate.name, candidate.layer_names, candidate.keras,
    )  # fmt: skip
    source, tflm = choose_setups(["tensorflow"])[0], choose_setups(["tflm"])[0]
    assert (b"keras", write(tiny_graph())) == (candidate.content(source), candidate.content(tflm))


def test_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Three files of one name in three folders get names of their own."""
    paths = []
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        paths.append(tiny_tflite(tmp_path / folder))
    assert ["tiny", "tiny (2)", "tiny (3)"] == [candidate.name for candidate in open_candidates(paths)]


def test_a_damaged_model_is_left_to_the_interpreters(tmp_path: Path) -> None:
    """A file with the mark of a `.tflite` that cannot be read is a candidate with a complaint."""
    path = tmp_path / "hostile.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(100)))
    (candidate,) = open_candidates([path])
    assert candidate.graph is None
    assert candidate.complaint is not None
    assert candidate.complaint.startswith("hostile.tflite")


def test_damaged_bytes_never_break_what_looks_at_the_graph(tmp_path: Path) -> None:
    """Of 400 models with bytes changed at random, each is read and worked on, or is a candidate with a complaint."""
    generator = np.random.default_rng(7)
    path = tmp_path / "damaged.tflite"
    usable = 0
    for _ in range(400):
        content = bytearray(write(tiny_graph()))
        for position in generator.integers(8, len(content), generator.integers(1, 4)):
            content[position] = generator.integers(256)
        path.write_bytes(content)
        (candidate,) = open_candidates([path])
        assert (candidate.graph is None) == (candidate.complaint is not None)
        if candidate.graph is None:
            continue
        usable += 1
        work = (
            partial(samples_of, examination=None, seed=1),
            trace,
            dequantize_graph,
            *(partial(cut, place) for place in range(4)),
        )
        for step in work:
            with suppress(EdgewrightError):
                step(candidate.graph)
    assert 40 < usable < 400


def cut(place: int, graph: Graph) -> None:
    """Write one operator as a model of its own."""
    write(cut_operator(graph, graph.main.operators[place]))


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), (b"text", "is no .tflite")])
def test_what_is_no_model_is_refused(content: bytes | None, words: str, tmp_path: Path) -> None:
    """A missing file, a folder without a model and something else end in one sentence that says what to give."""
    path = tmp_path / "x.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TfliteError, match=words):
        open_candidates([path])
    with pytest.raises(TfliteError, match="cannot be read"):
        open_candidates([tmp_path])


def test_engines_are_measured_in_all_their_settings() -> None:
    """Reference kernels and XNNPACK, the latter with 1, 2, 4, … threads; TFLM and TensorFlow as they are."""
    setups = choose_setups(threads=3)
    assert {engine.name for engine in (*ENGINES, *SOURCE_ENGINES)} == {setup.engine.name for setup in setups}
    assert ["litert/reference/1", "litert/xnnpack/1", "litert/xnnpack/2", "litert/xnnpack/3"] == [
        setup.id for setup in choose_setups(["litert"], threads=3)
    ]
    assert ["tflm/reference/1", "tensorflow/builtin/1"] == [
        setup.id for setup in setups if Resolver.XNNPACK not in setup.engine.resolvers
    ]


def test_an_unknown_engine_is_refused() -> None:
    """The nearest name is suggested."""
    with pytest.raises(BadInputError, match='engine: "litet" is unknown; did you mean "litert"'):
        choose_setups(["litet"])
