"""Contributors: the largest tensors by the names of their layers, nothing counted twice."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.contributors import Contributors, Role, find_contributors
from edgewright.pipeline.graph import DType, Graph, total_weight_bytes
from edgewright.pipeline.vocabulary import Kernels


def contributors_of(graph: Graph, *names: str) -> Contributors:
    """Return what a graph's size comes from, with the reference kernels."""
    return find_contributors(graph, names, Kernels.REFERENCE, "core")


def shared() -> Graph:
    """Return two layers that multiply by the same weights, and a third that adds the input."""
    draft = Draft()
    x = draft.input((1, 64))
    weights = draft.constant(np.zeros((64, 64)))
    first = draft.operator("FULLY_CONNECTED", (x, weights, -1), (1, 64), version=4)
    second = draft.operator("FULLY_CONNECTED", (first, weights, -1), (1, 64), version=4)
    return draft.graph(draft.operator("ADD", (second, x), (1, 64)))


def test_weights_are_listed_by_size_and_layer() -> None:
    """Every constant of the tiny network has the layer that reads it, the largest first; together they are all."""
    found = contributors_of(tiny_graph(), "conv", "flat", "dense", "soft")
    sizes = [weight.nbytes for weight in found.weights]
    assert sorted(sizes, reverse=True) == sizes
    assert {"conv", "flat", "dense"} == {weight.layer for weight in found.weights}
    assert total_weight_bytes(tiny_graph()) == found.weight_bytes == sum(nbytes for _, nbytes in found.layers)
    assert found.layers[0][1] == max(nbytes for _, nbytes in found.layers)


def test_shared_weights_count_once() -> None:
    """Weights that two layers read belong to the first of them."""
    found = contributors_of(shared(), "one", "two", "three")
    assert [("one", "FULLY_CONNECTED", (64, 64), 4096)] == [
        (weight.layer, weight.op, weight.shape, weight.nbytes) for weight in found.weights
    ]
    assert (("one", 4096),) == found.layers


def test_the_peak_tells_who_waits() -> None:
    """At the second layer its input is read, its output written, and the model's input waits for the third."""
    peak = contributors_of(shared(), "one", "two", "three").peak
    assert peak is not None
    assert ("two", "FULLY_CONNECTED", 192, 192) == (peak.layer, peak.op, peak.tensor_bytes, peak.nbytes)
    assert [("input", Role.WAITING, True), ("one", Role.READ, False), ("two", Role.WRITTEN, False)] == [
        (one.layer, one.role, one.is_boundary) for one in peak.tensors
    ]
    assert {(1, 64)} == {one.shape for one in peak.tensors}
    assert {DType.INT8} == {one.dtype for one in peak.tensors}


def test_the_peak_of_a_compiled_model_is_its_plans() -> None:
    """Without an interpreter the peak is where the plan covers most, under the layers' own names."""
    graph = shared()
    model = compile_static(graph, ("one", "two", "three"), codegen_core("cortex-m4"))
    found = find_contributors(graph, ("one", "two", "three"), Kernels.REFERENCE, "cortex-m4", model)
    peak = found.peak
    assert peak is not None
    assert peak.layer in ("two", "three")
    assert "input" in {one.layer for one in peak.tensors}
    assert model.plan.arena_bytes <= peak.nbytes <= model.plan.liveness_bytes + model.scratch_bytes
    assert {role for role in Role if role is not Role.WAITING} <= {one.role for one in peak.tensors}


def test_a_model_of_nothing() -> None:
    """A graph without operators has neither weights nor a peak."""
    draft = Draft()
    found = contributors_of(draft.graph(draft.input((1, 4))))
    assert ((), (), 0, None) == (found.weights, found.layers, found.weight_bytes, found.peak)


def test_each_operator_needs_a_name() -> None:
    """Names of another model are a defect of the caller."""
    with pytest.raises(ValueError, match="zip"):
        contributors_of(shared(), "one")
