"""Element-wise functions: what they make of the constant that a removed channel leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgewright.pipeline.frameworks import load_keras, load_tensorflow
from edgewright.pipeline.surgery.channel_labels import ConstantArray, Flow
from edgewright.pipeline.surgery.channel_trace import ChannelTrace, NotUnderstoodError
from edgewright.pipeline.surgery.rebuild import KerasLayer

KERAS_FUNCTIONS = (
    "linear", "relu", "elu", "selu", "gelu", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "swish", "mish",
    "exponential",
)  # fmt: skip
TENSORFLOW_FUNCTIONS = ("relu", "relu6", "elu", "selu", "leaky_relu", "silu", "tanh", "sigmoid", "softplus", "gelu")
ACTIVATION_LAYERS = ("ReLU", "LeakyReLU", "ELU", "ThresholdedReLU")
"""Layers without weights that compute each element from itself."""


def is_builtin(layer: KerasLayer, *names: str) -> bool:
    """Tell whether a layer is one of Keras's own classes, not a subclass that may do something else."""
    name = type(layer).__name__
    return name in names and type(layer) is getattr(load_keras().layers, name, None)


def activate(trace: ChannelTrace, layer: KerasLayer, flow: Flow) -> Flow:
    """Follow a flow through a layer's `activation`; channels that it mixes (softmax) or that is unknown are fixed."""
    function = _elementwise(layer.activation)
    if function is None:
        trace.labels.fix(flow.labels, f'the activation of "{layer.name}" mixes channels or is not known')
        return flow.unknown()
    return flow.mapped(lambda constants: evaluate(function, constants))


def activation_layer(trace: ChannelTrace, layer: KerasLayer, flow: Flow) -> Flow:
    """Follow a flow through an Activation, ReLU, LeakyReLU, ELU or ThresholdedReLU."""
    if is_builtin(layer, *ACTIVATION_LAYERS):
        return flow.mapped(lambda constants: evaluate(layer.call, constants))
    return activate(trace, layer, flow)


def evaluate(function: Any, constants: ConstantArray) -> ConstantArray:
    """Apply a TensorFlow function to known constants."""
    tensorflow = load_tensorflow()
    return np.asarray(function(tensorflow.constant(constants, dtype=tensorflow.float32)), dtype=np.float64)


def rescale(trace: ChannelTrace, layer: KerasLayer, flow: Flow) -> Flow:
    """Follow a flow through a Rescaling with one scale and one offset.

    Raises:
        NotUnderstoodError: scale or offset differ between channels.
    """
    if np.ndim(layer.scale) or np.ndim(layer.offset):
        raise NotUnderstoodError("rescales each channel differently")
    return flow.mapped(lambda constants: constants * float(layer.scale) + float(layer.offset))


def _elementwise(activation: Any) -> Any:
    keras, tensorflow = load_keras(), load_tensorflow()
    known = [getattr(keras.activations, name) for name in KERAS_FUNCTIONS]
    known += [getattr(tensorflow.nn, name) for name in TENSORFLOW_FUNCTIONS]
    if any(activation is function for function in known):
        return activation
    return activation.call if is_builtin(activation, *ACTIVATION_LAYERS) else None
