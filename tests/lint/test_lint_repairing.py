"""Repairs, and their proof in TensorFlow Lite Micro: outputs are equal to the byte, or nothing comes of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.hazards import ASSEMBLY, PAIRS, context, dense_chain, misplace, strided
from support.one_operator import convolution

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Metadata, buffer_positions, read, write
from edgewright.pipeline.lint import RULES, Context, Repaired, choose_rules, inspect, mend, repair
from edgewright.pipeline.lint.rules import unaligned_buffer
from edgewright.pipeline.lint.vocabulary import Repair

FIXING = [rule.name for rule in RULES if rule.fix is not None]


def on_assembly(graph: Graph) -> Context:
    """Return a model on an ESP32-S3 with esp-nn's assembly."""
    return context(read(write(graph)), "esp32s3", sdkconfig=ASSEMBLY)


def repaired(given: Context) -> Repaired:
    """Repair a model, which proves it, and check that what was wanted is gone."""
    result = repair(given)
    assert not [finding for finding in inspect(result.context) if finding.is_fixable]
    assert result.context.graph == read(result.context.tflite)
    return result


def test_some_rules_repair() -> None:
    """Padding channels, replacing an operator and aligning buffers are what can be repaired."""
    assert ["asymmetric-padding", "esp-nn-dense-width", "unaligned-buffer"] == FIXING


@pytest.mark.parametrize("name", FIXING)
def test_a_repaired_model_is_clean_and_equal(name: str) -> None:
    """Each fix repairs its own example, proved on 100 random inputs and more."""
    given = PAIRS[name].hazardous()

    result = repair(given, choose_rules([name]))

    assert {name} == {finding.rule for finding in result.fixed}
    assert result.input_count >= 102
    assert () == inspect(result.context, choose_rules([name]))


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("per_channel", [True, False], ids=["per channel", "per tensor"])
@pytest.mark.parametrize("activation", [0, 1, 3], ids=["linear", "relu", "relu6"])
def test_hidden_widths_are_filled_up(*, bias: bool, per_channel: bool, activation: int) -> None:
    """Two hidden widths in a row grow to multiples of 8, whatever the layers' activation and scales."""
    graph = dense_chain(16, 10, 13, 8, bias=bias, per_channel=per_channel, activation=activation)

    result = repaired(on_assembly(graph))

    shapes = [result.context.graph.main.tensors[one.inputs[1]].shape for one in result.context.graph.main.operators]
    assert [(16, 16), (16, 16), (8, 16)] == shapes
    assert result.context.graph.main.outputs == graph.main.outputs


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("per_channel", [True, False], ids=["per channel", "per tensor"])
def test_the_models_own_widths_get_operators(rows: int, *, per_channel: bool) -> None:
    """Inputs are padded in front of the first layer and outputs cut behind the last one; the hidden width grows."""
    graph = dense_chain(12, 10, 3, rows=rows, per_channel=per_channel)

    result = repaired(on_assembly(graph))

    main = result.context.graph.main
    assert ["PAD", "FULLY_CONNECTED", "FULLY_CONNECTED", "SLICE"] == [one.op for one in main.operators]
    assert ("layer0", "layer0", "layer1", "layer1") == result.context.layers
    assert [(16, 16), (8, 16)] == [main.tensors[one.inputs[1]].shape for one in main.operators[1:3]]
    assert [(rows, 12), (rows, 3)] == [main.tensors[index].shape for index in (*main.inputs, *main.outputs)]


def test_a_hidden_width_that_others_read_gets_operators() -> None:
    """Where the hidden values are an output as well, they keep their number."""
    graph = dense_chain(16, 10, 8)
    main = dataclasses.replace(graph.main, outputs=(*graph.main.outputs, graph.main.operators[0].outputs[0]))

    result = repaired(on_assembly(dataclasses.replace(graph, subgraphs=(main,))))

    assert ["FULLY_CONNECTED", "SLICE", "PAD", "FULLY_CONNECTED"] == [
        operator.op for operator in result.context.graph.main.operators
    ]


def test_buffers_that_are_shared_are_left_to_others() -> None:
    """Equal constants that stand in the file once are taken apart where one of them grows."""
    graph = dense_chain(16, 10, 8)
    main = graph.main
    bias = main.tensors[main.operators[0].inputs[2]]
    draft = list(graph.buffers)
    draft[bias.buffer_index] = np.zeros(10, np.int32).tobytes()
    other = dataclasses.replace(bias, index=len(main.tensors), name="other")
    tensors = (*main.tensors, other)
    shared = dataclasses.replace(graph, buffers=tuple(draft), subgraphs=(dataclasses.replace(main, tensors=tensors),))

    result = repaired(on_assembly(shared))

    assert (10,) == result.context.graph.main.tensors[other.index].shape


@pytest.mark.parametrize(
    "graph",
    [
        strided(8, 8),
        strided(7, 8),
        strided(8, 9, kernel=5),
        strided(6, 8, kernel=5, channels=3),
        strided(9, 8, channels=16, depthwise=True),
    ],
    ids=["3x3", "3x3 of 7x8", "5x5", "5x5 of 3 channels", "depthwise"],
)
def test_uneven_padding_becomes_an_operator(graph: Graph) -> None:
    """A PAD with the zero point in front of a convolution without padding computes the same."""
    result = repaired(on_assembly(graph))

    assert ["PAD", graph.main.operators[0].op] == [one.op for one in result.context.graph.main.operators]
    assert ("layer0", "layer0") == result.context.layers


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_models_are_repaired(seed: int) -> None:
    """Layers of any width, scales, activation and rows, and convolutions of any size, come out equal."""
    random = np.random.default_rng(seed)
    widths = random.integers(1, 40, random.integers(3, 6)).tolist()
    kernel = int(random.choice([2, 3, 4, 5, 7]))
    layers = dense_chain(
        *widths,
        rows=int(random.integers(1, 4)),
        per_channel=bool(random.integers(2)),
        bias=bool(random.integers(2)),
        activation=int(random.integers(4)),
        seed=seed,
    )
    height, width = (int(side) for side in random.integers(kernel, 20, 2))
    image = strided(
        height, width, kernel=kernel, channels=int(random.integers(1, 20)), stride=int(random.integers(2, 4))
    )

    for graph in (layers, image):
        repaired(on_assembly(graph))


def test_a_memory_plan_is_dropped_with_the_tensors_it_was_for() -> None:
    """Offsets for each tensor would not fit any more, and TFLM would refuse them."""
    graph = strided(8, 8)
    planned = dataclasses.replace(
        graph,
        buffers=(*graph.buffers, np.array([0, 0, 4, -1, -1, -1, -1], np.int32).tobytes()),
        metadata=(Metadata(name="OfflineMemoryAllocation", buffer_index=len(graph.buffers)),),
    )

    assert () == repaired(on_assembly(planned)).context.graph.metadata


def test_repairs_of_several_rules_come_together() -> None:
    """A model with three hazards is repaired in one go, and each is told as it was found."""
    random = np.random.default_rng(5)
    graph = strided(8, 8, channels=4)
    draft = Draft()
    x = draft.input((1, 8, 8, 4), scale=2**-5, zero_point=-11)
    operator, tensors = graph.main.operators[0], graph.main.tensors
    filters = draft.constant(random.integers(-127, 128, (4, 3, 3, 4)), scale=[2**-7] * 4)
    x = draft.operator(
        "CONV_2D", (x, filters), (1, 4, 4, 4), options_type=operator.options_type, options=operator.options,
        scale=2**-2, zero_point=tensors[-1].quantization.zero_point if tensors[-1].quantization else 0,
    )  # fmt: skip
    shape = draft.constant([1, 64], DType.INT32)
    x = draft.operator("RESHAPE", (x, shape), (1, 64), options_type="ReshapeOptions", scale=2**-2, zero_point=5)
    for depth, width in ((64, 11), (11, 8)):
        weights = draft.constant(random.integers(-127, 128, (width, depth)), scale=2**-7)
        x = draft.operator("FULLY_CONNECTED", (x, weights), (1, width), options_type="FullyConnectedOptions", scale=2.0)
    given = context(draft.graph(x), "esp32s3", alignment=4, sdkconfig=ASSEMBLY)

    result = repaired(given)

    assert set(FIXING) == {finding.rule for finding in result.fixed}
    assert {0} == {position % 16 for position in buffer_positions(result.context.tflite) if position}
    assert ["PAD", "CONV_2D", "RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED"] == [
        operator.op for operator in result.context.graph.main.operators
    ]


def test_a_fix_that_changes_an_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that differ in one number are noticed, and nothing comes of the repair."""

    def spoil(given: Context, _: object) -> Repair:
        operator = given.graph.main.operators[0]
        index = given.graph.main.tensors[operator.inputs[1]].buffer_index
        buffers = list(given.graph.buffers)
        buffers[index] = bytes([buffers[index][0] ^ 64]) + buffers[index][1:]
        return Repair(graph=dataclasses.replace(given.graph, buffers=tuple(buffers)), layers=given.layers)

    rule = dataclasses.replace(unaligned_buffer.RULE, fix=spoil)
    given = context(tiny_graph(), alignment=4)

    with pytest.raises(TfliteError, match=r"other outputs for \d+ of 102 inputs; nothing was changed"):
        repair(given, [rule])


def test_a_fix_that_does_not_help_is_refused() -> None:
    """A finding that is still there after its fix is a defect, told with the rule's name."""
    rule = dataclasses.replace(
        choose_rules(["esp-nn-dense-width"])[0], fix=lambda given, _: Repair(graph=given.graph, layers=given.layers)
    )

    with pytest.raises(TfliteError, match="The fix of the rule esp-nn-dense-width did not repair the layer layer0"):
        repair(PAIRS["esp-nn-dense-width"].hazardous(), [rule])


def test_what_cannot_be_compared_is_not_repaired() -> None:
    """A model that TFLM's interpreter cannot run in integers has no proof."""
    given = context(convolution((1, 4, 4, 2), (3, 3, 3, 2), (1, 4, 4, 3), dtype=DType.FLOAT32))
    given = dataclasses.replace(given, tflite=misplace(given.tflite, 1))

    with pytest.raises(TfliteError, match="the model to repair: operator 0 CONV_2D"):
        repair(given)


def test_a_build_leaves_what_its_configuration_avoids() -> None:
    """Notes cost nothing on the device, and repairing them would."""
    given = context(dense_chain(16, 10, 8), "esp32s3")

    assert () == mend(given, is_wanted=True).fixed
    assert 2 == len(repair(given).fixed)


def test_a_build_repairs_only_where_it_is_wanted() -> None:
    """Without --fix a model goes through as it is."""
    given = PAIRS["unaligned-buffer"].hazardous()

    assert given == mend(given, is_wanted=False).context
    assert 1 == len(mend(given, is_wanted=True).fixed)
