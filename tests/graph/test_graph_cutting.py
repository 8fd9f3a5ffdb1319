"""Graphs made of a graph compute what it does, in every interpreter."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.models import two_layer_tflite

from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import (
    Graph,
    Metadata,
    cut_operator,
    is_computed,
    output_tensors,
    read,
    trace,
    validate,
    write,
)
from edgewright.pipeline.interpreters import ENGINES, Array, Engine, Request, run, tflm_engine

EVERY_ENGINE = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def outputs_of(graph: Graph, inputs: tuple[Array, ...], engine: Engine | None = None) -> tuple[Array, ...]:
    """Run a graph with reference kernels."""
    used = engine or tflm_engine()
    if (reason := used.unavailable_reason()) is not None:
        pytest.skip(reason)
    return run(Request(engine=used, tflite=write(graph), inputs=inputs)).outputs


@EVERY_ENGINE
def test_a_trace_shows_every_result(engine: Engine) -> None:
    """The traced graph gives each operator's result, and the last one is the model's own output."""
    graph = tiny_graph()
    inputs = random_inputs(graph, 1)
    traced = trace(graph)
    results = outputs_of(traced, inputs, engine)
    assert [operator.outputs[0] for operator in graph.main.operators] == list(traced.main.outputs)
    assert [(8, 2, 2, 4), (8, 16), (8, 3), (8, 3)] == [result.shape for result in results]
    np.testing.assert_array_equal(outputs_of(graph, inputs, engine)[0], results[-1])


def test_a_trace_forgets_the_plan_for_other_lifetimes() -> None:
    """Offsets that were planned for tensors which die early are left out, and so are the signatures."""
    graph = tiny_graph()
    buffers = (*graph.buffers, b"plan", b"text")
    entries = (
        Metadata(name="OfflineMemoryAllocation", buffer_index=len(buffers) - 2),
        Metadata(name="kept", buffer_index=len(buffers) - 1),
    )
    planned = dataclasses.replace(graph, buffers=buffers, metadata=entries)
    assert ["kept"] == [entry.name for entry in trace(planned).metadata]


@EVERY_ENGINE
def test_an_operator_alone_computes_the_same(engine: Engine) -> None:
    """Given what the others computed, each operator that was cut out gives the result that it gives among them."""
    graph = tiny_graph()
    inputs = random_inputs(graph, 2)
    traced = trace(graph)
    known = dict(zip(traced.main.outputs, outputs_of(traced, inputs, engine), strict=True))
    known[graph.main.inputs[0]] = inputs[0]
    for operator in graph.main.operators:
        alone = cut_operator(graph, operator)
        given = tuple(known[index] for index in operator.inputs if is_computed(graph, graph.main.tensors[index]))
        (result,) = outputs_of(alone, given, engine)
        np.testing.assert_array_equal(known[operator.outputs[0]], result)


def test_a_cut_keeps_only_what_it_reads() -> None:
    """The graph of one operator is valid, survives the file, and holds no other operator's weights."""
    graph = tiny_graph()
    alone = cut_operator(graph, graph.main.operators[2])
    validate(alone, "the cut")
    assert write(alone) == write(read(write(alone)))
    assert ["flat", "weights", "weights/bias", "logits"] == [tensor.name for tensor in alone.main.tensors]
    assert len(write(alone)) < len(write(graph))


def test_an_input_that_is_read_twice_stands_once() -> None:
    """An operator that reads one tensor twice becomes a graph of one input."""
    draft = Draft()
    x = draft.input((1, 4))
    graph = draft.graph(draft.operator("ADD", (x, x), (1, 4), options_type="AddOptions", version=2))
    alone = cut_operator(graph, graph.main.operators[0])
    assert (0,) == alone.main.inputs
    assert (0, 0) == alone.main.operators[0].inputs


def test_a_cut_of_one_of_two_branches_takes_its_own_input() -> None:
    """Of a model with two inputs, an operator keeps the one that it reads."""
    graph = read(two_layer_tflite())
    alone = cut_operator(graph, graph.main.operators[1])
    assert [(1, 3)] == [alone.main.tensors[index].shape for index in alone.main.inputs]
    assert [(1, 5)] == [tensor.shape for tensor in output_tensors(alone)]
