"""What every operator gives: traced in TFLM, hashed, and counted in bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.graphs import Draft, tiny_graph
from support.models import reference_models

from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import DType, Graph, Metadata, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.trace import (
    element_integers,
    hash_bytes,
    hash_elements,
    table_bytes,
    trace,
    traced_outputs,
    value_bytes,
)


def of_several_types() -> Graph:
    """Return a graph with a float end, truth values, and integers of 32 and 64 bits between its operators."""
    draft = Draft()
    x = draft.input((1, 4), name="x")
    limit = draft.constant([[1, 1, 1, 1]], scale=0.5)
    greater = draft.operator("GREATER", (x, limit), (1, 4), dtype=DType.BOOL, scale=None, options_type="GreaterOptions")
    axis = draft.constant(1, DType.INT32)
    options = {"output_type": 2}
    largest = draft.operator(
        "ARG_MAX", (x, axis), (1,), dtype=DType.INT32, scale=None, options_type="ArgMaxOptions", options=options
    )
    real = draft.operator(
        "DEQUANTIZE", (x,), (1, 4), dtype=DType.FLOAT32, scale=None, options_type="DequantizeOptions", version=2
    )
    return draft.graph(real, largest, greater)


def test_every_operator_is_seen() -> None:
    """Of each operator the output is what a model ending there gives, for each sample."""
    graph = tiny_graph()
    inputs = random_inputs(graph, 1, 3)
    traced = trace(graph, inputs)
    assert [operator.outputs[0] for operator in graph.main.operators] == list(traced)
    for index, values in traced.items():
        main = replace(graph.main, outputs=(index,))
        alone = write(replace(graph, subgraphs=(main,)))
        (expected,) = run(Request(engine=tflm_engine(), tflite=alone, inputs=inputs)).outputs
        assert expected.tolist() == values.tolist()


@pytest.mark.parametrize("name", ["dscnn_small", "resnet_small", "unet_tiny", "squeeze_excite"])
def test_looking_changes_nothing(name: str) -> None:
    """The outputs of a model that is traced are its own."""
    tflite = (reference_models() / "arena" / f"{name}.tflite").read_bytes()
    graph = read(tflite)
    inputs = random_inputs(graph, 1, 2)
    (expected,) = run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs)).outputs
    traced = trace(graph, inputs)
    assert expected.tolist() == traced[graph.main.outputs[0]].tolist()
    assert len(traced) == len(graph.main.operators)


def test_an_offline_plan_is_left_out() -> None:
    """A memory plan that lets layers share memory does not hide what was there before."""
    graph = tiny_graph()
    inputs = random_inputs(graph, 1, 2)
    offsets = [0 if graph.data(tensor) is None else -1 for tensor in graph.main.tensors]
    plan = np.array([0, 0, len(offsets), *offsets], np.int32).tobytes()
    entry = Metadata(name="OfflineMemoryAllocation", buffer_index=len(graph.buffers))
    planned = replace(graph, buffers=(*graph.buffers, plan), metadata=(entry,))
    for index, values in trace(planned, inputs).items():
        assert trace(graph, inputs)[index].tolist() == values.tolist()


def test_types_that_can_be_looked_at() -> None:
    """Truth values, integers of 32 bits, and floats that are outputs of the model are traced."""
    graph = of_several_types()
    traced = trace(graph, (np.array([[5, -3, 9, 1]], np.int8),))
    by_op = {operator.op: traced[operator.outputs[0]].tolist() for operator in graph.main.operators}
    assert {
        "GREATER": [[True, False, True, False]], "ARG_MAX": [2], "DEQUANTIZE": [[2.5, -1.5, 4.5, 0.5]],
    } == by_op  # fmt: skip
    assert [2, 1, 0] == [one.model_output for one in traced_outputs(graph)]
    assert [DType.BOOL, DType.INT32, DType.FLOAT32] == [one.tensor.dtype for one in traced_outputs(graph)]


def test_floats_are_looked_at_as_integers() -> None:
    """What stands behind a float is compared, as in the self-test."""
    graph = of_several_types()
    tensor = graph.main.tensors[graph.main.outputs[0]]
    found = element_integers(graph, tensor, np.array([[2.5, -1.5, 4.5, 0.5]], np.float32))
    assert ([[5, -3, 9, 1]], np.int32) == (found.tolist(), found.dtype)


def test_what_cannot_be_looked_at_is_left_out() -> None:
    """A float inside the model and integers of 64 bits have no place in the trace."""
    draft = Draft()
    x = draft.input((1, 4))
    real = draft.operator("DEQUANTIZE", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)
    wide = draft.operator("CAST", (x,), (1, 4), dtype=DType.INT64, scale=None)
    y = draft.operator("QUANTIZE", (real,), (1, 4))
    assert [2] == [one.layer for one in traced_outputs(draft.graph(y))]
    assert wide not in [one.tensor.index for one in traced_outputs(draft.graph(y))]


@given(
    elements=arrays(np.int32, st.integers(1, 40), elements=st.integers(-(2**31), 2**31 - 1)),
    place=st.integers(0, 39),
    other=st.integers(-(2**31), 2**31 - 1),
)
def test_one_element_always_shows(elements: np.ndarray, place: int, other: int) -> None:
    """Tensors that differ in one element never have the same hash."""
    changed = elements.copy()
    changed[place % len(elements)] = other
    assert np.array_equal(elements, changed) == (hash_elements(elements) == hash_elements(changed))


def test_hashes_of_many_tensors_differ() -> None:
    """Of 20,000 tensors that differ in a few small elements, or in their order, no two hashes are equal."""
    draw = np.random.default_rng(1)
    base = draw.integers(-128, 128, 4096, dtype=np.int32)
    tensors = {}
    for _ in range(20_000 // 4):
        changed = base.copy()
        changed[draw.integers(0, 4096, 3)] += draw.integers(-2, 3, 3, dtype=np.int32)
        for one in (changed, np.roll(changed, 1), changed[::-1], changed - 1):
            tensors[one.tobytes()] = hash_elements(one)
    assert 19_000 < len(tensors)
    assert len(tensors) == len(set(tensors.values()))


def test_bytes_in_flash() -> None:
    """Each output takes a row of the table, each vector 4 bytes of hash, and values all that are no outputs."""
    graph = tiny_graph()
    traced = traced_outputs(graph)
    assert (4 * 16, 4 * 4, 16 + 16 + 3 + 4 * 4) == (table_bytes(traced), hash_bytes(traced), value_bytes(traced))


def test_a_runtime_shows_what_it_shows() -> None:
    """Of outputs that a runtime does not show nothing is held, and the others come in its own order."""
    graph = tiny_graph()
    whole = traced_outputs(graph)
    assert (whole[2], whole[0]) == traced_outputs(graph, ((2, 0), (0, 0)))
    assert () == traced_outputs(graph, ())
