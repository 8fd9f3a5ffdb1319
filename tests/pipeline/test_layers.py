"""Operators are named by the layers of the source model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.layers import layers_document, layers_path, name_layers, read_layers


def chain(*names: str) -> Graph:
    """Return a chain of activations whose outputs have these names."""
    draft = Draft()
    x = draft.input((1, 4), name="input")
    for name in names:
        x = draft.operator("RELU", (x,), (1, 4), name=name)
    return draft.graph(x)


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("model/conv1/Relu;model/conv1/BiasAdd", "conv1"),
        ("model/block/conv1/Conv2D1", "conv1"),
        ("model/pool/MaxPool", "pool"),
        ("StatefulPartitionedCall:0", "relu"),
    ],
)
def test_the_converters_names_lead_to_the_layer(tensor: str, layer: str) -> None:
    """The layer that stands in the output's name is the operator's."""
    assert (layer,) == name_layers(chain(tensor), ["conv1", "pool"])


def test_an_operator_without_a_name_takes_the_one_before() -> None:
    """What the converter added belongs to what stands before it."""
    graph = chain("m/conv1/Relu", "something", "m/conv2/Relu")
    assert ("conv1", "conv1", "conv2") == name_layers(graph, ["conv1", "conv2"])


def test_the_weights_name_counts_too() -> None:
    """Where the output is anonymous, the name of the operator's own constants decides."""
    graph = tiny_graph()
    assert ("filters", "filters", "weights", "weights") == name_layers(graph, ["filters", "weights"])


def test_without_a_source_model_the_tensors_name_serves() -> None:
    """For a `.tflite` that was given, the part of the tensor's name that says most is taken; there is always one."""
    assert ("conv1", "plain") == name_layers(chain("net/conv1/Relu;x", "plain"))
    unnamed = [dataclasses.replace(tensor, name="") for tensor in tiny_graph().main.tensors]
    main = dataclasses.replace(tiny_graph().main, tensors=tuple(unnamed))
    names = name_layers(dataclasses.replace(tiny_graph(), subgraphs=(main,)))
    assert 4 == len(names)
    assert all(names)


def test_names_beside_the_file_are_read_back(tmp_path: Path) -> None:
    """What is written for a model is read for it, and refused for another, or when it is damaged."""
    graph = chain("a/conv1/Relu", "b/conv2/Relu")
    path = layers_path(tmp_path / "model.tflite")
    assert tmp_path / "model.layers.json" == path
    path.write_bytes(layers_document(graph, ("conv1", "conv2")))
    assert ("conv1", "conv2") == read_layers(path, graph)
    with pytest.raises(TfliteError, match=r"model\.layers\.json: names other operators than the \.tflite has"):
        read_layers(path, chain("a/conv1/Relu"))
    path.write_bytes(b'{"version": 2}')
    with pytest.raises(TfliteError, match=r"model\.layers\.json: cannot be read as layers' names"):
        read_layers(path, graph)
