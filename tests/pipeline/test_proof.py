"""Comparing a model with what was made of it: equal ones are measured, and a difference is an error."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.arena import with_offline_plan
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.golden import compute_vectors, random_inputs
from edgewright.pipeline.graph import write
from edgewright.pipeline.proof import comparison_inputs, differing_samples, prove_equal
from edgewright.pipeline.vocabulary import GoldenVectors

NONE = GoldenVectors(inputs=(), outputs=(), origin="none")


def test_an_equal_model_is_measured(tmp_path: Path) -> None:
    """A model whose tensors only lie elsewhere gives the same outputs, in an arena that is larger by the gap."""
    graph = tiny_graph()
    offsets: list[int | None] = [None] * len(graph.main.tensors)
    offsets[graph.main.outputs[0]] = 4096
    before, after = write(graph), write(with_offline_plan(graph, offsets))
    proof = prove_equal(before, after, graph, vectors=NONE, seed=1, cache=Cache(root=tmp_path), what="with the change")
    assert 100 == proof.compared_inputs
    assert proof.host_arena_bytes > 4096


def test_a_difference_is_an_error(tmp_path: Path) -> None:
    """Other weights are found, and the sentence says on how many inputs and whose fault it is."""
    graph = tiny_graph()
    buffers = tuple(bytes(len(one)) if len(one) == 4 * 18 else one for one in graph.buffers)
    changed = dataclasses.replace(graph, buffers=buffers)
    assert graph != changed
    with pytest.raises(
        InterpreterError, match=r"other outputs for \d+ of 100 inputs with the change; this is a defect"
    ):
        prove_equal(
            write(graph),
            write(changed),
            graph,
            vectors=NONE,
            seed=1,
            cache=Cache(root=tmp_path),
            what="with the change",
        )
    assert [] == list(tmp_path.glob("proof/*"))


def test_golden_vectors_are_compared_first() -> None:
    """What the self-test runs comes before the random inputs, and together they are a hundred."""
    graph = tiny_graph()
    vectors = compute_vectors(write(graph), random_inputs(graph, 5), graph, "random")
    (compared,) = comparison_inputs(graph, vectors, 1)
    assert (100, 4, 4, 2) == compared.shape
    assert np.array_equal(np.concatenate([row[0] for row in vectors.inputs]), compared[:10])


def test_samples_are_compared_byte_by_byte() -> None:
    """A sample counts once, whichever of its outputs differs; a NaN equals itself."""
    one = (np.array([[1.0], [np.nan], [3.0]]), np.array([1, 2, 3]))
    other = (np.array([[1.0], [np.nan], [4.0]]), np.array([0, 2, 9]))
    assert (0, 2) == (differing_samples(one, one), differing_samples(one, other))
