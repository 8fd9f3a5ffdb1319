"""BatchNormalization folded into the layer before it, as the converter does it for inference.

A model without them trains under exactly the weights that are quantized later: a scale for each channel of the folded
kernel is not the scale of the kernel before folding, and for Dense, quantized per tensor, the two differ everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import KerasModel, load_keras
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, clone, copying, rebuild
from edgewright.pipeline.surgery.separables import split_separables

LINEAR = ("Conv2D", "DepthwiseConv2D", "Conv2DTranspose", "Dense")
"""Layers that a BatchNormalization behind them can be folded into."""
FloatArray = npt.NDArray[np.floating[Any]]


def fold_batch_normalization(model: KerasModel) -> KerasModel:
    """Return a copy of a model in which every BatchNormalization that can be is folded into the layer before it.

    It can be where that layer is a linear convolution or Dense whose result nothing else reads, and both are called
    once. Separable convolutions are split into their two parts; the layer that takes the normalization in keeps its
    name.

    Args:
        model: a built Sequential or functional tf_keras model; it is not changed.

    Returns:
        A functional model that computes the same at inference.
    """
    flat = split_separables(clone(model))
    folds = _find_folds(flat)
    norms = {layer: norm for norm, layer in folds.items()}
    layers: dict[KerasLayer, KerasLayer] = {}
    copy = copying(layers, lambda layer: {**layer.get_config(), **({"use_bias": True} if layer in norms else {})})

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        return arguments[0] if layer in folds else copy(layer, arguments, options)

    folded = rebuild(flat, apply)
    for old, new in layers.items():
        new.set_weights(_folded_weights(old, norms[old]) if old in norms else old.get_weights())
        new.trainable = old.trainable
    return folded


def _find_folds(model: KerasModel) -> Mapping[KerasLayer, KerasLayer]:
    """Return each BatchNormalization that can be folded, and the layer that takes it in."""
    outputs = {id(tensor) for tensor in model.outputs}
    folds = {}
    for norm in model.layers:
        if type(norm).__name__ != "BatchNormalization" or len(norm.inbound_nodes) != 1:
            continue
        before = norm.inbound_nodes[0].parent_nodes[0].layer
        is_linear = type(before).__name__ in LINEAR and before.activation is load_keras().activations.linear
        is_alone = is_linear and len(before.inbound_nodes) == len(before.outbound_nodes) == 1
        on_channels = list(norm.axis) == [len(norm.input.shape) - 1]
        if is_alone and on_channels and not {id(norm.output), id(norm.input)} & outputs:
            folds[norm] = before
    return folds


def _folded_weights(layer: KerasLayer, norm: KerasLayer) -> list[FloatArray]:
    mean, variance = (np.asarray(weight, np.float64) for weight in (norm.moving_mean, norm.moving_variance))
    factor = (np.asarray(norm.gamma, np.float64) if norm.scale else 1.0) / np.sqrt(variance + norm.epsilon)
    shift = np.asarray(norm.beta, np.float64) if norm.center else 0.0
    kernel, *bias = (weight.astype(np.float64) for weight in layer.get_weights())
    folded_bias = shift + ((bias[0] if bias else 0.0) - mean) * factor
    return [kernel * _along_outputs(layer, kernel, factor), folded_bias]


def _along_outputs(layer: KerasLayer, kernel: FloatArray, factor: FloatArray) -> FloatArray:
    """Shape one value for each output channel so that it multiplies the kernel."""
    if type(layer).__name__ == "DepthwiseConv2D":
        return factor.reshape(kernel.shape[2:])
    return factor[:, np.newaxis] if type(layer).__name__ == "Conv2DTranspose" else factor
