"""One layer of Keras 3 as a layer of tf_keras: its configuration, then its weights."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, load_keras3
from edgewright.pipeline.models.configuration import first_line

Layer = Any
"""A layer of either Keras."""
Config = dict[str, Any]

TRANSLATED = frozenset({
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "AveragePooling1D",
    "AveragePooling2D", "BatchNormalization", "Bidirectional", "CenterCrop", "Concatenate", "Conv1D",
    "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Cropping1D", "Cropping2D", "Dense", "DepthwiseConv1D",
    "DepthwiseConv2D", "Dot", "Dropout", "ELU", "Embedding", "Flatten", "GRU", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GroupNormalization", "Identity", "LSTM", "LayerNormalization", "LeakyReLU", "MaxPooling1D", "MaxPooling2D",
    "Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "Permute", "RandomBrightness", "RandomContrast",
    "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU", "RepeatVector", "Rescaling",
    "Reshape", "Resizing", "SeparableConv1D", "SeparableConv2D", "SimpleRNN", "Softmax", "SpatialDropout1D",
    "SpatialDropout2D", "Subtract", "TimeDistributed", "UnitNormalization", "UpSampling1D", "UpSampling2D",
    "ZeroPadding1D", "ZeroPadding2D",
})  # fmt: skip
"""Layers that mean the same in both Keras."""
RENAMED_KEYS = {"LeakyReLU": {"negative_slope": "alpha"}}
COMMON_KEYS = frozenset({"name", "trainable", "dtype"})
HARMLESS_KEYS = frozenset({"autocast", "input_axes", "output_axes", "seed", "use_cudnn"})
"""Keys that tf_keras does not know and that change nothing that a trained model computes."""
RENAMED_ACTIVATIONS = {"silu": "swish"}
ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid",
    "softmax", "softplus", "softsign", "swish", "tanh",
})  # fmt: skip
"""Activations that mean the same in both Keras (hard_sigmoid does not, hard_silu is unknown to tf_keras)."""
ACTIVATION_KEYS = frozenset({"activation", "recurrent_activation"})
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


def translate_layer(layer: Layer, name: str, refuse: Refusal) -> Layer:
    """Make the tf_keras layer that computes what a layer of Keras 3 computes; it has no weights yet.

    Args:
        layer: no model and no wrapper.
        name: of the new layer.
        refuse: makes the error.

    Raises:
        ModelError: tf_keras has no such layer, or the layer does something that tf_keras cannot.
    """
    kind = type(layer).__name__
    check_kind(layer, refuse)
    counterpart = getattr(load_keras().layers, kind)
    given = {RENAMED_KEYS.get(kind, {}).get(key, key): value for key, value in layer.get_config().items()}
    _check_values(layer, given, refuse)
    accepted = _parameters(counterpart)
    config: Config = {}
    for key, value in given.items():
        if key in accepted or key in COMMON_KEYS:
            config[key] = translate_activation(value, layer, refuse) if key in ACTIVATION_KEYS else _plain(value)
        elif key not in HARMLESS_KEYS and not _is_default(type(layer), key, value):
            raise refuse(layer, f"{key} = {value!r} is unknown to tf_keras")
    config |= {"name": name, "dtype": "float32"}
    try:
        return counterpart.from_config(config)
    except (TypeError, ValueError) as error:
        raise refuse(layer, first_line(error)) from error


def check_kind(layer: Layer, refuse: Refusal) -> None:
    """Refuse a layer that has no counterpart or that computes in other numbers than float32.

    Raises:
        ModelError: always for such a layer.
    """
    kind = type(layer).__name__
    if not type(layer).__module__.startswith("keras."):
        raise refuse(layer, "it is a custom layer")
    if kind not in TRANSLATED:
        raise refuse(layer, f"tf_keras has no {kind} that computes the same")
    policy = getattr(layer, "dtype_policy", None)
    if policy is not None and str(policy.name) != "float32":
        raise refuse(layer, f"it computes in {policy.name}, and float32 is accepted")


def copy_weights(source: Layer, target: Layer, refuse: Refusal) -> None:
    """Give a tf_keras layer the weights of the Keras 3 layer that it was made from.

    Raises:
        ModelError: the weights have other shapes.
    """
    weights = [np.asarray(weight) for weight in source.get_weights()]
    shapes = [[weight.shape for weight in held] for held in (weights, target.get_weights())]
    if shapes[0] != shapes[1]:
        raise refuse(source, f"its weights have the shapes {shapes[0]}, and {shapes[1]} in tf_keras")
    target.set_weights(weights)


def translate_activation(value: object, layer: Layer, refuse: Refusal) -> str:
    """Return the tf_keras name of an activation.

    Args:
        value: its name, or what Keras 3 writes in its place.
        layer: the layer that it belongs to.
        refuse: makes the error.

    Raises:
        ModelError: tf_keras has no such activation, or another one by that name.
    """
    plain = _plain(value)
    name = RENAMED_ACTIVATIONS.get(str(plain), str(plain))
    if name not in ACTIVATIONS:
        raise refuse(layer, f'tf_keras has no activation "{plain}" that computes the same')
    return name


def clean_name(name: str) -> str:
    """Return a name that tf_keras accepts for a layer.

    >>> clean_name("my layer:0")
    'my_layer_0'
    """
    cleaned = NOT_IN_NAMES.sub("_", name)
    return cleaned if cleaned[:1].isalnum() else f"layer{cleaned}"


class Refusal:
    """Makes the error for a layer that cannot be translated."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def __call__(self, layer: Layer, reason: str) -> ModelError:
        """Return the error that names a layer and the reason."""
        return ModelError(
            f'model: the layer "{layer.name}" ({type(layer).__name__}) of {self._origin} cannot be brought from Keras '
            f"3 to tf_keras: {reason}; replace it by a layer that both have."
        )


def _plain(value: Any) -> Any:
    """Turn what Keras 3 serialized (with modules and registered names) into what tf_keras reads."""
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value or "config" not in value:
        return {key: _plain(item) for key, item in value.items()}
    config = value["config"]
    if value["class_name"] == "function":
        return config if isinstance(config, str) else config.get("function_name")
    if isinstance(config, Mapping):
        config = {key: _plain(item) for key, item in config.items() if key not in HARMLESS_KEYS or key == "seed"}
    return {"class_name": value["class_name"], "config": config}


def _check_values(layer: Layer, config: Mapping[str, Any], refuse: Refusal) -> None:
    if config.get("data_format") == "channels_first":
        raise refuse(layer, 'data_format "channels_first" is not supported, "channels_last" is')
    if config.get("mask_zero"):
        raise refuse(layer, "mask_zero = True, and masks are not supported")
    if config.get("stateful"):
        raise refuse(layer, "stateful = True, and a model that keeps state between inputs is not supported")


def _parameters(kind: type) -> dict[str, Any]:
    """Return the parameters of a class's constructor and, where it passes on more, of its bases', with defaults."""
    found: dict[str, Any] = {}
    for base in kind.__mro__:
        if "__init__" not in base.__dict__:
            continue
        parameters = inspect.signature(base.__dict__["__init__"]).parameters.values()
        named = [item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)]
        found = {**{item.name: item.default for item in named}, **found}
        if not any(item.kind is item.VAR_KEYWORD for item in parameters):
            break
    return found


def _is_default(kind: type, key: str, value: object) -> bool:
    """Tell whether a key that tf_keras does not know says nothing: it has its default, or is off."""
    if (key, value) == ("data_format", "channels_last"):
        return True
    default = _parameters(kind).get(key, inspect.Parameter.empty)
    if default is inspect.Parameter.empty:
        return value is None or value is False
    return value == default or (isinstance(default, tuple) and value == list(default))


def is_model(layer: Layer) -> bool:
    """Tell whether a layer of Keras 3 is a whole model whose graph can be walked."""
    keras = load_keras3()
    return isinstance(layer, keras.Sequential) or (isinstance(layer, keras.Model) and hasattr(layer, "_nodes_by_depth"))
