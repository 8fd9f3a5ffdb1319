"""What is counted of a `.tflite`: weights, zeros, multiply-accumulates, bytes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, write
from edgewright.pipeline.metrics import Metrics, count_tflite


def test_a_small_network_is_counted_by_hand() -> None:
    """Filters and biases count as parameters, shapes do not; the MACs are those of the convolution and the layer."""
    tflite = write(tiny_graph())
    metrics = count_tflite(tflite)
    assert 4 * 3 * 3 * 2 + 4 + 3 * 16 + 3 == metrics.parameter_count
    assert 2 * 2 * 4 * 3 * 3 * 2 + 3 * 16 == metrics.mac_count
    assert len(tflite) == metrics.file_bytes
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
    metrics = count_tflite(write(draft.graph(output)))
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
    metrics = count_tflite(write(draft.graph(x)))
    assert (12, 18) == (metrics.parameter_count, metrics.mac_count)


def test_the_first_figure_decides() -> None:
    """Scores are kept in their order, also when they are written and read, and the first one is the score."""
    metrics = Metrics(
        **count_tflite(write(tiny_graph())).model_dump(),
        arena_bytes=1000,
        float_bytes=None,
        float_scores={"top": 0.75, "accuracy": 0.5},
        int8_scores={"top": 0.625, "accuracy": 0.25},
    )
    for one in (metrics, Metrics.model_validate_json(metrics.model_dump_json())):
        assert (0.75, 0.625) == (one.float_score, one.int8_score)


def test_what_is_no_tflite_is_refused_by_its_name() -> None:
    """Malformed bytes are refused with what the file is called."""
    with pytest.raises(TfliteError, match=r"mine\.tflite"):
        count_tflite(b"nonsense", source="mine.tflite")
