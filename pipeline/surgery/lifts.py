"""How each layer on (length, channels) becomes one on (length, 1, channels): class, configuration, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Weight = npt.NDArray[np.float32]
SAME_AS_FIRST = -1
"""Fills the second dimension with the value of the first; TensorFlow's depthwise kernels want equal strides."""


@dataclass(frozen=True, kw_only=True)
class Lift:
    """A layer class in one dimension and its counterpart in two."""

    counterpart: str
    """Name of the tf_keras class."""
    second: Mapping[str, int | tuple[int, int]] = field(default_factory=dict)
    """For each key with a value along the length: the value along the dimension of 1."""
    keys: frozenset[str] | None = None
    """The keys that the counterpart takes, where these are fewer."""

    def configure(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of the counterpart, with "same" or "valid" padding.

        Args:
            config: as `get_config` of the one-dimensional layer gives it.
        """
        lifted = {key: value for key, value in config.items() if self.keys is None or key in self.keys}
        for key, second in self.second.items():
            if lifted.get(key) is not None:
                first = _first(lifted[key], pairs=isinstance(second, tuple))
                lifted[key] = (first, first if second == SAME_AS_FIRST else second)
        if lifted.get("padding") == "causal":
            lifted["padding"] = "valid"
        return lifted


_CONVOLUTION = {"kernel_size": 1, "strides": 1, "dilation_rate": 1}
_DEPTHWISE = {"kernel_size": 1, "strides": SAME_AS_FIRST, "dilation_rate": 1}
LIFTS: Mapping[str, Lift] = {
    "Conv1D": Lift(counterpart="Conv2D", second=_CONVOLUTION),
    "Conv1DTranspose": Lift(counterpart="Conv2DTranspose", second={**_CONVOLUTION, "output_padding": 0}),
    "DepthwiseConv1D": Lift(counterpart="DepthwiseConv2D", second=_DEPTHWISE),
    "SeparableConv1D": Lift(counterpart="SeparableConv2D", second=_DEPTHWISE),
    "MaxPooling1D": Lift(counterpart="MaxPooling2D", second={"pool_size": 1, "strides": 1}),
    "AveragePooling1D": Lift(counterpart="AveragePooling2D", second={"pool_size": 1, "strides": 1}),
    "GlobalMaxPooling1D": Lift(counterpart="GlobalMaxPooling2D"),
    "GlobalAveragePooling1D": Lift(counterpart="GlobalAveragePooling2D"),
    "UpSampling1D": Lift(counterpart="UpSampling2D", second={"size": 1}),
    "ZeroPadding1D": Lift(counterpart="ZeroPadding2D", second={"padding": (0, 0)}),
    "Cropping1D": Lift(counterpart="Cropping2D", second={"cropping": (0, 0)}),
    "SpatialDropout1D": Lift(counterpart="SpatialDropout2D", keys=frozenset({"name", "trainable", "dtype", "rate"})),
}
"""By the name of the one-dimensional class."""

SHAPELESS = frozenset({
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization", "Concatenate",
    "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "LayerNormalization", "LeakyReLU", "Maximum", "Minimum",
    "Multiply", "ReLU", "Rescaling", "Softmax", "Subtract", "ThresholdedReLU",
})  # fmt: skip
"""Layers that do with (length, 1, channels) what they do with (length, channels), once their axes are moved."""
READS_IN_ORDER = frozenset({"Flatten", "Reshape"})
"""Layers to which the dimension of 1 makes no difference."""


def move_axes(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration whose `axis` means the same once a dimension of 1 stands before the last one.

    Args:
        config: of a layer on (batch, length, channels).
    """
    axis = config.get("axis")
    if axis is None:
        return dict(config)
    moved = [_move(item) for item in axis] if isinstance(axis, list | tuple) else _move(axis)
    return {**config, "axis": moved}


def lift_weights(weights: list[Weight]) -> list[Weight]:
    """Return the weights of the counterpart: (k, in, out) kernels become (k, 1, in, out), vectors stay."""
    return [weight[:, np.newaxis] if weight.ndim == 3 else weight for weight in weights]


def causal_padding(config: Mapping[str, Any]) -> int:
    """Return the zeros that go in front of a layer with causal padding; 0 for any other."""
    if config.get("padding") != "causal":
        return 0
    return int(_first(config["dilation_rate"], pairs=False) * (_first(config["kernel_size"], pairs=False) - 1))


def _move(axis: int) -> int:
    return {2: 3, -2: -3, -3: -4}.get(axis, axis)


def _first(value: Any, *, pairs: bool) -> Any:
    """Return what stands along the length: `(a,)` or `a`; of pairs `(before, after)`, the whole pair."""
    if pairs:
        return tuple(value) if isinstance(value, list | tuple) else (value, value)
    return value[0] if isinstance(value, list | tuple) else value
