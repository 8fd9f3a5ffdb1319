"""What the layers of a tf_keras model cost: multiply-accumulates of one inference, counted as for a `.tflite`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.rebuild import KerasLayer

Shape = tuple[int, ...]
"""Of one tensor, without the batch."""


def model_macs(model: KerasModel) -> int:
    """Count the multiply-accumulates of one inference.

    Args:
        model: a functional model with fixed shapes and without models inside it.
    """
    return sum(layer_macs(layer) for layer in model.layers)


def layer_macs(layer: KerasLayer) -> int:
    """Count the multiply-accumulates of a layer in one inference, over all its calls.

    Counted are the products of Dense layers, convolutions and recurrent layers, padding included; what has no kernel
    counts as 0.

    Args:
        layer: of a functional model with fixed shapes.
    """
    return sum(_call_macs(layer, given, result) for given, result in calls(layer))


def layer_parameters(layer: KerasLayer) -> int:
    """Count the values of all of a layer's weights."""
    return sum(math.prod(weight.shape) for weight in layer.weights)


def calls(layer: KerasLayer) -> list[tuple[Shape, Shape]]:
    """Return the shapes of input and output for each call of a layer with one of each; others are left out."""
    shapes = [(node.input_shapes, node.output_shapes) for node in layer.inbound_nodes]
    return [(tuple(given[1:]), tuple(result[1:])) for given, result in shapes if not _is_nest(given, result)]


def _is_nest(*shapes: Any) -> bool:
    return any(isinstance(shape, list) or (shape and isinstance(shape[0], tuple)) for shape in shapes)


def _call_macs(layer: KerasLayer, given: Shape, result: Shape) -> int:
    count = _FORMULAS.get(type(layer).__name__)
    return count(layer, given, result) if count else 0


def _per_output(layer: KerasLayer, given: Shape, result: Shape) -> int:
    """Every kernel is applied once at each position of the output; channels come last."""
    return math.prod(result[:-1]) * _kernel_elements(layer)


def _per_input(layer: KerasLayer, given: Shape, result: Shape) -> int:
    """A transposed convolution spreads each position of its input."""
    return math.prod(given[:-1]) * _kernel_elements(layer)


def _per_step(layer: KerasLayer, given: Shape, result: Shape) -> int:
    """A recurrent layer multiplies all its matrices at each step."""
    return given[0] * _kernel_elements(layer)


def _time_distributed(layer: KerasLayer, given: Shape, result: Shape) -> int:
    return given[0] * _call_macs(layer.layer, given[1:], result[1:])


def _kernel_elements(layer: KerasLayer) -> int:
    return sum(math.prod(weight.shape) for weight in layer.weights if "kernel" in weight.name)


_FORMULAS: Mapping[str, Callable[[KerasLayer, Shape, Shape], int]] = {
    **dict.fromkeys(["Dense", "Conv1D", "Conv2D", "Conv3D"], _per_output),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"], _per_output),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], _per_input),
    **dict.fromkeys(["LSTM", "GRU", "SimpleRNN", "Bidirectional"], _per_step),
    "TimeDistributed": _time_distributed,
}
