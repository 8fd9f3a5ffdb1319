"""Layer by layer: costs, times, and where quantization loses the signal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.benches import tiny_tflite
from support.conversions import build_model
from support.graphs import tiny_graph
from support.quantized import convert_to_int8, enliven

from edgewright.pipeline.graph import Graph, Quantization, operator_macs, read, write
from edgewright.pipeline.interpreters import tflm_engine
from edgewright.pipeline.layers import layers_document, name_layers
from edgewright.pipeline.models import save_model
from edgewright.runtime_bench.bench import Limits, choose_setups, open_candidates
from edgewright.runtime_bench.bench.layers import measure_layers
from edgewright.runtime_bench.bench.quantization_error import NO_ERROR_DB, distortion
from edgewright.runtime_bench.bench.samples import samples_of
from edgewright.runtime_bench.bench.schema import LayersSection


def with_coarse(graph: Graph, names: set[str], factor: float) -> Graph:
    """Make the steps of some tensors larger, as a bad calibration does."""
    tensors = tuple(
        dataclasses.replace(
            tensor,
            quantization=Quantization(
                scales=(tensor.quantization.scale * factor,), zero_points=tensor.quantization.zero_points
            ),
        )
        if tensor.name in names and tensor.quantization
        else tensor
        for tensor in graph.main.tensors
    )
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tensors),))


def layers_of(path: Path, *, timed: bool = False) -> LayersSection:
    """Measure the layers of a file."""
    (candidate,) = open_candidates([path])
    assert candidate.graph is not None
    (setup,) = choose_setups(engines=(tflm_engine(),))
    found = measure_layers(
        candidate, setup if timed else None, samples_of(candidate.graph, None, 1), Limits(), lambda text: None
    )
    assert found is not None
    return found


def test_a_distortion_is_what_it_is_defined_as() -> None:
    """An error of a tenth of the signal is 20 dB; equal arrays have no error, and a mirrored one the opposite angle."""
    signal = np.array([3.0, -4.0, 5.0], np.float32)
    tenth = distortion(signal, signal * np.float32(1.1))
    assert (pytest.approx(20.0, abs=1e-4), pytest.approx(1.0), pytest.approx(0.01, abs=1e-5)) == (
        tenth.sqnr_db, tenth.cosine, tenth.noise,
    )  # fmt: skip
    assert (NO_ERROR_DB, pytest.approx(1.0)) == (distortion(signal, signal).sqnr_db, distortion(signal, signal).cosine)
    assert pytest.approx(-1.0) == distortion(signal, -signal).cosine
    nothing = np.zeros(3, np.float32)
    assert (-NO_ERROR_DB, 0.0) == (distortion(nothing, signal).sqnr_db, distortion(nothing, signal).cosine)


def test_every_operator_is_measured(tmp_path: Path) -> None:
    """Costs are those of the graph, and each operator has a time of its own."""
    graph = tiny_graph()
    found = layers_of(tiny_tflite(tmp_path), timed=True)
    assert [operator_macs(graph, operator) for operator in graph.main.operators] == [row.macs for row in found.rows]
    assert [16, 16, 3, 3] == [row.activation_bytes for row in found.rows]
    assert all(row.time_us is not None and row.time_us > 0 for row in found.rows)
    assert ("tflm/reference/1", "the same graph on the real values of its weights", 32) == (
        found.timed_on, found.compared_with, found.sample_count,
    )  # fmt: skip
    assert all(row.sqnr_db is not None and row.sqnr_db > 15 for row in found.rows)


@pytest.mark.parametrize(("names", "factor", "worst"), [({"maps", "flat"}, 4.0, 0), ({"logits"}, 16.0, 2)])
def test_the_layer_that_ruins_the_accuracy_is_named(names: set[str], factor: float, worst: int, tmp_path: Path) -> None:
    """A result whose steps are far too large is where most noise is added, wherever it stands."""
    path = tmp_path / "coarse.tflite"
    path.write_bytes(write(with_coarse(tiny_graph(), names, factor)))
    found = layers_of(path)
    good = layers_of(tiny_tflite(tmp_path))
    assert worst == found.worst
    added, before = found.rows[worst].added_noise, good.rows[worst].added_noise
    assert added is not None
    assert before is not None
    assert added > 10 * abs(before)


@pytest.mark.slow
def test_the_source_models_layers_are_the_measure_where_they_are_known(tmp_path: Path) -> None:
    """Beside a Keras model, each layer's integers are compared with what that layer gives in float."""
    model = enliven(build_model("cnn"))
    x = np.random.default_rng(2).random((24, 12, 12, 1), np.float32)
    tflite = convert_to_int8(model, x)
    graph = read(tflite)
    (tmp_path / "model.tflite").write_bytes(tflite)
    names = name_layers(graph, [layer.name for layer in model.layers])
    (tmp_path / "model.layers.json").write_bytes(layers_document(graph, names))
    save_model(model, tmp_path / "model.keras")
    found = layers_of(tmp_path)
    assert ("the float source model, layer by layer", ()) == (found.compared_with, found.notes)
    compared = {row.layer: row.sqnr_db for row in found.rows if row.sqnr_db is not None}
    assert {"conv", "pool", "hidden", "classes"} <= compared.keys()
    assert min(compared.values()) > 10


@pytest.mark.slow
def test_a_source_model_that_does_not_fit_is_noted(tmp_path: Path) -> None:
    """Where the model beside it takes other samples, the graph's own counterpart is the measure, and a note says so."""
    tiny_tflite(tmp_path, "model")
    save_model(build_model("cnn"), tmp_path / "model.keras")
    found = layers_of(tmp_path)
    assert "the same graph on the real values of its weights" == found.compared_with
    (note,) = found.notes
    assert "takes samples of [(12, 12, 1)], and these are [(4, 4, 2)]" in note
