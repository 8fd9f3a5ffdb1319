"""What kind of numbers an operator computes with."""

from __future__ import annotations

from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Tensor
from edgewright.pipeline.operator_support import Use

NARROW = (DType.INT8, DType.UINT8, DType.INT4, DType.UINT4, DType.INT2)
CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")


def inputs_of(use: Use) -> tuple[Tensor, ...]:
    """Return all tensors that an operator reads."""
    return tuple(use.subgraph.tensors[index] for index in use.operator.inputs if index != ABSENT)


def outputs_of(use: Use) -> tuple[Tensor, ...]:
    """Return all tensors that an operator writes."""
    return tuple(use.subgraph.tensors[index] for index in use.operator.outputs)


def touches_floats(use: Use) -> bool:
    """Return whether an operator reads or writes floating point."""
    return any(tensor.dtype.is_float for tensor in (*inputs_of(use), *outputs_of(use)))


def hybrid_weights(use: Use, graph: Graph) -> Tensor | None:
    """Return the integer weights that an operator computes with in floating point, or None where it does not."""
    if not touches_floats(use) or use.operator.op in CONVERSIONS:
        return None
    constants = (tensor for tensor in inputs_of(use) if graph.data(tensor) is not None)
    return next((tensor for tensor in constants if tensor.dtype in NARROW), None)


def is_hybrid(use: Use, graph: Graph) -> bool:
    """Return whether an operator has integer weights and floating-point activations."""
    return hybrid_weights(use, graph) is not None
