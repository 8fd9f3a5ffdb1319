"""Golden vectors: which samples are taken, and that TFLM computes their outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.models import two_layer_tflite

from edgewright.pipeline.golden import (
    DRAWN_INPUTS,
    choose_inputs,
    choose_samples,
    compute_vectors,
    extreme_inputs,
    random_inputs,
)
from edgewright.pipeline.graph import Graph, Quantization, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.selection import saturation_of
from edgewright.pipeline.trace import trace


def relu(shape: tuple[int, ...]) -> Graph:
    """Return a graph that passes what is positive."""
    draft = Draft()
    x = draft.input(shape, scale=0.5)
    return draft.graph(draft.operator("RELU", (x,), shape, scale=0.5))


def loud_graph() -> Graph:
    """Return the tiny network with a convolution whose outputs saturate."""
    graph = tiny_graph()
    louder = Quantization(scales=(2**-9,), zero_points=(-128,))
    tensors = tuple(
        replace(tensor, quantization=louder) if tensor.name == "maps" else tensor for tensor in graph.main.tensors
    )
    return replace(graph, subgraphs=(replace(graph.main, tensors=tensors),))


def test_samples_are_chosen_by_class_boundary_and_saturation() -> None:
    """Every class is chosen, the sample in which most saturates, and others near a boundary."""
    graph = loud_graph()
    (samples,) = random_inputs(graph, 5, 40)
    traced = trace(graph, (samples,))
    outputs = traced[graph.main.outputs[0]].astype(np.float32)
    classes = outputs.argmax(axis=1)
    choice = choose_samples(graph, (samples,), outputs, classes)
    assert set(classes) == set(classes[list(choice.typical)])
    assert 10 == len(set(choice.indices))
    saturation = saturation_of(graph, traced)
    free = [index for index in np.argsort(-saturation, kind="stable") if index not in choice.typical]
    assert tuple(free[: len(choice.saturated)]) == choice.saturated
    assert choice.saturated
    assert choice.boundary
    assert choice == choose_samples(graph, (samples,), outputs, classes)


def test_random_inputs_are_chosen_likewise() -> None:
    """Of many random inputs eight are taken: of the classes that the model sees in them, and of others."""
    graph = tiny_graph()
    drawn = random_inputs(graph, 1, DRAWN_INPUTS)
    choice = choose_inputs(graph, drawn)
    assert 8 == len(set(choice.indices))
    assert choice.has_classes
    (classes,) = (trace(graph, drawn)[index].argmax(axis=1) for index in graph.main.outputs)
    assert set(classes) == set(classes[list(choice.typical)])


def test_random_inputs_depend_on_the_seed_alone() -> None:
    """Equal seeds draw equal inputs over the whole range of the dtype."""
    graph = read(two_layer_tflite())
    first, again, other = (random_inputs(graph, seed) for seed in (1, 1, 2))
    assert [(8, 3), (8, 4)] == [array.shape for array in first]
    assert [(3, 3), (3, 4)] == [array.shape for array in random_inputs(graph, 1, 3)]
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
    assert set(graph.main.outputs) == set(vectors.layers)
    for index, output in zip(graph.main.outputs, zip(*vectors.outputs, strict=True), strict=True):
        assert vectors.layers[index].tolist() == np.concatenate(output).tolist()
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
