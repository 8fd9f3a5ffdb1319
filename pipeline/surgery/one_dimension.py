"""Models on (length, channels) computed on (length, 1, channels): Conv1D becomes Conv2D(k, 1), and so do its kin.

TensorFlow Lite has no one-dimensional operators, and its converter writes more around them than a reshape; besides,
most techniques know Conv2D only.
Inputs and outputs keep their shapes; what knows (length, channels) only, an LSTM for instance, gets it by a reshape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_tensorflow
from edgewright.pipeline.surgery.lifts import (
    LIFTS,
    READS_IN_ORDER,
    SHAPELESS,
    causal_padding,
    lift_weights,
    move_axes,
)
from edgewright.pipeline.surgery.rebuild import KerasLayer, Tensors, rebuild, unique_name

RANK = 3
"""Of (batch, length, channels)."""


def has_one_dimension(model: KerasModel) -> bool:
    """Tell whether a model, or one inside it, has a layer that `lift_to_two_dimensions` replaces."""
    return any(
        has_one_dimension(layer) if isinstance(layer, load_keras().Model) else type(layer).__name__ in LIFTS
        for layer in model.layers
    )


def lift_to_two_dimensions(model: KerasModel, origin: str = "the model") -> KerasModel:
    """Build a flat functional model that computes the same without one-dimensional convolutions and poolings.

    Args:
        model: a built Sequential or functional tf_keras model whose dimensions are fixed but for the batch.
        origin: what the user gave, for messages.

    Returns:
        A model with the same inputs, outputs, layer names and weights (kernels (k, in, out) are (k, 1, in, out)).

    Raises:
        ModelError: a mask reaches a layer that would be replaced.
    """
    keras = load_keras()
    lifting = _Lifting(origin)
    built = rebuild(model, lifting.apply)
    outputs = [lifting.lower(tensor, name) for tensor, name in zip(built.outputs, model.output_names, strict=True)]
    lifted = keras.Model(built.inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)
    lifting.copy_weights()
    return lifted


class _Lifting:
    """What was replaced so far, and which of the new tensors have the dimension of 1."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._taken: set[str] = set()
        self._layers: dict[KerasLayer, KerasLayer] = {}
        self._axes_moved: set[KerasLayer] = set()
        self._lifted: dict[int, Any] = {}
        """Plain tensor -> the same with the dimension of 1."""
        self._plain: dict[int, Any] = {}
        """Tensor with the dimension of 1 -> the same without, or None where nobody has needed it."""
        self._kept: list[Any] = []
        """Tensors whose identity is a key above."""

    def apply(self, layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        """Repeat one call with the new tensors, which may have the dimension of 1."""
        nest = load_tensorflow().nest
        kind = type(layer).__name__
        if kind in LIFTS:
            return self._apply_lift(layer, arguments[0])
        tensors = nest.flatten(arguments)
        if self._stays_lifted(layer, tensors):
            given = nest.map_structure(lambda tensor: self._lift(tensor, layer), arguments)
            return self._mark(self._renewed(layer)(*given, **options))
        if kind not in READS_IN_ORDER:
            arguments, options = nest.map_structure(lambda value: self.lower(value, layer.name), (arguments, options))
        return self._renewed(layer)(*arguments, **options)

    def lower(self, value: Any, name: str) -> Any:
        """Return a tensor without the dimension of 1; anything else as it is."""
        if id(value) not in self._plain:
            return value
        if self._plain[id(value)] is None:
            lowered = self._reshape(value, (value.shape[1], value.shape[3]), f"{name}_to_1d")
            self._plain[id(value)] = lowered
            self._remember(lowered, value)
        return self._plain[id(value)]

    def copy_weights(self) -> None:
        """Give every new layer the weights of the old one."""
        for old, new in self._layers.items():
            weights = old.get_weights()
            new.set_weights(lift_weights(weights) if type(old).__name__ in LIFTS else weights)
            new.trainable = old.trainable

    def _apply_lift(self, layer: KerasLayer, tensor: Any) -> Any:
        config = layer.get_config()
        lift = LIFTS[type(layer).__name__]
        given = self._lift(tensor, layer)
        padding = causal_padding(config)
        if padding:
            name = unique_name(f"{layer.name}_causal", self._taken)
            given = load_keras().layers.ZeroPadding2D(((padding, 0), (0, 0)), name=name)(given)
        if layer not in self._layers:
            counterpart = getattr(load_keras().layers, lift.counterpart)
            self._layers[layer] = counterpart.from_config(self._named(lift.configure(config)))
        output = self._layers[layer](given)
        return self._mark(output) if len(output.shape) == RANK + 1 else output

    def _stays_lifted(self, layer: KerasLayer, tensors: list[Any]) -> bool:
        """Tell whether a call can take tensors with the dimension of 1; where axes move, the first call decides."""
        config = layer.get_config()
        if type(layer).__name__ not in SHAPELESS or config.get("noise_shape") is not None:
            return False
        moves = move_axes(config) != config
        if moves and layer in self._layers:
            return layer in self._axes_moved
        fits = all(id(tensor) in self._plain or len(tensor.shape) == RANK for tensor in tensors)
        stays = fits and any(id(tensor) in self._plain for tensor in tensors)
        if stays and moves:
            self._axes_moved.add(layer)
        return stays

    def _renewed(self, layer: KerasLayer) -> KerasLayer:
        if layer not in self._layers:
            config = layer.get_config()
            config = move_axes(config) if layer in self._axes_moved else config
            self._layers[layer] = type(layer).from_config(self._named(config))
        return self._layers[layer]

    def _named(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**config, "name": unique_name(str(config["name"]), self._taken)}

    def _lift(self, tensor: Any, layer: KerasLayer) -> Any:
        if getattr(tensor, "_keras_mask", None) is not None:
            raise ModelError(
                f'model: a mask reaches the layer "{layer.name}" of {self._origin}, and masks are not supported; leave '
                "out Masking and mask_zero, and pad instead."
            )
        if id(tensor) in self._plain:
            return tensor
        if id(tensor) not in self._lifted:
            length, channels = tensor.shape[1:]
            self._remember(tensor, self._mark(self._reshape(tensor, (length, 1, channels), f"{layer.name}_to_2d")))
        return self._lifted[id(tensor)]

    def _mark(self, tensor: Any) -> Any:
        self._plain.setdefault(id(tensor), None)
        self._kept.append(tensor)
        return tensor

    def _remember(self, plain: Any, lifted: Any) -> None:
        self._kept.append(plain)
        self._lifted[id(plain)] = lifted
        self._plain[id(lifted)] = plain

    def _reshape(self, tensor: Any, shape: tuple[int, ...], name: str) -> Any:
        return load_keras().layers.Reshape(shape, name=unique_name(name, self._taken))(tensor)
