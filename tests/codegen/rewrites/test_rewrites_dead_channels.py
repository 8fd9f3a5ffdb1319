"""Channels that are constant or unread are removed, exactly, and only where nothing else needs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.graphs import Draft
from support.static_programs import assert_same_for_graph, program_of, weight_count

from edgewright.pipeline.codegen.operations import Concatenation, Convolution, FullyConnected
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.codegen.rewrites import dead_channels
from edgewright.pipeline.graph import Activation, DType, Padding

SCALE = 0.05
LOW, HIGH = -3_000_000, 3_000_000
"""Biases that leave an output at the lower or upper end of its range."""


class Line(Draft):
    """A draft of layers with drawn weights and given biases; all outputs have one scale."""

    def convolution(
        self, x: int, channels: int, biases: Sequence[int], *, size: int = 1, side: int = 4, zero_point: int = -128,
        padding: Padding = Padding.SAME, activation: Activation = Activation.RELU,
    ) -> int:  # fmt: skip
        """Add a convolution of an image of `side` squared."""
        random = np.random.default_rng(len(biases))
        weights = self.constant(random.integers(1, 128, (len(biases), size, size, channels)), scale=0.002)
        outer = side if padding is Padding.SAME else side - size + 1
        options = {
            "padding": int(padding), "stride_w": 1, "stride_h": 1, "fused_activation_function": int(activation)
        }  # fmt: skip
        inputs = (x, weights, self.constant(biases, DType.INT32, scale=1e-4))
        return self.operator(
            "CONV_2D", inputs, (1, outer, outer, len(biases)), options_type="Conv2DOptions", options=options,
            scale=SCALE, zero_point=zero_point,
        )  # fmt: skip

    def depthwise(self, x: int, biases: Sequence[int], *, side: int = 4, zero_point: int = -128) -> int:
        """Add a depthwise convolution of 3x3."""
        random = np.random.default_rng(7)
        weights = self.constant(random.integers(1, 128, (1, 3, 3, len(biases))), scale=[0.002] * len(biases), axis=3)
        options = {"padding": 0, "stride_w": 1, "stride_h": 1, "depth_multiplier": 1, "fused_activation_function": 1}
        inputs = (x, weights, self.constant(biases, DType.INT32, scale=1e-4))
        return self.operator(
            "DEPTHWISE_CONV_2D", inputs, (1, side, side, len(biases)), options_type="DepthwiseConv2DOptions",
            options=options, scale=SCALE, zero_point=zero_point,
        )  # fmt: skip

    def dense(self, x: int, inputs: int, dead_inputs: Sequence[int] = ()) -> int:
        """Add a dense layer of 3 outputs, some of whose inputs have no weight."""
        numbers = np.random.default_rng(8).integers(1, 128, (3, inputs))
        numbers[:, list(dead_inputs)] = 0
        weights = self.constant(numbers, scale=0.002)
        return self.operator("FULLY_CONNECTED", (x, weights), (1, 3), options_type="FullyConnectedOptions", scale=0.3)

    def flat(self, x: int, count: int, zero_point: int = -128) -> int:
        """Add a reshape to a line."""
        return self.operator(
            "RESHAPE", (x,), (1, count), options_type="ReshapeOptions", scale=SCALE, zero_point=zero_point
        )


def shapes_of(program: Program) -> list[tuple[int, ...]]:
    """Shapes of all values in order."""
    return [value.shape for value in program.values.values()]


def image(line: Line) -> int:
    """Add an input of 4x4x3."""
    return line.input((1, 4, 4, 3), scale=SCALE, zero_point=2)


def test_constant_channels_go_through_a_whole_line() -> None:
    """Channels dead after the first, depthwise or last convolution are gone from all layers before and behind."""
    line = Line()
    x = line.convolution(image(line), 3, [LOW, 5, 9, LOW, 3])
    x = line.depthwise(x, [0, 0, LOW, 0, 0])
    x = line.convolution(x, 5, [0, LOW, 0, 0])
    graph = line.graph(line.dense(line.flat(x, 64), 64))
    program = dead_channels.rewrite(program_of(graph))
    assert [(1, 4, 4, 3), (1, 4, 4, 2), (1, 4, 4, 2), (1, 4, 4, 3), (1, 48), (1, 3)] == shapes_of(program)
    assert 3 * 2 + 9 * 2 + 2 * 3 + 48 * 3 == weight_count(program)
    assert [True, False, False, False, False, True] == [value.is_exact for value in program.values.values()]
    assert_same_for_graph(graph, program)


def test_constants_become_part_of_biases() -> None:
    """A channel that always holds 127 is added to the bias of a dense layer, where it is not zero."""
    line = Line()
    x = line.convolution(image(line), 3, [HIGH, 0])
    graph = line.graph(line.dense(line.flat(x, 32), 32))
    before, after = program_of(graph), dead_channels.rewrite(program_of(graph))
    weights, biases = before.steps[2].operation.weights, after.steps[2].operation.biases  # type: ignore[union-attr]
    assert (weights[:, 0::2].astype(np.int64).sum(axis=1) * 255).tolist() == biases.tolist()
    assert_same_for_graph(graph, after)


@pytest.mark.parametrize(
    ("bias", "zero_point", "padding", "kept"),
    [
        (HIGH, -128, Padding.VALID, 1),
        (HIGH, -128, Padding.SAME, 2),
        (LOW, -128, Padding.SAME, 1),
        (LOW, -40, Padding.SAME, 1),
        (HIGH, 127, Padding.SAME, 1),
    ],
)
def test_margins_are_the_zero_point(bias: int, zero_point: int, padding: Padding, kept: int) -> None:
    """A constant goes into the bias of a window with margins only where the margins hold the same element."""
    line = Line()
    activation = Activation.NONE if zero_point == 127 else Activation.RELU
    x = line.convolution(image(line), 3, [bias, 0], zero_point=zero_point, activation=activation)
    x = line.convolution(x, 2, [0, 0, 0], size=3, padding=padding)
    graph = line.graph(x)
    program = dead_channels.rewrite(program_of(graph))
    assert (1, 4, 4, kept) == program.values[program.steps[0].outputs[0]].shape
    assert_same_for_graph(graph, program)


def test_unread_channels_are_removed() -> None:
    """A channel that varies but that every reader multiplies with 0 is not computed."""
    line = Line()
    x = line.convolution(image(line), 3, [0, 0, 0, 0])
    graph = line.graph(line.dense(line.flat(x, 64), 64, [*range(1, 64, 4), *range(2, 64, 4)]))
    program = dead_channels.rewrite(program_of(graph))
    assert (1, 4, 4, 2) == program.values[program.steps[0].outputs[0]].shape
    assert_same_for_graph(graph, program)


def test_outputs_stay_whole() -> None:
    """A channel of an output is computed although it is constant, and what is whole is returned as it is."""
    line = Line()
    graph = line.graph(line.convolution(image(line), 3, [LOW, 0, LOW]))
    program = program_of(graph)
    assert program is dead_channels.rewrite(program)


def test_sides_of_a_sum_lose_the_same_channels() -> None:
    """A channel is removed from both sides of a sum where the sum need not have it, whatever a side holds."""
    line = Line()
    x = image(line)
    left, right = line.convolution(x, 3, [LOW, 0, 5, 7]), line.convolution(x, 3, [LOW, LOW, 5, 7], side=4)
    total = line.operator("ADD", (left, right), (1, 4, 4, 4), options_type="AddOptions", scale=SCALE, zero_point=-128)
    graph = line.graph(line.dense(line.flat(total, 64), 64, range(3, 64, 4)))
    program = dead_channels.rewrite(program_of(graph))
    assert {(1, 4, 4, 2)} == {program.values[index].shape for index in (left, right, total)}
    assert_same_for_graph(graph, program)


def test_parts_of_a_concatenation_lose_their_own_channels() -> None:
    """Joined parts, a constant among them, lose those of their channels that the joined image does not need."""
    line = Line()
    x = image(line)
    parts = [line.convolution(x, 3, [LOW, 0, 0]), line.convolution(x, 3, [0, LOW])]
    parts.append(line.constant(np.full((1, 4, 4, 2), 9), scale=SCALE, zero_point=-128))
    joined = line.operator(
        "CONCATENATION", parts, (1, 4, 4, 7), options_type="ConcatenationOptions", options={"axis": 3}, scale=SCALE,
        zero_point=-128,
    )  # fmt: skip
    graph = line.graph(line.convolution(joined, 7, [0, 0]))
    program = dead_channels.rewrite(program_of(graph))
    concatenation = next(step.operation for step in program.steps if isinstance(step.operation, Concatenation))
    assert ((1, 4, 4, 2), (1, 4, 4, 1)) == concatenation.shapes
    assert (None, None) == concatenation.constants
    assert_same_for_graph(graph, program)


def test_a_layer_keeps_a_channel() -> None:
    """Where all channels are constant, one is computed all the same."""
    line = Line()
    x = line.convolution(image(line), 3, [LOW, LOW, LOW])
    graph = line.graph(line.dense(line.flat(x, 48), 48))
    program = dead_channels.rewrite(program_of(graph))
    first, _, last = program.steps
    assert isinstance(first.operation, Convolution)
    assert isinstance(last.operation, FullyConnected)
    assert ((1, 1, 1, 3), (3, 16)) == (first.operation.weights.shape, last.operation.weights.shape)
    assert_same_for_graph(graph, program)


def test_grouped_convolutions_stay_whole() -> None:
    """A grouped convolution reads and writes all of its channels."""
    draft = Line()
    x = draft.convolution(image(draft), 3, [LOW, 0, 0, 0])
    weights = draft.constant(np.ones((4, 1, 1, 2)), scale=0.002)
    options = {"padding": 0, "stride_w": 1, "stride_h": 1}
    y = draft.operator("CONV_2D", (x, weights), (1, 4, 4, 4), options_type="Conv2DOptions", options=options)
    graph = draft.graph(y)
    program = program_of(graph)
    assert program is dead_channels.rewrite(program)
