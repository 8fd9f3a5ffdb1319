"""Quantization errors against the float source model: its layers' results, found by their names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.graph import Graph, Operator
from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.bench.quantization_error import Distortion, FloatArray, distortion

_FUSED = frozenset({"BatchNormalization", "ReLU", "LeakyReLU", "Activation", "Dropout", "Flatten", "Reshape"})
"""What a converter computes together with the layer before, under that layer's name."""
_MULTIPLYING = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"})
_FUSED_ACTIVATIONS = frozenset({"linear", "relu", "relu6"})


def source_activations(
    keras: bytes,
    layer_names: Sequence[str],
    graph: Graph,
    real: tuple[Array, ...],
    integer: Mapping[int, FloatArray],
) -> dict[int, Distortion]:
    """Compare the integer results with those of the source model's layers, by tensor.

    An operator computes a layer together with those that follow it alone (batch normalization, ReLU); which of them is
    its last is not written anywhere, so the result that comes nearest is taken.

    Args:
        keras: content of the `.keras`.
        layer_names: one for each operator.
        graph: the integer graph.
        real: one array (N, …) for each input, real numbers.
        integer: real values of the integer graph's results, by tensor.

    Returns:
        What could be compared: of operators that share a layer, the last.

    Raises:
        ModelError: the model cannot be loaded, would run code of its own, or takes other samples.
    """
    from edgewright.pipeline.models import input_shapes, load_model
    from edgewright.pipeline.training import predict

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(keras)
        model = load_model(path)
    takes = list(input_shapes(model, "the source model"))
    given = [array.shape[1:] for array in real]
    if takes != given:
        raise ModelError(
            f"the model beside the .tflite takes samples of {takes}, and these are {given}; it is another's."
        )
    last = dict(zip(layer_names, graph.main.operators, strict=True))
    known = {layer.name: layer for layer in model.layers}
    found: dict[int, Distortion] = {}
    for name, operator in last.items():
        results = [index for index in operator.outputs if index in integer]
        if name not in known or not results or _is_part(operator, known[name]):
            continue
        got = integer[results[0]]
        tried = [
            distortion(array, got) for array in _candidates(model, known[name], real, predict) if array.size == got.size
        ]
        if tried:
            found[results[0]] = max(tried, key=lambda one: one.sqnr_db)
    return found


def _is_part(operator: Operator, layer: Any) -> bool:
    """Tell whether the layer goes on after the operator, with an activation that no kernel is fused with."""
    return operator.op in _MULTIPLYING and layer.get_config().get("activation", "linear") not in _FUSED_ACTIVATIONS


def _candidates(model: Any, layer: Any, real: tuple[Array, ...], predict: Any) -> Iterator[FloatArray]:
    """Yield what a layer gives, and what those give that follow it alone and are fused with it."""
    from edgewright.pipeline.frameworks import load_keras

    chain = [layer]
    while len(followers := [node.outbound_layer for node in chain[-1].outbound_nodes]) == 1:
        if type(followers[0]).__name__ not in _FUSED:
            break
        chain.append(followers[0])
    outputs = [one.get_output_at(0) for one in chain]
    yield from (np.asarray(array) for array in predict(load_keras().Model(model.inputs, outputs), real))
