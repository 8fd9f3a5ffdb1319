"""Building a tf_keras model anew, call by call: the ground that every change of structure stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgewright.pipeline.frameworks import KerasModel, load_keras, load_tensorflow

KerasLayer = Any
"""A tf_keras layer; tf_keras ships no types."""
Tensors = Any
"""A tensor, or a nest of them, as a layer takes and gives it."""
Apply = Callable[[KerasLayer, tuple[Any, ...], dict[str, Any]], Tensors]
"""Called for every call of a layer, with the new model's tensors as arguments; returns the new model's outputs."""


def rebuild(model: KerasModel, apply: Apply) -> KerasModel:
    """Build a functional model with the same inputs and outputs, call by call in the order of the graph.

    Models inside the model are inlined, so that `apply` sees plain layers only.

    Args:
        model: a built Sequential or functional tf_keras model, possibly with models inside.
        apply: makes the outputs of one call; a layer that is called several times (a shared one) is given several
            times.

    Returns:
        A functional model of the same name whose inputs carry the names of the original's.
    """
    keras = load_keras()
    inputs = [
        keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
        for tensor, name in zip(model.inputs, model.input_names, strict=True)
    ]
    outputs = _walk(model, inputs, apply)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)


def copying(layers: dict[KerasLayer, KerasLayer], configure: Callable[[KerasLayer], Mapping[str, Any]]) -> Apply:
    """Return an `apply` that makes one new layer for each old one, from a configuration.

    Args:
        layers: filled with old layer -> new layer, so that the caller can copy weights.
        configure: returns the configuration of the new layer; `lambda layer: layer.get_config()` copies it.
    """
    taken: set[str] = set()

    def apply(layer: KerasLayer, arguments: tuple[Any, ...], options: dict[str, Any]) -> Tensors:
        if layer not in layers:
            config = {**configure(layer)}
            config["name"] = unique_name(str(config["name"]), taken)
            layers[layer] = layer.__class__.from_config(config)
        return layers[layer](*arguments, **options)

    return apply


def clone(model: KerasModel) -> KerasModel:
    """Return a functional copy of a model with its weights, models inside inlined; nothing is shared with it."""
    layers: dict[KerasLayer, KerasLayer] = {}
    copy = rebuild(model, copying(layers, lambda layer: layer.get_config()))
    copy_weights(layers)
    return copy


def copy_weights(layers: Mapping[KerasLayer, KerasLayer]) -> None:
    """Give each new layer the weights of the old one, and whether they are trained.

    Args:
        layers: old layer -> new layer of the same shapes, as `copying` fills it.
    """
    for old, new in layers.items():
        new.set_weights(old.get_weights())
        new.trainable = old.trainable


def unique_name(name: str, taken: set[str]) -> str:
    """Return the name, with a number where it is taken already, and take it."""
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


class _Lookup:
    """What `Node.map_arguments` pops a new tensor from; it may ask for the same one again."""

    def __init__(self, tensor: Tensors) -> None:
        self._tensor = tensor

    def pop(self) -> Tensors:
        return self._tensor


def _walk(model: KerasModel, inputs: list[Tensors], apply: Apply) -> list[Tensors]:
    keras = load_keras()
    flatten = load_tensorflow().nest.flatten
    known = {str(id(old)): _Lookup(new) for old, new in zip(model.inputs, inputs, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if isinstance(node.layer, keras.layers.InputLayer):
                continue
            arguments, options = node.map_arguments(known)
            if isinstance(node.layer, keras.Model):
                outputs = _walk(node.layer, flatten(arguments), apply)
            else:
                outputs = flatten(apply(node.layer, arguments, options))
            known.update({str(id(old)): _Lookup(new) for old, new in zip(flatten(node.outputs), outputs, strict=True)})
    return [known[str(id(tensor))].pop() for tensor in model.outputs]
