"""What a caller fills and reads: the inputs and outputs of a graph, and the integers behind those in floating point."""

from __future__ import annotations

from edgewright.pipeline.graph.types import DType, Graph, Tensor

BOUNDARY_DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)
"""Element types that inputs and outputs of a full-integer model may have; float32 is converted at once."""


def input_tensors(graph: Graph) -> tuple[Tensor, ...]:
    """Return the tensors that a caller fills."""
    return tuple(graph.main.tensors[index] for index in graph.main.inputs)


def output_tensors(graph: Graph) -> tuple[Tensor, ...]:
    """Return the tensors that a caller reads."""
    return tuple(graph.main.tensors[index] for index in graph.main.outputs)


def integers_behind(graph: Graph, tensor: Tensor) -> Tensor | None:
    """Return the integers that an input or output stands for.

    Args:
        graph: the model.
        tensor: an input or output of its main subgraph.

    Returns:
        The tensor itself where it is no float; what QUANTIZE makes of a float input, or DEQUANTIZE makes a float output
        of; None for a float that something else reads or writes.
    """
    if not tensor.dtype.is_float:
        return tensor
    for operator in graph.main.operators:
        if operator.op == "QUANTIZE" and operator.inputs == (tensor.index,):
            return graph.main.tensors[operator.outputs[0]]
        if operator.op == "DEQUANTIZE" and operator.outputs == (tensor.index,):
            return graph.main.tensors[operator.inputs[0]]
    return None
