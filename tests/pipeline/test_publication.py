"""Models for apps: names, a signature and what the pipeline knows of samples, in the metadata's own terms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.graph import read, strip, write
from edgewright.pipeline.preprocessing import Preprocessing, preprocess
from edgewright.pipeline.publication import SIGNATURE_KEY, combined_normalization, labels_text, publish, with_signature


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"scale": 1 / 255},
        {"scale": 1 / 127.5, "offset": -1.0},
        {"scale": [0.1, -2.0], "offset": [0.5, 0.25], "normalization": {"mean": [3.0], "std": [1.5, 4.0]}},
        {"normalization": {"mean": [0.5, 0.25], "std": [0.125]}},
    ],
)
def test_normalization_is_combined(declared: dict[str, object]) -> None:
    """One subtraction and one division do what scale, offset and normalization do."""
    settings = Preprocessing.model_validate(declared)
    raw = np.random.default_rng(1).uniform(0, 255, (50, 2)).astype(np.float32)
    mean, std = combined_normalization(settings)
    assert len(mean) == len(std)
    np.testing.assert_allclose((raw - np.array(mean)) / np.array(std), preprocess(raw, settings), rtol=1e-4, atol=1e-4)


def test_scale_of_zero_has_no_normalization() -> None:
    """What maps every value to one cannot be said in the metadata's form, and is left out."""
    assert ((), ()) == combined_normalization(Preprocessing.model_validate({"scale": [1.0, 0.0]}))


def test_stripped_model_gets_a_signature() -> None:
    """A model whose names the conversion left out has a signature again, over the names of inputs and outputs."""
    graph = strip(tiny_graph())
    (signature,) = with_signature(graph).signatures
    main = graph.main
    assert (SIGNATURE_KEY, 0) == (signature.key, signature.subgraph_index)
    assert tuple((main.tensors[index].name, index) for index in main.inputs) == signature.inputs
    assert tuple((main.tensors[index].name, index) for index in main.outputs) == signature.outputs


def test_names_that_tell_nothing_apart_make_no_signature() -> None:
    """Without names a signature would be wrong, so there is none."""
    graph = strip(tiny_graph())
    tensors = tuple(dataclasses.replace(tensor, name="") for tensor in graph.main.tensors)
    nameless = dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tensors),))
    assert nameless == with_signature(nameless)


def test_published_model_is_the_graph() -> None:
    """Operators, tensors and constants are those of the model, in the same order, and two writings are equal."""
    graph = read(write(tiny_graph()))
    first, second = (
        publish(graph, name="\ud800", description="", labels=("a\nb",), preprocessing=()) for _ in range(2)
    )
    assert first == second
    assert graph.subgraphs == read(first).subgraphs
    assert graph.buffers == read(first).buffers[: len(graph.buffers)]
    assert first.count(b"a b\n") == 1


def test_labels_are_one_line_each() -> None:
    """Line ends in a label become blanks, and what UTF-8 cannot hold a question mark."""
    assert "a b\n\ngrößer\n?\n".encode() == labels_text(("a\nb", "", "größer\r\n", "\ud800"))
