"""Golden vectors: which samples are taken, and that TFLM computes their outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.graphs import Draft, tiny_graph
from support.models import two_layer_tflite

from edgewright.pipeline.data import Split
from edgewright.pipeline.golden import choose_samples, compute_vectors, extreme_inputs, random_inputs
from edgewright.pipeline.graph import Graph, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine


def relu(shape: tuple[int, ...]) -> Graph:
    """Return a graph that passes what is positive."""
    draft = Draft()
    x = draft.input(shape, scale=0.5)
    return draft.graph(draft.operator("RELU", (x,), shape, scale=0.5))


def split(y: npt.NDArray[Any]) -> Split:
    """Return a split with those targets."""
    return Split(x=(np.zeros((len(y), 2), np.float32),), y=(y,))


def test_one_sample_of_each_class_is_chosen() -> None:
    """The first sample of every class is taken, in the order of the classes, ten at most."""
    assert (1, 2, 0) == choose_samples(split(np.array([7, 0, 3, 0, 7])), 8)
    assert tuple(range(10)) == choose_samples(split(np.arange(50)), 50)


def test_without_classes_samples_are_spread() -> None:
    """Where there are no classes, at most ten samples from the first to the last are chosen."""
    assert (0, 11, 22, 33, 44, 55, 66, 77, 88, 99) == choose_samples(split(np.zeros((100, 2))), None)
    assert (0, 1, 2) == choose_samples(split(np.zeros(3)), None)


def test_random_inputs_depend_on_the_seed_alone() -> None:
    """Equal seeds draw equal inputs over the whole range of the dtype."""
    graph = read(two_layer_tflite())
    first, again, other = (random_inputs(graph, seed) for seed in (1, 1, 2))
    assert [(8, 3), (8, 4)] == [array.shape for array in first]
    assert [array.tolist() for array in first] == [array.tolist() for array in again]
    assert [array.tolist() for array in first] != [array.tolist() for array in other]
    assert all(array.dtype == np.int8 for array in first)


def test_extremes_are_the_limits_of_the_dtype() -> None:
    """One sample is all lowest, the other all highest."""
    (extremes,) = extreme_inputs(tiny_graph())
    assert ((2, 4, 4, 2), {-128}, {127}) == (extremes.shape, set(extremes[0].flat), set(extremes[1].flat))


def test_outputs_are_those_of_tflm() -> None:
    """Each vector holds its inputs and TFLM's outputs in the tensors' own shapes; the extremes come last."""
    tflite = two_layer_tflite()
    graph = read(tflite)
    inputs = random_inputs(graph, 3)
    vectors = compute_vectors(tflite, inputs, graph, "random")
    assert (10, 10, "random") == (len(vectors.inputs), len(vectors.outputs), vectors.origin)
    assert [(1, 3), (1, 4)] == [array.shape for array in vectors.inputs[0]]
    assert [{-128}, {127}] == [set(vectors.inputs[index][0].flat) for index in (8, 9)]
    expected = run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs)).outputs
    for index in range(8):
        assert [output[index : index + 1].tolist() for output in expected] == [
            output.tolist() for output in vectors.outputs[index]
        ]


@pytest.mark.parametrize("shape", [(5,), (4, 3), (1, 3), (2, 1, 3)])
def test_a_tensor_without_a_batch_of_one(shape: tuple[int, ...]) -> None:
    """A model whose first extent is no batch of one gets vectors of its own shape all the same."""
    graph = relu(shape)
    vectors = compute_vectors(write(graph), random_inputs(graph, 1), graph, "random")
    assert {shape} == {array.shape for row in (*vectors.inputs, *vectors.outputs) for array in row}
    for row_in, row_out in zip(vectors.inputs, vectors.outputs, strict=True):
        assert np.maximum(row_in[0], 0).tolist() == row_out[0].tolist()
