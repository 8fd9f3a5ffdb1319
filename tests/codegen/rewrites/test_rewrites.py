"""Every rewrite, and all of them, leaves what a program computes as it is, whatever the network and the input."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import tiny_graph
from support.models import reference_models
from support.static_networks import draw_network
from support.static_operators import draw_samples
from support.static_programs import assert_same, assert_same_for_graph, operations_of, program_of
from support.static_tflm import tflm_outputs

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.options import Options
from edgewright.pipeline.codegen.rewrites import (
    activations,
    constants,
    dead_channels,
    identities,
    order,
    pads,
    rewrite,
    tables,
)
from edgewright.pipeline.graph import read

MODULES = (activations, constants, dead_channels, identities, order, pads, tables)
SEEDS = st.integers(0, 10**9)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
@given(seed=SEEDS)
@settings(max_examples=25)
def test_a_rewrite_is_exact(module: ModuleType, seed: int) -> None:
    """A rewrite alone leaves all outputs of a random network, and every value that it calls exact."""
    graph = draw_network(seed)
    assert_same_for_graph(graph, module.rewrite(program_of(graph)))


@given(seed=SEEDS, dead_channels=st.booleans(), reorder=st.booleans())
@settings(max_examples=60)
def test_all_rewrites_are_exact(seed: int, dead_channels: bool, reorder: bool) -> None:
    """All rewrites together give what TFLM gives, with whichever options."""
    graph = draw_network(seed)
    program = rewrite(program_of(graph), Options(dead_channels=dead_channels, reorder=reorder))
    samples = draw_samples(graph, 4, seed % 1000)
    for sample, expected in zip(samples, tflm_outputs(graph, samples), strict=True):
        values = evaluate(program, dict(zip(program.inputs, sample, strict=True)))
        for index, array in zip(program.outputs, expected, strict=True):
            np.testing.assert_array_equal(array, values[index])


@given(seed=SEEDS)
@settings(max_examples=25)
def test_rewriting_again_changes_nothing(seed: int) -> None:
    """A rewritten program has no more and no fewer steps after another time."""
    once = rewrite(program_of(draw_network(seed)), Options(reorder=False))
    again = rewrite(once, Options(reorder=False))
    assert operations_of(once) == operations_of(again)


def test_without_dead_channels_removed_values_are_exact() -> None:
    """Where channels stay, every value holds what its tensor holds."""
    program = rewrite(program_of(tiny_graph()), Options(dead_channels=False))
    assert all(value.is_exact for value in program.values.values())


def test_reference_models_stay_as_they_are() -> None:
    """Every reference model gives TFLM's elements, as it was read and rewritten."""
    paths = sorted(reference_models().rglob("*.tflite"))
    assert len(paths) >= 14
    for path in paths:
        graph = read(path.read_bytes())
        program = program_of(graph)
        samples = draw_samples(graph, 4)
        expected = tflm_outputs(path.read_bytes(), samples)
        assert_same(program, rewrite(program), samples)
        for sample, arrays in zip(samples, expected, strict=True):
            values = evaluate(program, dict(zip(program.inputs, sample, strict=True)))
            for index, array in zip(program.outputs, arrays, strict=True):
                np.testing.assert_array_equal(array, values[index], err_msg=path.name)
