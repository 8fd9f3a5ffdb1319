"""Where quantization shows in a model: the tensors that get a scale of their own in the integer model, and the weights.

The rules are those of the TensorFlow Lite converter:

- a layer's result has a scale of its own, unless an activation behind it is fused with it, or a Concatenate wants all
  its inputs at one scale;
- pooling, padding and reshaping keep the scale of their input;
- softmax, sigmoid and tanh have fixed output scales, and what goes into them is quantized;
- a convolution has one scale for each output channel of its kernel, Dense one for all, or one for each unit.

A layer outside these rules is left out: it is trained as it is, and quantized after training by the converter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgewright.pipeline.surgery.rebuild import KerasLayer
from edgewright.pipeline.training import KerasModel

Axes = tuple[int, ...]

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
    ["Add", "Average", "Concatenate", "ELU", "GlobalAveragePooling2D", "LeakyReLU", "Multiply", "PReLU", "ReLU", "Subtract"]  # noqa: E501
)  # fmt: skip
"""Layers without kernels whose result gets a scale of its own."""
SAME_SCALE = frozenset(
    ["AveragePooling2D", "Cropping2D", "Flatten", "GlobalMaxPooling2D", "MaxPooling2D", "Permute", "RepeatVector", "Reshape", "UpSampling2D", "ZeroPadding2D"]  # noqa: E501
)  # fmt: skip
NOTHING_AT_INFERENCE = frozenset(
    ["ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D"]  # noqa: E501
)  # fmt: skip
FIXED_SCALE = frozenset({"softmax", "sigmoid", "tanh"})
"""Activations whose results lie in a range that is known before."""
FUSED = frozenset({"linear", "relu", "relu6"})
"""Activations that are computed as part of the layer before them."""
FUSES = frozenset({"Add", "Conv2D", "Dense", "DepthwiseConv2D", "Multiply", "Subtract"})
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
    output_ids = {id(tensor) for tensor in model.outputs}
    points: dict[str, Point] = {}
    left_out: list[LeftOut] = []
    for layer in model.layers:
        reason = _reason_to_leave_out(layer)
        if reason:
            left_out.append(LeftOut(layer=layer.name, reason=reason))
            continue
        is_output = any(id(node.outputs) in output_ids for node in layer.inbound_nodes)
        point = _point_of(layer, per_channel_dense, takes_other_scale=not is_output and _takes_other_scale(layer))
        if not point.is_empty:
            points[layer.name] = point
    return points, tuple(left_out)


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


def _point_of(layer: KerasLayer, per_channel_dense: bool, *, takes_other_scale: bool) -> Point:
    kind, activation = type(layer).__name__, _activation(layer)
    if kind == "InputLayer":
        is_float = all(node.outputs.dtype.is_floating for node in layer.inbound_nodes)
        return Point(output=is_float and not takes_other_scale)
    if kind == "Activation":
        return Point(output=activation in FUSED - {"linear"} and not takes_other_scale)
    if kind not in KERNELS:
        return Point(output=kind in RESCALING and not takes_other_scale)
    weight, shared_axes = KERNELS[kind]
    is_fixed = activation in FIXED_SCALE
    return Point(
        weight=weight,
        shared_axes=UNITS if kind == "Dense" and per_channel_dense else shared_axes,
        before_activation=is_fixed,
        output=not is_fixed and not takes_other_scale,
    )


def _takes_other_scale(layer: KerasLayer) -> bool:
    """Tell whether the scale of a layer's result is not its own but decided behind it."""
    readers = list(_readers(layer))
    if len(readers) == 1 and type(layer).__name__ in FUSES and _activation(layer) == "linear":
        return _is_fused_activation(readers[0])
    return bool(readers) and all(type(reader).__name__ == "Concatenate" for reader in readers)


def _readers(layer: KerasLayer) -> Iterator[KerasLayer]:
    """Yield the layers that read a layer's result, through those that do nothing at inference."""
    for node in layer.outbound_nodes:
        reader = node.layer
        if type(reader).__name__ in NOTHING_AT_INFERENCE or _is_linear_activation(reader):
            yield from _readers(reader)
        else:
            yield reader


def _is_fused_activation(layer: KerasLayer) -> bool:
    if type(layer).__name__ == "ReLU":
        # Keras keeps these as numpy scalars or None.
        return layer.max_value in (None, 6) and not layer.negative_slope and not layer.threshold
    return type(layer).__name__ == "Activation" and _activation(layer) in FUSED - {"linear"}


def _is_linear_activation(layer: KerasLayer) -> bool:
    return type(layer).__name__ == "Activation" and _activation(layer) == "linear"


def _activation(layer: KerasLayer) -> str:
    """Return the name of a layer's activation function."""
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))
