"""A model of Keras 3 as a model of tf_keras: its graph is walked call by call and built anew.

Models inside the model are inlined, so the result is one flat functional model.
What a call was told of `training` is left out, since Keras 3 replaces it by what the whole model is called with.
"""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_keras3, load_tensorflow
from edgewright.pipeline.models.configuration import first_line
from edgewright.pipeline.models.interface import input_shapes
from edgewright.pipeline.models.keras3_layers import (
    Layer,
    Refusal,
    check_kind,
    clean_name,
    copy_weights,
    is_model,
    translate_layer,
)
from edgewright.pipeline.models.keras3_operations import translate_operation
from edgewright.pipeline.surgery.rebuild import unique_name


def translate_model(model: KerasModel, origin: str) -> KerasModel:
    """Build a tf_keras model that computes what a Keras 3 model computes, with its weights.

    Args:
        model: a Sequential or functional model of Keras 3.
        origin: what the user gave, for messages.

    Returns:
        A flat functional model; its inputs and outputs are lists in the order of the original's.

    Raises:
        ModelError: the model is subclassed, a dimension of an input is not fixed, or a layer cannot be translated.
    """
    if not is_model(model) or not model.built:
        raise ModelError(
            f"model: {origin} is a {type(model).__name__}, a subclassed model or one without inputs, whose graph "
            "cannot be read; build it from keras.Input on (the functional way), or as keras.Sequential with an Input."
        )
    input_shapes(model, origin)
    return _Translation(Refusal(origin)).model(model)


class _Translation:
    """One walk: which new layer stands for which old one, and which names are taken."""

    def __init__(self, refuse: Refusal) -> None:
        self._refuse = refuse
        self._layers: dict[int, tuple[Layer, Layer]] = {}
        self._taken: set[str] = set()

    def model(self, model: KerasModel) -> KerasModel:
        """Translate a whole model and copy its weights."""
        keras = load_keras()
        inputs = [
            keras.Input(
                batch_shape=tuple(tensor.shape),
                dtype=tensor.dtype,
                name=self._name(tensor._keras_history.operation.name),
            )
            for tensor in model.inputs
        ]
        outputs = self._walk(model, inputs)
        built = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=clean_name(model.name))
        for source, target in self._layers.values():
            self._copy(source, target)
        return built

    def _walk(self, model: KerasModel, inputs: list[Any]) -> list[Any]:
        keras = load_keras3()
        graph = model._functional if isinstance(model, keras.Sequential) else model
        known = {id(old): new for old, new in zip(graph.inputs, inputs, strict=True)}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if not node.is_input:
                    outputs = load_tensorflow().nest.flatten(self._call(node, known))
                    known.update({id(old): new for old, new in zip(node.outputs, outputs, strict=True)})
        return [known[id(tensor)] for tensor in graph.outputs]

    def _call(self, node: Any, known: dict[int, Any]) -> Any:
        """Repeat one call with the new tensors."""
        keras, operation = load_keras3(), node.operation
        tensors = [known[id(tensor)] for tensor in node.input_tensors]
        if not isinstance(operation, keras.layers.Layer):
            layer = translate_operation(node, self._name(operation.name), self._refuse)
            return layer(tensors if len(tensors) > 1 else tensors[0])
        if is_model(operation):
            return self._walk(operation, tensors)

        def renew(value: Any) -> Any:
            return known[id(value)] if isinstance(value, keras.KerasTensor) else value

        if id(operation) not in self._layers:
            self._layers[id(operation)] = (operation, self._layer(operation, self._name(operation.name)))
        arguments = keras.tree.map_structure(renew, node.arguments.args)
        options = {
            key: keras.tree.map_structure(renew, value)
            for key, value in node.arguments.kwargs.items()
            if value is not None and key != "training"
        }
        if "mask" in options:
            raise self._refuse(operation, "it is called with a mask, and masks are not supported")
        try:
            return self._layers[id(operation)][1](*arguments, **options)
        except (TypeError, ValueError) as error:
            raise self._refuse(operation, first_line(error)) from error

    def _layer(self, layer: Layer, name: str) -> Layer:
        """Make the new layer for one that may wrap others."""
        keras = load_keras()
        kind = type(layer).__name__
        if is_model(layer):
            return _Translation(self._refuse).model(layer)
        if kind == "TimeDistributed":
            check_kind(layer, self._refuse)
            return keras.layers.TimeDistributed(self._layer(layer.layer, clean_name(layer.layer.name)), name=name)
        if kind != "Bidirectional":
            return translate_layer(layer, name, self._refuse)
        check_kind(layer, self._refuse)
        forward, backward = layer.forward_layer, layer.backward_layer
        plain = [{**each.get_config(), "name": "", "go_backwards": False} for each in (forward, backward)]
        inner_name = clean_name(forward.name.removeprefix("forward_"))
        second = None
        if plain[0] != plain[1]:
            second = self._layer(backward, clean_name(backward.name.removeprefix("backward_")))
        return keras.layers.Bidirectional(
            self._layer(forward, inner_name), merge_mode=layer.merge_mode, backward_layer=second, name=name
        )

    def _copy(self, source: Layer, target: Layer) -> None:
        """Copy weights layer by layer, since the two Keras order those of a wrapper differently."""
        kind = type(source).__name__
        if is_model(source):
            return  # its own translation has copied them
        if kind == "TimeDistributed":
            self._copy(source.layer, target.layer)
        elif kind == "Bidirectional":
            self._copy(source.forward_layer, target.forward_layer)
            self._copy(source.backward_layer, target.backward_layer)
        else:
            copy_weights(source, target, self._refuse)

    def _name(self, name: str) -> str:
        return unique_name(clean_name(name), self._taken)
