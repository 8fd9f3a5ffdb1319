"""What is counted and measured of a model: the same figures for the source and after every stage.

Every figure is that of the int8 model which the artefact at that point converts to, since that is what a device runs.
"""

from __future__ import annotations

import gzip

import numpy as np
from pydantic import Field

from edgewright.pipeline.figures import Figures
from edgewright.pipeline.graph import Graph, read, total_macs
from edgewright.pipeline.graph.types import Tensor


class Counts(Figures):
    """What a `.tflite` holds."""

    parameter_count: int = Field(description="weights and biases")
    nonzero_parameter_count: int = Field(description="those that are not zero (for int8: not the zero point)")
    mac_count: int = Field(description="multiply-accumulates of one inference")
    file_bytes: int = Field(description="the model as the .tflite that a device runs")
    gzip_bytes: int = Field(description="that file after gzip -9")


class Metrics(Counts):
    """A model at one point of the pipeline."""

    arena_bytes: int = Field(description="smallest arena in which TFLM's host build runs the model")
    float_bytes: int | None = Field(description="the model as a float32 .tflite; null where it is integer already")
    float_scores: dict[str, float] = Field(
        description="figures of the float model on the validation split, the deciding one first; empty without data"
    )
    int8_scores: dict[str, float] = Field(description="the same of the integer model, on dequantized outputs")

    @property
    def float_score(self) -> float:
        """The figure that decides, of the float model."""
        return next(iter(self.float_scores.values()))

    @property
    def int8_score(self) -> float:
        """The figure that decides, of the integer model."""
        return next(iter(self.int8_scores.values()))


def count_tflite(tflite: bytes, *, source: str = "model") -> Counts:
    """Count what a `.tflite` holds.

    Args:
        tflite: the file's bytes.
        source: what the file is called, for messages.

    Raises:
        TfliteError: the file is malformed.
    """
    graph = read(tflite, source=source)
    counts = [(tensor.element_count, _nonzero_count(graph, tensor)) for tensor in _weights(graph)]
    return Counts(
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
