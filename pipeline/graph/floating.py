"""The float counterpart of an integer graph: the same operators on the real values of the weights.

What differs between the two is what quantizing the activations costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Quantization, Subgraph, Tensor

_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
_INTEGERS = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64})


def dequantize_graph(graph: Graph) -> Graph:
    """Return the float counterpart of a graph of one subgraph.

    Args:
        graph: full-integer; it is not changed.

    Returns:
        A graph with the same tensors; those that carry a scale hold float32, and conversions are left out.

    Raises:
        TfliteError: there are several subgraphs, variables, or constants of a type that is not read (int4).
    """
    if len(graph.subgraphs) > 1 or any(tensor.is_variable for tensor in graph.main.tensors):
        raise TfliteError("a model with several subgraphs or with variables has no float counterpart here.")
    buffers = list(graph.buffers)
    tensors = tuple(_as_float(graph, tensor, buffers) for tensor in graph.main.tensors)
    main = _without_conversions(replace(graph.main, tensors=tensors))
    return replace(graph, subgraphs=(main,), buffers=tuple(buffers), metadata=(), signatures=())


def _as_float(graph: Graph, tensor: Tensor, buffers: list[bytes]) -> Tensor:
    """Return a tensor of real values; a constant's are appended to the buffers."""
    if tensor.quantization is None or tensor.dtype.is_float:
        return tensor
    floating = replace(tensor, dtype=DType.FLOAT32, quantization=None, minimums=(), maximums=())
    content = graph.data(tensor)
    if content is None:
        return floating
    if tensor.dtype not in _INTEGERS:
        raise TfliteError(f"constants of {tensor.dtype.value} have no float counterpart here.")
    array = np.frombuffer(content, np.dtype(tensor.dtype.value)).reshape(tensor.shape)
    buffers.append(_real_values(array, tensor.quantization).tobytes())
    return replace(floating, buffer_index=len(buffers) - 1)


def _real_values(array: npt.NDArray[np.generic], quantization: Quantization) -> npt.NDArray[np.float32]:
    """Return the real values of a constant, with a scale for all or one for each slice along an axis."""
    shape = [1] * array.ndim
    if quantization.is_per_channel:
        shape[quantization.axis] = -1
    scales = np.array(quantization.scales, np.float64).reshape(shape)
    zero_points = np.array(quantization.zero_points or (0,), np.int64)
    zero_points = np.broadcast_to(zero_points, len(quantization.scales)).reshape(shape)
    real: npt.NDArray[np.float64] = (array.astype(np.int64) - zero_points) * scales
    return real.astype(np.float32)


def _without_conversions(main: Subgraph) -> Subgraph:
    """Leave out what converts between types: its result is its input now."""
    same: dict[int, int] = {}
    operators: list[Operator] = []
    for operator in main.operators:
        inputs = tuple(same.get(index, index) if index != ABSENT else ABSENT for index in operator.inputs)
        if operator.op in _CONVERSIONS:
            same[operator.outputs[0]] = inputs[0]
        else:
            operators.append(replace(operator, index=len(operators), inputs=inputs))
    return replace(main, operators=tuple(operators), outputs=tuple(same.get(index, index) for index in main.outputs))
