"""tensorflow-model-optimization's wrappers around the layers of a model, with quantizers that follow the converter.

The library's own `quantize_apply` is not used, since what it builds differs from what is converted (version 0.8.1):
it trains a convolution or Dense without quantized weights where ReLU is a layer of its own behind it, gives a depthwise
kernel one scale, and quantizes the result of a Dense before its BatchNormalization's activation, which leaves floating
point behind in the converted model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from edgewright.pipeline.frameworks import KerasModel, load_keras, load_model_optimization, load_tensorflow
from edgewright.pipeline.surgery.quantization_points import Axes, Point
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, rebuild

Variable = Any
"""A variable of TensorFlow."""
WEIGHT_STEPS = 127
"""Weights are -127..127: symmetric, so that their zero point is 0."""


@dataclass(kw_only=True)
class RangeSwitch:
    """What the quantizer of one tensor shares with the outside: its range, and whether it measures it just now."""

    minimum: Variable = None
    maximum: Variable = None
    is_shared: bool = False
    """Several tensors have this range; it then covers every value of all of them."""
    measures: bool = False
    """Let values through unchanged, and note the smallest and the largest."""
    seen: list[tuple[float, float]] = field(default_factory=list)


@dataclass(kw_only=True)
class WeightSwitch:
    """What the quantizer of one layer's weights shares with the outside."""

    quantizes: bool = True


@dataclass(frozen=True, kw_only=True)
class WrappedModel:
    """A model to train, and access to what the wrappers hide."""

    model: KerasModel
    ranges: Mapping[str, RangeSwitch]
    """By the name of the layer or input whose result is quantized; the first, where several share a range."""
    weights: Mapping[str, WeightSwitch]
    """By the name of the layer."""
    variables: Mapping[str, tuple[Variable, ...]]
    """Each layer's own variables, in the order in which `get_weights` of the layer without wrapper gives them."""


def wrap(base: KerasModel, points: Mapping[str, Point], *, keep_zeros: bool) -> WrappedModel:
    """Build a model that computes as if its tensors were quantized.

    Args:
        base: a functional model; it is not changed.
        points: what is quantized, by layer.
        keep_zeros: weights that are exactly zero stay so.

    Returns:
        A model whose layers carry the names of the original's; every wrapped layer is trainable.
    """
    wrapping = _Wrapping(points, keep_zeros)
    model = rebuild(base, wrapping.apply)
    return WrappedModel(model=model, ranges=wrapping.ranges, weights=wrapping.weights, variables=wrapping.variables)


class _Wrapping:
    def __init__(self, points: Mapping[str, Point], keep_zeros: bool) -> None:
        self._points = points
        self._keep_zeros = keep_zeros
        self._layers: dict[KerasLayer, KerasLayer] = {}
        self._inputs: dict[str, Any] = {}
        self.ranges: dict[str, RangeSwitch] = {}
        self.weights: dict[str, WeightSwitch] = {}
        self.variables: dict[str, tuple[Variable, ...]] = {}

    def apply(self, layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        """Repeat one call, with the layer wrapped where it has a point."""
        nest = load_tensorflow().nest
        arguments, options = nest.map_structure(self._quantize_input, (arguments, options))
        if layer not in self._layers:
            self._layers[layer] = self._renew(layer, arguments[0])
        return self._layers[layer](*arguments, **options)

    def _renew(self, layer: KerasLayer, first_argument: Any) -> KerasLayer:
        tensorflow = load_tensorflow()
        inner = type(layer).from_config(layer.get_config())
        if layer.weights:
            with tensorflow.name_scope(layer.name):
                inner.build(tensorflow.nest.map_structure(lambda tensor: tensor.shape, first_argument))
            inner.set_weights(layer.get_weights())
        # The wrapper takes quantized variables away from the layer, which then no longer lists them.
        self.variables[layer.name] = tuple(inner.weights)
        point = self._points.get(layer.name)
        if point is None:
            inner.trainable = layer.trainable
            return inner
        inner.trainable = True
        return _classes().wrapper(inner, self._configure(layer.name, point), name=layer.name)

    def _configure(self, name: str, point: Point) -> Any:
        if point.weight is not None:
            self.weights[name] = WeightSwitch()
        switch = self._switch_of(name, point) if point.output or point.before_activation else None
        return _classes().configuration(point, self.weights.get(name), switch, keep_zeros=self._keep_zeros)

    def _switch_of(self, name: str, point: Point) -> RangeSwitch:
        key = point.scale_of or name
        is_shared = any(other.scale_of == key for other in self._points.values())
        return self.ranges.setdefault(key, RangeSwitch(is_shared=is_shared))

    def _quantize_input(self, value: Any) -> Any:
        """Return what stands for an input of the model; anything else as it is."""
        keras = load_keras()
        layer = value.node.layer if hasattr(value, "node") else None
        if not isinstance(layer, keras.layers.InputLayer) or layer.name not in self._points:
            return value
        name = layer.name
        if name not in self._inputs:
            quantizer = _classes().covering_quantizer(self._switch_of(name, self._points[name]))
            self._inputs[name] = _classes().quantize_layer(quantizer, name=f"{name}_quantized")(value)
        return self._inputs[name]


@dataclass(frozen=True, kw_only=True)
class _Classes:
    """What can only be defined once tensorflow-model-optimization is loaded."""

    wrapper: Any
    quantize_layer: Any
    configuration: Any
    covering_quantizer: Any


@cache
def _classes() -> _Classes:
    tensorflow = load_tensorflow()
    quantization = load_model_optimization().quantization.keras
    from tensorflow_model_optimization.python.core.quantization.keras.quantize_layer import QuantizeLayer
    from tensorflow_model_optimization.python.core.quantization.keras.quantize_wrapper import QuantizeWrapperV2

    class WeightQuantizer(quantization.quantizers.Quantizer):  # type: ignore[misc, name-defined]
        """Rounds weights to the integers that the converter would give them now."""

        def __init__(self, switch: WeightSwitch, shared_axes: Axes, keep_zeros: bool) -> None:
            self._switch, self._shared_axes, self._keep_zeros = switch, shared_axes, keep_zeros

        def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
            weights = getattr(layer.layer, name).numpy()
            return {"mask": (weights != 0).astype(np.float32) if self._keep_zeros else None}

        def __call__(self, inputs: Any, training: bool, weights: dict[str, Any], **options: Any) -> Any:
            kept = inputs if weights["mask"] is None else inputs * weights["mask"]
            if not self._switch.quantizes:
                return tensorflow.convert_to_tensor(kept)
            scale = tensorflow.reduce_max(tensorflow.abs(kept), axis=self._shared_axes, keepdims=True) / WEIGHT_STEPS
            rounded = tensorflow.round(tensorflow.math.divide_no_nan(kept, scale)) * scale
            # The gradient passes as if nothing were rounded.
            return kept + tensorflow.stop_gradient(rounded - kept)

        def get_config(self) -> dict[str, Any]:
            return {}

    class MeasuringMixin:
        """Lets values through while their range is measured."""

        switch: RangeSwitch

        def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
            if self.switch.minimum is None:
                variables = super().build(tensor_shape, name, layer)  # type: ignore[misc]
                self.switch.minimum, self.switch.maximum = variables["min_var"], variables["max_var"]
            return {"min_var": self.switch.minimum, "max_var": self.switch.maximum}

        def __call__(self, inputs: Any, training: bool, weights: dict[str, Any], **options: Any) -> Any:
            if self.switch.measures:
                low, high = tensorflow.reduce_min(inputs), tensorflow.reduce_max(inputs)
                self.switch.seen.append((float(low), float(high)))
                return inputs
            return super().__call__(inputs, training, weights, **options)  # type: ignore[misc]

    asymmetric = {"num_bits": 8, "per_axis": False, "symmetric": False, "narrow_range": False}

    class FollowingQuantizer(MeasuringMixin, quantization.quantizers.MovingAverageQuantizer):  # type: ignore[misc, name-defined]
        """Follows the range of a layer's results slowly."""

        def __init__(self, switch: RangeSwitch) -> None:
            super().__init__(**asymmetric)
            self.switch = switch

    class CoveringQuantizer(MeasuringMixin, quantization.quantizers.AllValuesQuantizer):  # type: ignore[misc, name-defined]
        """Covers every value that an input, or a range that several share, ever had."""

        def __init__(self, switch: RangeSwitch) -> None:
            super().__init__(**asymmetric)
            self.switch = switch

    class Configuration(quantization.QuantizeConfig):  # type: ignore[misc, name-defined]
        """Tells the wrapper what of one layer is quantized."""

        def __init__(
            self, point: Point, weight: WeightSwitch | None, output: RangeSwitch | None, *, keep_zeros: bool
        ) -> None:
            self._point = point
            self._weight = weight and WeightQuantizer(weight, point.shared_axes, keep_zeros)
            self._output = output and (CoveringQuantizer if output.is_shared else FollowingQuantizer)(output)

        def get_weights_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
            return [(getattr(layer, self._point.weight), self._weight)] if self._point.weight else []

        def set_quantize_weights(self, layer: Any, quantize_weights: list[Any]) -> None:
            for value in quantize_weights:
                setattr(layer, str(self._point.weight), value)

        def get_activations_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
            return [(layer.activation, self._output)] if self._point.before_activation else []

        def set_quantize_activations(self, layer: Any, quantize_activations: list[Any]) -> None:
            for value in quantize_activations:
                layer.activation = value

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            return [self._output] if self._point.output else []

        def get_config(self) -> dict[str, Any]:
            return {}

    return _Classes(
        wrapper=QuantizeWrapperV2,
        quantize_layer=QuantizeLayer,
        configuration=Configuration,
        covering_quantizer=CoveringQuantizer,
    )
