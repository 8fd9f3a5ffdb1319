"""The evaluator gives what TensorFlow Lite Micro gives, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import tiny_graph
from support.static_cases import CASES
from support.static_operators import draw_samples
from support.static_tflm import tflm_outputs

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.reading import READERS, read_program
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.layers import name_layers


def assert_like_tflm(graph: Graph, count: int = 6) -> None:
    """Compare all outputs for some samples."""
    program = read_program(graph, name_layers(graph))
    samples = draw_samples(graph, count)
    for sample, expected in zip(samples, tflm_outputs(graph, samples), strict=True):
        values = evaluate(program, dict(zip(program.inputs, sample, strict=True)))
        for index, array in zip(program.outputs, expected, strict=True):
            assert (array.dtype, array.shape) == (values[index].dtype, values[index].shape)
            np.testing.assert_array_equal(array, values[index])


@pytest.mark.parametrize("name", CASES)
def test_an_operator_gives_what_tflm_gives(name: str) -> None:
    """An operator alone gives TFLM's elements for the smallest, the largest and random inputs."""
    graph = CASES[name]()
    all_bytes = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    assert_like_tflm(graph)
    tensors = [graph.main.tensors[index] for index in graph.main.inputs]
    if [(tensor.shape, tensor.dtype.value) for tensor in tensors] == [((1, 256), "int8")]:
        program = read_program(graph, name_layers(graph))
        (expected,) = tflm_outputs(graph, [(all_bytes,)])
        np.testing.assert_array_equal(
            expected[0], evaluate(program, {program.inputs[0]: all_bytes})[program.outputs[0]]
        )


def test_a_network_gives_what_tflm_gives() -> None:
    """A network of convolution, reshape, dense layer and softmax gives TFLM's elements."""
    assert_like_tflm(tiny_graph(), count=30)


def test_every_operator_is_tried() -> None:
    """Each operator that has a reader has a graph of its own."""
    tried = {operator.op for make in CASES.values() for operator in make().main.operators}
    assert {op for op, _ in READERS} == tried
