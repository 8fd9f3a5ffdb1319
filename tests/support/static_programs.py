"""Programs read from graphs made by hand, and what two programs have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from support.static_operators import Arrays, draw_samples

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.operations import Convolution, DepthwiseConvolution, FullyConnected
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.graph import Graph


def program_of(graph: Graph) -> Program:
    """Read a graph whose layers are called by number."""
    return read_program(graph, [f"layer{operator.index}" for operator in graph.main.operators])


def assert_same(program: Program, other: Program, samples: Sequence[Arrays]) -> None:
    """Two programs have the same inputs and outputs, and give the same elements; so do values that are exact."""
    assert (program.inputs, program.outputs) == (other.inputs, other.outputs)
    for sample in samples:
        inputs = dict(zip(program.inputs, sample, strict=True))
        values, others = evaluate(program, inputs), evaluate(other, inputs)
        for index, value in other.values.items():
            assert (value.shape, value.dtype.value) == (others[index].shape, others[index].dtype.name)
            if value.is_exact or index in program.outputs:
                np.testing.assert_array_equal(values[index], others[index], err_msg=value.name)


def assert_same_for_graph(graph: Graph, other: Program, count: int = 5) -> None:
    """A rewritten program gives what the graph as it was read gives."""
    assert_same(program_of(graph), other, draw_samples(graph, count))


def operations_of(program: Program) -> list[str]:
    """Name the kind of each step."""
    return [type(step.operation).__name__ for step in program.steps]


def weight_count(program: Program) -> int:
    """Count the weights of a program."""
    kinds = Convolution | DepthwiseConvolution | FullyConnected
    return sum(step.operation.weights.size for step in program.steps if isinstance(step.operation, kinds))
