"""What is counted of a `.tflite`: weights, zeros, multiply-accumulates, bytes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, write
from edgewright.pipeline.metrics import class_accuracy, measure_tflite


def test_a_small_network_is_counted_by_hand() -> None:
    """Filters and biases count as parameters, shapes do not; the MACs are those of the convolution and the layer."""
    tflite = write(tiny_graph())
    metrics = measure_tflite(tflite, 0.75)
    assert 4 * 3 * 3 * 2 + 4 + 3 * 16 + 3 == metrics.parameter_count
    assert 2 * 2 * 4 * 3 * 3 * 2 + 3 * 16 == metrics.mac_count
    assert (0.75, len(tflite)) == (metrics.accuracy, metrics.file_bytes)
    assert len(gzip.compress(tflite, 9, mtime=0)) == metrics.gzip_bytes


@pytest.mark.parametrize(("zero_point", "nonzero"), [(0, 3), (-4, 5)])
def test_zero_means_the_zero_point(zero_point: int, nonzero: int) -> None:
    """A quantized weight is zero where it equals the zero point."""
    draft = Draft()
    weights = draft.constant(np.array([[0, 0, 7], [0, -4, 7]]), scale=0.5, zero_point=zero_point)
    bias = draft.constant([0, 0], DType.INT32)
    output = draft.operator(
        "FULLY_CONNECTED", (draft.input((1, 3)), weights, bias), (1, 2), options_type="FullyConnectedOptions", version=4
    )
    metrics = measure_tflite(write(draft.graph(output)), None)
    assert (8, nonzero) == (metrics.parameter_count, metrics.nonzero_parameter_count)


def test_a_weight_that_two_operators_share_counts_once() -> None:
    """Shared weights are stored once, and counted once; their MACs are done twice."""
    draft = Draft()
    weights, bias = draft.constant(np.ones((3, 3))), draft.constant([1, 1, 1], DType.INT32)
    x = draft.input((1, 3))
    for _ in range(2):
        x = draft.operator(
            "FULLY_CONNECTED", (x, weights, bias), (1, 3), options_type="FullyConnectedOptions", version=4
        )
    metrics = measure_tflite(write(draft.graph(x)), None)
    assert (12, 18) == (metrics.parameter_count, metrics.mac_count)


def test_accuracy_is_the_share_of_right_classes() -> None:
    """The class is the position of the largest output, the first of several."""
    outputs = np.array([[1, 3, 2], [5, 5, 0], [0, 0, 9], [-8, -9, -9]], np.int8)
    assert 0.75 == class_accuracy(outputs, np.array([1, 1, 2, 0]))


def test_what_is_no_tflite_is_refused_by_its_name() -> None:
    """Malformed bytes are refused with what the file is called."""
    with pytest.raises(TfliteError, match=r"mine\.tflite"):
        measure_tflite(b"nonsense", None, source="mine.tflite")
