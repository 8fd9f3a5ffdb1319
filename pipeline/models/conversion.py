"""The TFLite converter of a model, with the batch fixed to 1: a free one leaves SHAPE and PACK operators behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.models.opaque import open_opaque
from edgewright.pipeline.surgery.rebuild import unique_name
from edgewright.pipeline.training import KerasModel

Converter = Any
"""A `TFLiteConverter`; TensorFlow ships no types."""


def float_tflite(model: KerasModel) -> bytes:
    """Convert a model to a float32 `.tflite` of batch 1: the common measure of its size and its MACs."""
    content: bytes = converter_for(model).convert()
    return content


def converter_for(model: KerasModel) -> Converter:
    """Return a converter of a tf_keras model; inputs and outputs stand in the model's order.

    Args:
        model: with fixed inputs.
    """
    tensorflow = load_tensorflow()
    taken: set[str] = set()
    specifications = [
        tensorflow.TensorSpec((1, *tensor.shape[1:]), tensor.dtype, name=unique_name(name, taken))
        for tensor, name in zip(model.inputs, model.input_names, strict=True)
    ]

    def infer(*tensors: Any) -> Any:
        return model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)

    function = tensorflow.function(infer).get_concrete_function(*specifications)
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([function], model)


def converter_for_opaque(path: Path, *, trust: bool = False) -> Converter:
    """Return a converter of an exported SavedModel's serving signature; inputs and outputs are sorted by name.

    Args:
        path: the folder.
        trust: allow operators that touch files.

    Raises:
        ModelError: it is damaged or not trusted, has no serving signature, or an input that is not fixed.
    """
    tensorflow = load_tensorflow()
    opaque = open_opaque(path, trust=trust)
    specifications = [
        tensorflow.TensorSpec((1, *tensor.shape), tensor.dtype, name=tensor.name) for tensor in opaque.inputs
    ]

    def infer(*tensors: Any) -> Any:
        result = opaque.function(**{facts.name: tensor for facts, tensor in zip(opaque.inputs, tensors, strict=True)})
        return [result[facts.name] for facts in opaque.outputs]

    function = tensorflow.function(infer).get_concrete_function(*specifications)
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([function], opaque.holder)
