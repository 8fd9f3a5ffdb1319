"""SeparableConv2D as what it is, a depthwise and a pointwise convolution: the form in which it is converted."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.frameworks import KerasModel, load_keras
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, copy_weights, copying, rebuild, unique_name

DEPTHWISE_KEYS = (
    "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier", "depthwise_initializer",
    "depthwise_regularizer", "depthwise_constraint", "dtype", "trainable",
)  # fmt: skip
POINTWISE_KEYS = (
    "name", "filters", "data_format", "activation", "use_bias", "bias_initializer", "bias_regularizer",
    "bias_constraint", "activity_regularizer", "dtype", "trainable",
)  # fmt: skip


def split_separables(model: KerasModel) -> KerasModel:
    """Return a copy of a model in which each SeparableConv2D is a DepthwiseConv2D and a 1x1 Conv2D.

    The pointwise part keeps the layer's name, the depthwise one is called `<name>_depthwise`.

    Args:
        model: a built Sequential or functional tf_keras model; it is not changed.
    """
    keras = load_keras()
    layers: dict[KerasLayer, KerasLayer] = {}
    parts: dict[KerasLayer, tuple[KerasLayer, KerasLayer]] = {}
    taken = {layer.name for layer in model.layers}
    copy = copying(layers, lambda layer: layer.get_config())

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        if not isinstance(layer, keras.layers.SeparableConv2D):
            return copy(layer, arguments, options)
        if layer not in parts:
            parts[layer] = _parts(layer, unique_name(f"{layer.name}_depthwise", taken))
        depthwise, pointwise = parts[layer]
        return pointwise(depthwise(arguments[0]))

    split = rebuild(model, apply)
    copy_weights(layers)
    for old, (depthwise, pointwise) in parts.items():
        depthwise_kernel, *rest = old.get_weights()
        depthwise.set_weights([depthwise_kernel])
        pointwise.set_weights(rest)
    return split


def _parts(layer: KerasLayer, depthwise_name: str) -> tuple[KerasLayer, KerasLayer]:
    keras = load_keras()
    config = layer.get_config()
    depthwise = keras.layers.DepthwiseConv2D.from_config(
        {**{key: config[key] for key in DEPTHWISE_KEYS}, "name": depthwise_name, "use_bias": False}
    )
    pointwise = keras.layers.Conv2D.from_config(
        {
            **{key: config[key] for key in POINTWISE_KEYS},
            "kernel_size": (1, 1),
            "kernel_initializer": config["pointwise_initializer"],
            "kernel_regularizer": config["pointwise_regularizer"],
            "kernel_constraint": config["pointwise_constraint"],
        }
    )
    return depthwise, pointwise
