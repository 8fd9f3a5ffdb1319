"""What is counted and measured of a model: the same figures for the source and after every stage."""

from __future__ import annotations

import gzip

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgewright.pipeline.data import IntArray
from edgewright.pipeline.figures import Figures
from edgewright.pipeline.graph import Graph, read, total_macs
from edgewright.pipeline.graph.types import Tensor


class Metrics(Figures):
    """Figures of one model at one point of the pipeline."""

    accuracy: float | None = Field(description="share of test samples whose class is right, 0 to 1; null without data")
    parameter_count: int = Field(description="weights and biases")
    nonzero_parameter_count: int = Field(description="those that are not zero (for int8: not the zero point)")
    mac_count: int = Field(description="multiply-accumulates of one inference, counted from the .tflite")
    file_bytes: int = Field(description="the model as a .tflite (float32 until it is quantized)")
    gzip_bytes: int = Field(description="that file after gzip -9")


def class_accuracy(outputs: npt.NDArray[np.generic], y: IntArray) -> float:
    """Return the share of samples whose largest output is their class.

    Args:
        outputs: (N, classes), any numeric dtype.
        y: (N,) class indices.
    """
    return float((outputs.argmax(axis=-1) == y).mean())


def measure_tflite(tflite: bytes, accuracy: float | None, *, source: str = "model") -> Metrics:
    """Count what a `.tflite` holds.

    Args:
        tflite: the file's bytes.
        accuracy: measured elsewhere, or None.
        source: what the file is called, for messages.

    Raises:
        TfliteError: the file is malformed.
    """
    graph = read(tflite, source=source)
    counts = [(tensor.element_count, _nonzero_count(graph, tensor)) for tensor in _weights(graph)]
    return Metrics(
        accuracy=accuracy,
        parameter_count=sum(total for total, _ in counts),
        nonzero_parameter_count=sum(nonzero for _, nonzero in counts),
        mac_count=total_macs(graph),
        file_bytes=len(tflite),
        gzip_bytes=len(gzip.compress(tflite, compresslevel=9, mtime=0)),
    )


WEIGHT_OPERATORS = frozenset(
    {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF"}
)


def _weights(graph: Graph) -> list[Tensor]:
    """Return the constant tensors that are weights or biases: learned numbers, not shapes or paddings."""
    subgraph = graph.main
    found: dict[int, Tensor] = {}
    for operator in subgraph.operators:
        for position, index in enumerate(operator.inputs):
            if index < 0 or graph.data(subgraph.tensors[index]) is None:
                continue
            tensor = subgraph.tensors[index]
            if operator.op in WEIGHT_OPERATORS:
                is_shape = operator.op == "TRANSPOSE_CONV" and position == 0
                if not is_shape:
                    found[index] = tensor
            elif tensor.dtype.is_float or tensor.quantization is not None:
                found[index] = tensor
    return list(found.values())


def _nonzero_count(graph: Graph, tensor: Tensor) -> int:
    if tensor.dtype.value == "int4":
        packed = np.frombuffer(graph.data(tensor) or b"", dtype=np.uint8)
        return int(np.count_nonzero(packed & 0xF) + np.count_nonzero(packed >> 4))
    values = graph.array(tensor)
    if values is None:
        return 0
    zero_point = tensor.quantization.zero_points[0] if tensor.quantization else 0
    return int(np.count_nonzero(values.astype(np.float64) != zero_point))
