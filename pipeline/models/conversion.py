"""Models on their way to TensorFlow Lite: batch fixed to 1, inputs and outputs in the model's own order.

A free batch would leave SHAPE and PACK operators behind.
TensorFlow's converter orders several inputs and outputs as a hash table happens to; their names in the signature tell
them apart, so calibration samples are fed by name, and the order is mended in the result.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.graph import read, write
from edgewright.pipeline.models.opaque import open_opaque
from edgewright.pipeline.surgery.rebuild import unique_name

Converter = Any
"""A `TFLiteConverter`; TensorFlow ships no types."""
Array = npt.NDArray[np.generic]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conversion:
    """A converter that was set up for one model, and the model's order."""

    converter: Converter
    """Its options are the caller's to set."""
    input_names: tuple[str, ...]
    """As the signature has them, in the model's order."""
    output_names: tuple[str, ...]

    def feed(self, samples: Sequence[Array]) -> dict[str, Array]:
        """Return what a representative dataset yields for one sample.

        Args:
            samples: one array (1, *shape) for each input, in the model's order.
        """
        return dict(zip(self.input_names, samples, strict=True))

    def run(self) -> bytes:
        """Convert.

        Returns:
            A `.tflite` whose inputs and outputs stand in the model's order.
        """
        content: bytes = self.converter.convert()
        return _in_order(content, self.input_names, self.output_names)


def float_tflite(model: KerasModel) -> bytes:
    """Convert a model to a float32 `.tflite` of batch 1: the common measure of its size and its MACs."""
    return prepare_conversion(model).run()


def converter_for(model: KerasModel) -> Converter:
    """Return the bare converter of a model with one input and one output; `prepare_conversion` takes any model."""
    return prepare_conversion(model).converter


def prepare_conversion(model: KerasModel) -> Conversion:
    """Set up the conversion of a tf_keras model with fixed inputs."""
    inputs = _unique(model.input_names)
    outputs = _unique(model.output_names)
    specifications = [
        load_tensorflow().TensorSpec((1, *tensor.shape[1:]), tensor.dtype, name=name)
        for tensor, name in zip(model.inputs, inputs, strict=True)
    ]

    def infer(*tensors: Any) -> Mapping[str, Any]:
        result = model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)
        return dict(zip(outputs, load_tensorflow().nest.flatten(result), strict=True))

    return _prepare(infer, specifications, inputs, outputs, model)


def prepare_opaque_conversion(path: Path, *, trust: bool = False) -> Conversion:
    """Set up the conversion of an exported SavedModel's serving signature; its order is that of the names.

    TensorFlow cannot convert a recurrent layer that was exported with a free batch.

    Args:
        path: the folder.
        trust: allow operators that touch files.

    Raises:
        ModelError: it is damaged or not trusted, has no serving signature, or an input that is not fixed.
    """
    opaque = open_opaque(path, trust=trust)
    inputs = tuple(tensor.name for tensor in opaque.inputs)
    outputs = tuple(tensor.name for tensor in opaque.outputs)
    specifications = [
        load_tensorflow().TensorSpec((1, *tensor.shape), tensor.dtype, name=tensor.name) for tensor in opaque.inputs
    ]

    def infer(*tensors: Any) -> Mapping[str, Any]:
        result = opaque.function(**dict(zip(inputs, tensors, strict=True)))
        return {name: result[name] for name in outputs}

    return _prepare(infer, specifications, inputs, outputs, opaque.holder)


def _prepare(
    infer: Any, specifications: Sequence[Any], inputs: tuple[str, ...], outputs: tuple[str, ...], holder: Any
) -> Conversion:
    tensorflow = load_tensorflow()
    function = tensorflow.function(infer).get_concrete_function(*specifications)
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([function], holder)
    return Conversion(converter=converter, input_names=inputs, output_names=outputs)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    taken: set[str] = set()
    return tuple(unique_name(name, taken) for name in names)


def _in_order(content: bytes, input_names: Sequence[str], output_names: Sequence[str]) -> bytes:
    if len(input_names) == len(output_names) == 1:
        return content
    graph = read(content, source="the converter's result")
    (signature,) = graph.signatures
    inputs, outputs = dict(signature.inputs), dict(signature.outputs)
    ordered = dataclasses.replace(
        graph.main,
        inputs=tuple(inputs[name] for name in input_names),
        outputs=tuple(outputs[name] for name in output_names),
    )
    if ordered == graph.main:
        return content
    subgraphs = (ordered, *graph.subgraphs[1:])
    return write(dataclasses.replace(graph, subgraphs=subgraphs))
