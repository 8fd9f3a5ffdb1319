"""No channel ever leaves the interval that the analysis finds for it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.static_networks import draw_network
from support.static_operators import convolution, draw_samples, pair, unary
from support.static_programs import program_of

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.rewrites.intervals import channels_of, find_intervals
from edgewright.pipeline.graph import Activation, DType


@given(seed=st.integers(0, 10**9))
@settings(max_examples=80)
def test_every_element_is_in_its_interval(seed: int) -> None:
    """In a random network every element of every value lies in its channel's interval, extreme inputs included."""
    graph = draw_network(seed)
    program = program_of(graph)
    intervals = find_intervals(program)
    for sample in draw_samples(graph, 5, seed % 1000):
        values = evaluate(program, dict(zip(program.inputs, sample, strict=True)))
        for index, value in program.values.items():
            if value.dtype is DType.INT8:
                rows = values[index].reshape(-1, channels_of(value)).astype(np.int64)
                assert np.all(rows >= intervals[index].lowest), value.name
                assert np.all(rows <= intervals[index].highest), value.name


def test_an_activation_bounds_its_output() -> None:
    """The interval of a clamped convolution is inside its limits, and that of a table is what it can give."""
    program = program_of(convolution((3, 3, 2), (4, 1, 1, 2), activation=Activation.RELU))
    step = program.steps[0]
    assert find_intervals(program)[step.outputs[0]].lowest.min() >= step.operation.requantization.minimum  # type: ignore[union-attr]
    table = program_of(unary("LOGISTIC", (0.01, 0), (2**-8, -128)))
    found = find_intervals(table)[table.outputs[0]]
    entries = table.steps[0].operation.entries  # type: ignore[union-attr]
    assert (int(entries.min()), int(entries.max())) == (found.lowest[0], found.highest[0])


def test_a_sum_with_a_constant_for_each_channel() -> None:
    """Each channel of a minimum is bounded by its own constant."""
    graph = pair("MINIMUM", (1, 4, 3), (3,), constant="right")
    program = program_of(graph)
    constant = program.steps[0].operation.right.constant  # type: ignore[union-attr]
    found = find_intervals(program)[program.outputs[0]]
    assert constant.reshape(-1).tolist() == found.highest.tolist()
    assert [-128] * 3 == found.lowest.tolist()
