"""What a target's TensorFlow Lite Micro cannot compute is refused by name: before it is emitted, or even trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.command import assert_refused, edgewright, edgewright_here
from support.digits import write_npz
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import DType, Graph, write


def reversed_network() -> Graph:
    """A network of one operator that came to TFLM in 2025."""
    draft = Draft()
    x = draft.input((1, 4))
    return draft.graph(draft.operator("REVERSE_V2", (x, draft.constant([1], DType.INT32)), (1, 4), name="flip/flip"))


def newer_network() -> Graph:
    """The tiny network with a fully-connected layer of a version that no TFLM has."""
    graph = tiny_graph()
    operators = [
        dataclasses.replace(operator, version=14) if operator.op == "FULLY_CONNECTED" else operator
        for operator in graph.main.operators
    ]
    main = dataclasses.replace(graph.main, operators=tuple(operators))
    return dataclasses.replace(graph, subgraphs=(main,))


def int16_network() -> Graph:
    """A network of one operator that only the newer kernels compute in int16."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.INT16)
    return draft.graph(draft.operator("RELU", (x,), (1, 4), dtype=DType.INT16, name="relu/Relu"))


@pytest.mark.parametrize(
    ("graph", "options", "fragments"),
    [
        (reversed_network, ("--target", "nrf52840dk"),
         ('(REVERSE_V2) of layer "flip" has no kernel', "zephyr", "esp_idf")),
        (reversed_network, ("--target", "esp32", "--family", "arduino"), ("family=esp_idf",)),
        (newer_network, ("--target", "esp32"),
         ("(FULLY_CONNECTED) of layer ", "has version 14 (int2 weights)", "up to 10")),
        (int16_network, ("--target", "pico2", "--family", "pico_sdk"),
         ('(RELU) of layer "relu" computes int16', "float32, int8 only", 'activations = "int8"', "87d5152c")),
    ],
)  # fmt: skip
def test_a_given_model_is_refused(
    graph: Callable[[], Graph], options: tuple[str, ...], fragments: tuple[str, ...], tmp_path: Path
) -> None:
    """Status 2 and one sentence with operator, layer and a way out; nothing is written."""
    (tmp_path / "mine.tflite").write_bytes(write(graph()))
    finished = edgewright_here("emit", "mine.tflite", *options, "--out", "out", cwd=tmp_path)
    assert_refused(finished, *fragments)
    assert ["mine.tflite"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.slow
def test_an_untrained_model_is_refused(tmp_path: Path) -> None:
    """A recipe of int16 on layers that have no such kernel is refused before its first stage; in int8 it is emitted."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((4, 3)), layers.Permute((2, 1), name="turn"), layers.Flatten(), layers.Dense(3)]
    )
    model.save(tmp_path / "model.h5")
    random = np.random.default_rng(1)
    splits = {f"x_{split}": random.normal(size=(60, 4, 3)).astype(np.float32) for split in ("train", "test")}
    write_npz(tmp_path / "data.npz", splits | {f"y_{split}": np.arange(60) % 3 for split in ("train", "test")})
    stages = '[[stages]]\nstage = "prune"\namount = 0.5\nstructure = "unstructured"\n[[stages]]\nstage = "convert"\n'
    arguments = "build --target nrf52840dk --model model.h5 --data data.npz --recipe mine.toml --out out".split()
    (tmp_path / "mine.toml").write_text(f'{stages}activations = "int16"\n')
    finished = edgewright(*arguments, cwd=tmp_path)
    assert_refused(finished, '(TRANSPOSE) of layer "turn" computes int16', 'activations = "int8"', "esp_idf")
    assert "prune" not in finished.stdout
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine.toml").write_text('[[stages]]\nstage = "convert"\n')
    finished = edgewright(*arguments, cwd=tmp_path)
    assert 0 == finished.returncode, finished.stderr
    assert "AddTranspose" in (tmp_path / "out/firmware/edgewright/edgewright_model.cc").read_text()
