"""An operation of Keras 3 that stands outside a layer (`x + y`, `keras.ops.relu(x)`) as a layer of tf_keras."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.models.keras3_layers import Refusal

PAIRS = frozenset({"Add", "Maximum", "Minimum", "Multiply", "Subtract"})
ACTIVATIONS = {"Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Silu": "swish", "Tanh": "tanh"}
REASON = "a free operation is translated only where it adds, multiplies, joins, reshapes or activates tensors"


def translate_operation(node: Any, name: str, refuse: Refusal) -> Any:
    """Make the tf_keras layer that does what a free operation does; it is called with the same tensors in a list.

    Args:
        node: a call of the operation in the graph.
        name: of the new layer.
        refuse: makes the error.

    Raises:
        ModelError: the operation has no counterpart, or takes anything but tensors.
    """
    operation, layers = node.operation, load_keras().layers
    kind = type(operation).__name__
    given = node.arguments.args[0] if kind == "Concatenate" and node.arguments.args else node.arguments.args
    tensors = node.input_tensors
    if node.arguments.kwargs or len(tensors) != len(given):
        raise refuse(operation, REASON)
    shapes = [tuple(tensor.shape) for tensor in tensors]
    output = tuple(node.outputs[0].shape)
    if kind in PAIRS and len({len(shape) for shape in shapes}) == 1:
        return getattr(layers, kind)(name=name)
    if kind in ACTIVATIONS:
        return layers.Activation(ACTIVATIONS[kind], name=name)
    if kind == "Softmax" and operation.axis in (-1, len(shapes[0]) - 1):
        return layers.Activation("softmax", name=name)
    if kind == "Concatenate" and operation.axis not in (0, -len(output)):
        return layers.Concatenate(axis=operation.axis, name=name)
    if kind == "Reshape" and output[0] == shapes[0][0] and None not in output[1:]:
        return layers.Reshape(output[1:], name=name)
    raise refuse(operation, REASON)
