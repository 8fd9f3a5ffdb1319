"""Models to run: a small one that is written on the spot, and the reference models beside the clone."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft

from edgewright.pipeline.graph import DType, Subgraph, write

_REFERENCE_MODELS = Path(__file__).parents[3] / "shared" / "models"

FITTED = (
    "autoencoder", "conv1d_motion", "dscnn_small", "gap_mean_odd", "inception_like", "mnist_cnn", "mobilenet_v1_like",
)  # fmt: skip
CHECKED = (
    "kws_ref_model", "mnist_cnn_perchannel_dense", "pad_strided", "pretrainedResnet_quant", "resnet_small",
    "squeeze_excite", "unet_tiny",
)  # fmt: skip
"""The reference models in two halves: sizes in the arena may be solved for with the first, and hold on the second."""


def reference_models() -> Path:
    """The folder of reference models; the calling test is skipped where it is missing."""
    if not _REFERENCE_MODELS.is_dir():
        pytest.skip("the reference models are not beside the clone (../shared/models)")
    return _REFERENCE_MODELS


@cache
def two_layer_tflite() -> bytes:
    """An int8 model of two fully-connected layers whose inputs and outputs do not stand in the order of its tensors.

    Input 0 (1, 3) goes through operator 1 to output 1 (1, 5); input 1 (1, 4) through operator 0 to output 0 (1, 2).
    Each layer has the scales 0.5 (input, zero point 3), 0.25 (weights) and 8 (output, zero point -5).
    """
    draft = Draft()
    wide, narrow = draft.input((1, 4), zero_point=3), draft.input((1, 3), zero_point=3)
    outputs = [_layer(draft, wide, 4, 2), _layer(draft, narrow, 3, 5)]
    graph = draft.graph(*outputs)
    subgraph: Subgraph = dataclasses.replace(graph.main, inputs=(narrow, wide))
    return write(dataclasses.replace(graph, subgraphs=(subgraph,)))


def _layer(draft: Draft, x: int, inputs: int, outputs: int) -> int:
    generator = np.random.default_rng(inputs)
    weights = draft.constant(generator.integers(-127, 128, (outputs, inputs)), scale=0.25)
    bias = draft.constant(generator.integers(-100, 101, outputs), DType.INT32, scale=0.125)
    return draft.operator(
        "FULLY_CONNECTED",
        (x, weights, bias),
        (1, outputs),
        options_type="FullyConnectedOptions",
        version=4,
        scale=8.0,
        zero_point=-5,
    )
