"""A model as a file for apps: with names, a signature, and the metadata that TensorFlow Lite's tools read.

Microcontrollers get none of these, and one conversion serves both: what is said here comes from the graph itself and
from what the pipeline knows of the samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from edgewright.pipeline.graph import (
    DType,
    Graph,
    Signature,
    Tensor,
    input_tensors,
    integers_behind,
    output_tensors,
)
from edgewright.pipeline.graph.metadata import ColorSpace, Image, ModelDescription, TensorDescription, write_described
from edgewright.pipeline.preprocessing import Normalization, Preprocessing
from edgewright.pipeline.quantization import QUANTIZABLE, dequantize, limits_of

LABELS_NAME = "labels.txt"
SIGNATURE_KEY = "serving_default"
COLOR_SPACES = {1: ColorSpace.GRAYSCALE, 3: ColorSpace.RGB}
IMAGE_RANK = 4


def labels_text(labels: Sequence[str]) -> bytes:
    """Return labels as a text file, each on one line, whatever it contains."""
    lines = (f"{' '.join(label.splitlines())}\n" for label in labels)
    return "".join(lines).encode("utf-8", errors="replace")


def publish(
    graph: Graph, *, name: str, description: str, labels: Sequence[str], preprocessing: Sequence[Preprocessing]
) -> bytes:
    """Write a model for apps.

    Args:
        graph: a full-integer model.
        name: of the model, any text.
        description: one sentence.
        labels: one for each element of the first output; none where the model does not classify.
        preprocessing: what is done to the samples of each input; none stands for nothing.

    Returns:
        A `.tflite` that computes what the graph computes.
    """
    given = tuple(preprocessing) or (Preprocessing(),) * len(graph.main.inputs)
    inputs = tuple(
        _describe_input(graph, tensor, declared) for tensor, declared in zip(input_tensors(graph), given, strict=True)
    )
    outputs = tuple(
        _describe(graph, tensor, labels_name=LABELS_NAME if labels and number == 0 else "")
        for number, tensor in enumerate(output_tensors(graph))
    )
    described = ModelDescription(
        name=_encodable(name), description=_encodable(description), inputs=inputs, outputs=outputs
    )
    files = {LABELS_NAME: labels_text(labels)} if labels else {}
    return write_described(with_signature(graph), described, files)


def with_signature(graph: Graph) -> Graph:
    """Return the graph with a signature that names inputs and outputs, as the converter writes it.

    One that has a signature, or whose names do not tell its inputs or its outputs apart, stays as it is.
    """
    inputs, outputs = _named(graph, graph.main.inputs), _named(graph, graph.main.outputs)
    if graph.signatures or inputs is None or outputs is None:
        return graph
    signature = Signature(key=SIGNATURE_KEY, inputs=inputs, outputs=outputs, subgraph_index=0)
    return dataclasses.replace(graph, signatures=(signature,))


def _named(graph: Graph, indices: Sequence[int]) -> tuple[tuple[str, int], ...] | None:
    pairs = tuple((graph.main.tensors[index].name, index) for index in indices)
    return pairs if len({name for name, _ in pairs} - {""}) == len(pairs) else None


def _describe_input(graph: Graph, tensor: Tensor, declared: Preprocessing) -> TensorDescription:
    described = _describe(graph, tensor)
    if described.minimum is None and tensor.dtype is not DType.FLOAT32:
        return described
    mean, std = combined_normalization(declared)
    color_space = COLOR_SPACES.get(tensor.shape[-1]) if len(tensor.shape) == IMAGE_RANK else None
    image = Image(color_space=color_space, height=tensor.shape[1], width=tensor.shape[2]) if color_space else None
    return dataclasses.replace(described, mean=mean, std=std, image=image)


def _describe(graph: Graph, tensor: Tensor, *, labels_name: str = "") -> TensorDescription:
    minimum, maximum = _range(graph, tensor)
    return TensorDescription(name=tensor.name, minimum=minimum, maximum=maximum, labels_name=labels_name)


def combined_normalization(declared: Preprocessing) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Bring `(x * scale + offset - mean) / std` into the metadata's form `(x - mean) / std`.

    Returns:
        Mean and standard deviation, one figure each or one for each channel; none of both where a scale is 0.
    """
    scale, offset = (np.atleast_1d(np.asarray(value, np.float64)) for value in (declared.scale, declared.offset))
    mean, std = np.zeros(1), np.ones(1)
    if isinstance(declared.normalization, Normalization):
        mean, std = np.asarray(declared.normalization.mean), np.asarray(declared.normalization.std)
    if not scale.all():
        return (), ()
    means, stds = np.broadcast_arrays((mean - offset) / scale, std / scale)
    return tuple(map(float, means)), tuple(map(float, stds))


def _range(graph: Graph, tensor: Tensor) -> tuple[float, float] | tuple[None, None]:
    """Return the lowest and the highest real value that a tensor can hold, or None twice where integers are plain."""
    integers = integers_behind(graph, tensor) or tensor
    quantization = integers.quantization
    if quantization is None or quantization.is_per_channel or integers.dtype not in QUANTIZABLE:
        return None, None
    limits = limits_of(integers.dtype)
    ends = np.array([limits.min, limits.max], np.dtype(integers.dtype.value))
    minimum, maximum = dequantize(ends, quantization).tolist()
    return minimum, maximum


def _encodable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")
