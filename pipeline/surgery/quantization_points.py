"""Where quantization shows in a model: the tensors that get a scale of their own in the integer model, and the weights.

The rules are those of the TensorFlow Lite converter:

- a layer's result has a scale of its own, unless an activation behind it is fused with it; an activation fused with
  an average keeps the scale of what is averaged;
- all inputs of a Concatenate, and its result, share one scale;
- pooling, padding and reshaping keep the scale of their input;
- softmax, sigmoid and tanh have fixed output scales, and what goes into them is quantized;
- a convolution has one scale for each output channel of its kernel, Dense one for all, or one for each unit.

A layer outside these rules is left out: it is trained as it is, and quantized after training by the converter. So is
an input that such a layer reads, since the converter may leave floating point behind between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.rebuild import KerasLayer

Axes = tuple[int, ...]
KerasNode = Any
"""One call of a tf_keras layer."""

KERNELS: Mapping[str, tuple[str, Axes]] = {
    "Conv2D": ("kernel", (0, 1, 2)),
    "DepthwiseConv2D": ("depthwise_kernel", (0, 1)),
    "Conv2DTranspose": ("kernel", (0, 1, 3)),
    "Dense": ("kernel", (0, 1)),
}
"""The attribute that holds a layer's weights, and the axes whose values share a scale."""
UNITS: Axes = (0,)
"""The axes of a Dense kernel whose values share a scale where each unit has one."""
RESCALING = frozenset(
    ["Add", "Average", "Concatenate", "GlobalAveragePooling2D", "LeakyReLU", "Multiply", "PReLU", "ReLU", "Subtract"]
)
"""Layers without kernels whose result gets a scale of its own."""
POOLING = frozenset({"AveragePooling2D", "MaxPooling2D"})
SAME_SCALE = POOLING | frozenset(
    [
        "Cropping2D",
        "Flatten",
        "GlobalMaxPooling2D",
        "Permute",
        "RepeatVector",
        "Reshape",
        "UpSampling2D",
        "ZeroPadding2D",
    ]
)
NOTHING_AT_INFERENCE = frozenset(
    ["ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D",
     "SpatialDropout2D"]
)  # fmt: skip
FIXED_SCALE = frozenset({"softmax", "sigmoid", "tanh"})
"""Activations whose results lie in a range that is known before."""
FUSED = frozenset({"linear", "relu", "relu6"})
"""Activations that are computed as part of the layer before them."""
FUSES = frozenset({*KERNELS, "Add", "Multiply", "Subtract"})
"""Layers that an activation behind them is fused with."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What of one layer is quantized while training."""

    weight: str | None = None
    """The attribute of the weights."""
    shared_axes: Axes = ()
    """The axes of the weights whose values share a scale."""
    before_activation: bool = False
    output: bool = False
    scale_of: str | None = None
    """The layer whose scale the result shares; None where it has its own."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is."""
        return self.weight is None and not self.before_activation and not self.output


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A layer that is trained without quantization."""

    layer: str
    reason: str


def find_points(model: KerasModel, *, per_channel_dense: bool) -> tuple[dict[str, Point], tuple[LeftOut, ...]]:
    """Decide for each layer of a model what of it is quantized while training.

    Args:
        model: a functional model without models inside it and with its BatchNormalizations folded where they can be.
        per_channel_dense: a scale for each unit of a Dense layer.

    Returns:
        A point for each layer that has one, inputs among them, and the layers that are left out.
    """
    output_layers = {tensor.node.layer for tensor in model.outputs}
    points: dict[str, Point] = {}
    left_out: list[LeftOut] = []
    for layer in model.layers:
        reason = _reason_to_leave_out(layer)
        if reason:
            left_out.append(LeftOut(layer=layer.name, reason=reason))
            continue
        is_fused = layer not in output_layers and fused_activation(layer) is not None
        point = _point_of(layer, per_channel_dense, is_fused=is_fused)
        if not point.is_empty:
            points[layer.name] = point
    for name, first in _shared_scales(model, points).items():
        points[name] = replace(points[name], scale_of=first)
    return points, tuple(left_out)


def fused_activation(layer: KerasLayer) -> KerasLayer | None:
    """Return the activation behind a layer, or behind a maximum after it, that is computed as part of the layer.

    Args:
        layer: of a functional model, and not one of its outputs.
    """
    if type(layer).__name__ not in FUSES or _activation(layer) != "linear":
        return None
    readers = list(_readers(layer))
    while len(readers) == 1 and type(readers[0]).__name__ == "MaxPooling2D":
        readers = list(_readers(readers[0]))
    return readers[0] if len(readers) == 1 and _is_fused_activation(readers[0]) else None


def _reason_to_leave_out(layer: KerasLayer) -> str | None:
    kind = type(layer).__name__
    if kind == "InputLayer" or kind in KERNELS.keys() | RESCALING | SAME_SCALE | NOTHING_AT_INFERENCE:
        return None
    if kind == "Softmax" or (kind == "Activation" and _activation(layer) in FIXED_SCALE | FUSED):
        return None
    if kind == "BatchNormalization":
        return "BatchNormalization does not follow a linear convolution or Dense whose result nothing else reads"
    what = f"the activation {_activation(layer)}" if kind == "Activation" else kind
    return f"{what} is not quantized while training"


def _point_of(layer: KerasLayer, per_channel_dense: bool, *, is_fused: bool) -> Point:
    kind, activation = type(layer).__name__, _activation(layer)
    if kind == "InputLayer":
        is_float = all(node.outputs.dtype.is_floating for node in layer.inbound_nodes)
        return Point(output=is_float and not any(map(_reason_to_leave_out, _readers(layer))))
    if _is_fused_activation(layer):
        return Point(output=not _follows_average(layer))
    if kind not in KERNELS:
        return Point(output=kind in RESCALING and not is_fused)
    weight, shared_axes = KERNELS[kind]
    return Point(
        weight=weight,
        shared_axes=UNITS if kind == "Dense" and per_channel_dense else shared_axes,
        before_activation=activation in FIXED_SCALE,
        output=activation in FUSED and not is_fused,
    )


def _follows_average(layer: KerasLayer) -> bool:
    """Tell whether an activation is computed as part of an average, whose result has the scale of what is averaged."""
    nodes = [node for inbound in layer.inbound_nodes for node in inbound.parent_nodes]
    while nodes and all(_does_nothing(node.layer) for node in nodes):
        nodes = [before for node in nodes for before in node.parent_nodes]
    return any(type(node.layer).__name__ == "AveragePooling2D" for node in nodes)


def _readers(layer: KerasLayer) -> Iterator[KerasLayer]:
    """Yield the layers that read a layer's result, through those that do nothing at inference."""
    for node in layer.outbound_nodes:
        if _does_nothing(node.layer):
            yield from _readers(node.layer)
        else:
            yield node.layer


def _shared_scales(model: KerasModel, points: Mapping[str, Point]) -> dict[str, str]:
    """Return for each layer whose result shares its scale with that of an earlier one the first such layer."""
    first_of: dict[str, str] = {}

    def find(name: str) -> str:
        return find(first_of[name]) if name in first_of else name

    order = {layer.name: position for position, layer in enumerate(model.layers)}
    for layer in model.layers:
        if type(layer).__name__ != "Concatenate":
            continue
        sources = [_source(node) for inbound in layer.inbound_nodes for node in inbound.parent_nodes]
        joined = {find(source.name) for source in sources if source.name in points and points[source.name].output}
        first, *others = sorted({find(layer.name), *joined}, key=order.__getitem__)
        first_of.update(dict.fromkeys(others, first))
    return {name: find(name) for name in first_of}


def _source(node: KerasNode) -> KerasLayer:
    """Return the layer whose scale the result of a call has."""
    while type(node.layer).__name__ in SAME_SCALE or _does_nothing(node.layer):
        node = node.parent_nodes[0]
    return node.layer


def _does_nothing(layer: KerasLayer) -> bool:
    kind = type(layer).__name__
    return kind in NOTHING_AT_INFERENCE or (kind == "Activation" and _activation(layer) == "linear")


def _is_fused_activation(layer: KerasLayer) -> bool:
    if type(layer).__name__ == "ReLU":
        # Keras keeps these as numpy scalars or None.
        return layer.max_value in (None, 6) and not layer.negative_slope and not layer.threshold
    return type(layer).__name__ == "Activation" and _activation(layer) in FUSED - {"linear"}


def _activation(layer: KerasLayer) -> str:
    """Return the name of a layer's activation function."""
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))
