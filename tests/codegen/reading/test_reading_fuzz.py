"""Whatever a sound graph holds, it is read or refused with a sentence, and what is read can be computed."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graph_strategies import graphs
from support.static_cases import CASES
from support.static_operators import draw_samples

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.codegen.rewrites import rewrite
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Quantization, Tensor, read, write
from edgewright.pipeline.graph.types import Operator


def damaged(graph: Graph, chance: random.Random) -> Graph:
    """Change one thing: a shape, a type, a scale, an option, the bytes of a constant, or the list of inputs."""
    main = graph.main
    kind = chance.randrange(6)
    if kind == 0:
        graph = replace(graph, buffers=tuple(_other_bytes(content, chance) for content in graph.buffers))
    elif kind == 1:
        operators = tuple(_other_options(operator, chance) for operator in main.operators)
        graph = replace(graph, subgraphs=(replace(main, operators=operators),))
    elif kind == 2:
        operator = main.operators[0]
        cut = operator.inputs[: chance.randrange(len(operator.inputs) + 1)]
        inputs = chance.choice((cut, (*operator.inputs, operator.inputs[0]), (-1, *operator.inputs[1:])))
        graph = replace(graph, subgraphs=(replace(main, operators=(replace(operator, inputs=inputs),)),))
    else:
        tensors = [*main.tensors]
        place = chance.randrange(len(tensors))
        tensors[place] = _other_tensor(tensors[place], chance)
        graph = replace(graph, subgraphs=(replace(main, tensors=tuple(tensors)),))
    return graph


def _other_bytes(content: bytes, chance: random.Random) -> bytes:
    return bytes(chance.choice((0, 1, 255, 127, byte)) for byte in content)


def _other_options(operator: Operator, chance: random.Random) -> Operator:
    values = (-1, 0, 1, 2, 3, 5, 100, 2**31 - 1, -(2**31))
    options = {
        name: chance.choice(values) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in operator.options.items()
    }
    return replace(operator, options=options)


def _other_tensor(tensor: Tensor, chance: random.Random) -> Tensor:
    shape = [*tensor.shape]
    if shape:
        shape[chance.randrange(len(shape))] = chance.choice((0, 1, 2, 7))
    scale, zero_point = chance.choice((0.0, 1e-30, 1e-9, 1.0, 1e30)), chance.choice((-(2**31), -129, 0, 2**31 - 1))
    return chance.choice(
        (
            replace(tensor, shape=tuple(shape)),
            replace(tensor, shape=tensor.shape[1:]),
            replace(tensor, shape=(1, *tensor.shape)),
            replace(tensor, dtype=chance.choice([*DType])),
            replace(tensor, quantization=None),
            replace(tensor, quantization=Quantization(scales=(scale,), zero_points=(zero_point,))),
        )
    )


def read_or_refuse(graph: Graph) -> None:
    """Read, rewrite and compute a graph that is sound, or be refused with one sentence."""
    try:
        graph = read(write(graph))
        program = read_program(graph, ["layer"] * len(graph.main.operators))
    except TfliteError as error:
        assert str(error).endswith(".")
        return
    samples = [dict(zip(program.inputs, sample, strict=True)) for sample in draw_samples(graph, 3)]
    with np.errstate(all="ignore"):
        for sample in samples:
            values, others = evaluate(program, sample), evaluate(rewrite(program), sample)
            for index in program.outputs:
                np.testing.assert_array_equal(values[index], others[index])


@given(name=st.sampled_from(sorted(CASES)), seed=st.integers(0, 10**9))
@settings(max_examples=300)
def test_damaged_operators_are_read_or_refused(name: str, seed: int) -> None:
    """An operator with one thing changed is computed, or refused with a sentence."""
    read_or_refuse(damaged(CASES[name](), random.Random(seed)))


@given(graph=graphs())
@settings(max_examples=50)
def test_any_graph_is_read_or_refused(graph: Graph) -> None:
    """A graph of anything that the schema allows is computed, or refused with a sentence."""
    try:
        program = read_program(graph, ["layer"] * len(graph.main.operators))
    except TfliteError as error:
        assert "runtime=tflm" in str(error)
    else:
        assert set(program.outputs) <= set(program.values)
