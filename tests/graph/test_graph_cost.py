"""Multiply-accumulates and weight bytes against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import (
    ABSENT,
    DType,
    Graph,
    operator_macs,
    operator_weight_bytes,
    read,
    total_macs,
    total_weight_bytes,
)


def _macs(draft: Draft, output: int) -> int:
    graph = draft.graph(output)
    return operator_macs(graph, graph.main.operators[-1])


def test_convolution_counts_every_window_of_every_output() -> None:
    """A 3x3 convolution of 5 to 7 channels onto 4x6 outputs makes 4*6*7 sums of 3*3*5 products."""
    draft = Draft()
    inputs = (draft.input((1, 8, 12, 5)), draft.constant(np.zeros((7, 3, 3, 5))), draft.constant([0] * 7, DType.INT32))
    output = draft.operator("CONV_2D", inputs, (1, 4, 6, 7), options_type="Conv2DOptions")
    assert 4 * 6 * 7 * 3 * 3 * 5 == _macs(draft, output)


def test_a_grouped_convolution_counts_the_channels_of_a_group() -> None:
    """With two groups, each output sums over half of the input channels, as the filter's shape says."""
    draft = Draft()
    inputs = (draft.input((1, 4, 4, 8)), draft.constant(np.zeros((6, 1, 1, 4))))
    output = draft.operator("CONV_2D", inputs, (1, 4, 4, 6), options_type="Conv2DOptions")
    assert 4 * 4 * 6 * 4 == _macs(draft, output)


def test_depthwise_convolution_counts_one_window_per_output() -> None:
    """Each of 5*5*8 outputs sums over one 3x2 window, whatever the multiplier."""
    draft = Draft()
    inputs = (draft.input((1, 5, 5, 4)), draft.constant(np.zeros((1, 3, 2, 8))))
    output = draft.operator("DEPTHWISE_CONV_2D", inputs, (1, 5, 5, 8), options_type="DepthwiseConv2DOptions")
    assert 5 * 5 * 8 * 3 * 2 == _macs(draft, output)


def test_fully_connected_counts_rows_times_columns_for_each_sample() -> None:
    """Weights of 10 by 20, applied to three rows."""
    draft = Draft()
    inputs = (draft.input((3, 20)), draft.constant(np.zeros((10, 20))), ABSENT)
    output = draft.operator("FULLY_CONNECTED", inputs, (3, 10), options_type="FullyConnectedOptions")
    assert 3 * 10 * 20 == _macs(draft, output)


def test_transposed_convolution_counts_every_input_spread_over_its_window() -> None:
    """Each of 4*4*3 inputs is spread over a 2x2 window of 5 outputs."""
    draft = Draft()
    shape, filters = draft.constant([1, 8, 8, 5], DType.INT32), draft.constant(np.zeros((5, 2, 2, 3)))
    inputs = (shape, filters, draft.input((1, 4, 4, 3)))
    output = draft.operator("TRANSPOSE_CONV", inputs, (1, 8, 8, 5), options_type="TransposeConvOptions")
    assert 4 * 4 * 3 * 2 * 2 * 5 == _macs(draft, output)


@pytest.mark.parametrize(("adjoint", "shape"), [(False, (2, 3, 4)), (True, (2, 4, 3))])
def test_matrix_product_counts_its_depth_for_each_output(adjoint: bool, shape: tuple[int, ...]) -> None:
    """Two products of 3x4 by 4x5, the left one stored either way round."""
    draft = Draft()
    inputs = (draft.input(shape), draft.input((2, 4, 5)))
    options = {"adj_x": adjoint}
    output = draft.operator("BATCH_MATMUL", inputs, (2, 3, 5), options_type="BatchMatMulOptions", options=options)
    assert 2 * 3 * 5 * 4 == _macs(draft, output)


@pytest.mark.parametrize("coupled", [False, True])
def test_lstm_counts_its_matrices_for_each_step(coupled: bool) -> None:
    """Twelve steps of four gates, or of three where input and forget gate are coupled, from 5 inputs and 7 states."""
    draft = Draft()
    inputs = [draft.input((1, 12, 5))]
    for width in (5, 7):
        inputs.extend(draft.constant(np.zeros((7, width))) for _ in range(4))
    if coupled:
        inputs[1] = inputs[5] = ABSENT
    inputs += [ABSENT] * 15
    output = draft.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (1, 12, 7), options_type="UnidirectionalSequenceLSTMOptions"
    )
    assert 12 * (3 if coupled else 4) * (5 * 7 + 7 * 7) == _macs(draft, output)


def test_other_operators_count_nothing(tiny: Graph) -> None:
    """Of the tiny network only convolution and fully-connected layer multiply and accumulate."""
    expected = [2 * 2 * 4 * 3 * 3 * 2, 0, 16 * 3, 0]
    assert expected == [operator_macs(tiny, operator) for operator in tiny.main.operators]
    assert sum(expected) == total_macs(tiny)


def test_published_models_have_their_published_macs(reference_models: tuple[Path, ...]) -> None:
    """Keyword spotting and image classification of MLPerf Tiny: every layer worked out from its architecture."""
    pixels, channels = 25 * 5, 64
    spotting = pixels * channels * (10 * 4 + 4 * (3 * 3 + channels)) + channels * 12
    block = 3 * 3
    classification = (
        32 * 32 * 16 * block * (3 + 16 + 16)
        + 16 * 16 * 32 * (block * (16 + 32) + 16)
        + 8 * 8 * 64 * (block * (32 + 64) + 32)
        + 64 * 10
    )
    found = {path.name: total_macs(read(path.read_bytes())) for path in reference_models}
    assert spotting == found["kws_ref_model.tflite"]
    assert classification == found["pretrainedResnet_quant.tflite"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((0,), "operator 0 CONV_2D has no input 1"),
        ((0, ABSENT), "operator 0 CONV_2D has no input 1"),
        ((0, 0), "operator 0 CONV_2D has 3 dimensions on input 1, and 4 are expected"),
    ],
)
def test_an_operator_without_its_tensors_is_refused(inputs: tuple[int, ...], message: str) -> None:
    """Too few tensors or a wrong rank raise a sentence."""
    draft = Draft()
    draft.input((1, 2, 3))
    output = draft.operator("CONV_2D", inputs, (1,), options_type="Conv2DOptions")
    with pytest.raises(TfliteError, match=message):
        _macs(draft, output)


def test_weight_bytes_count_a_shared_buffer_once(tiny: Graph) -> None:
    """Filters, biases and the reshape's target are counted; one constant read twice is counted once."""
    assert [72 + 16, 8, 48 + 12, 0] == [operator_weight_bytes(tiny, operator) for operator in tiny.main.operators]
    assert 88 + 8 + 60 == total_weight_bytes(tiny)
    draft = Draft()
    constant = draft.constant([1, 2, 3])
    value = draft.operator("ADD", (constant, constant), (3,))
    value = draft.operator("ADD", (value, constant), (3,))
    graph = draft.graph(value)
    assert [3, 3] == [operator_weight_bytes(graph, operator) for operator in graph.main.operators]
    assert 3 == total_weight_bytes(graph)
