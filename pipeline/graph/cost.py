"""What a graph costs: multiply-accumulates from tensor shapes, and bytes of weights."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import ABSENT, Graph, Operator, Subgraph, Tensor

_LSTM_MATRICES = (*range(1, 9), 16)
"""Inputs of an LSTM that are multiplied as matrices: four for the input, four for the state, and the projection."""


def operator_macs(graph: Graph, operator: Operator, *, subgraph: Subgraph | None = None) -> int:
    """Count the multiply-accumulates of one operator.

    Counted are the products of convolutions, fully-connected layers, matrix multiplications and LSTMs, padding
    included; adding a bias, activations, pooling and element-wise operators count as 0.

    Args:
        graph: the graph.
        operator: one of its operators.
        subgraph: where the operator stands; the main one if not given.

    Returns:
        Multiply-accumulates of one run.

    Raises:
        TfliteError: the operator lacks a tensor that its kind must have, or one has the wrong rank.
    """
    formula = _FORMULAS.get(operator.op)
    return formula(_Tensors(subgraph or graph.main, operator)) if formula else 0


def total_macs(graph: Graph) -> int:
    """Count the multiply-accumulates of one run of the main subgraph.

    Raises:
        TfliteError: as `operator_macs` does.
    """
    return sum(operator_macs(graph, operator) for operator in graph.main.operators)


def operator_weight_bytes(graph: Graph, operator: Operator, *, subgraph: Subgraph | None = None) -> int:
    """Count the constant bytes that an operator reads: weights, biases, and parameters such as shapes and axes.

    Args:
        graph: the graph.
        operator: one of its operators.
        subgraph: where the operator stands; the main one if not given.

    Returns:
        Bytes, a buffer that the operator reads twice counted once.
    """
    tensors = (subgraph or graph.main).tensors
    buffers = {tensors[index].buffer_index for index in operator.inputs if index != ABSENT}
    return sum(len(graph.buffers[buffer_index]) for buffer_index in buffers)


def total_weight_bytes(graph: Graph) -> int:
    """Count the constant bytes of all tensors, a buffer that several share counted once."""
    buffers = {tensor.buffer_index for subgraph in graph.subgraphs for tensor in subgraph.tensors}
    return sum(len(graph.buffers[buffer_index]) for buffer_index in buffers)


class _Tensors:
    """An operator's tensors by position, refused with a sentence where the operator does not have them."""

    def __init__(self, subgraph: Subgraph, operator: Operator) -> None:
        self._subgraph = subgraph
        self.operator = operator

    def input(self, position: int, *, rank: int | None = None, min_rank: int = 0) -> Tensor:
        """Take an input of a given rank, or of at least one."""
        inputs = self.operator.inputs
        if position >= len(inputs) or inputs[position] == ABSENT:
            raise self._error(f"has no input {position}")
        tensor = self._subgraph.tensors[inputs[position]]
        dimensions = len(tensor.shape)
        if dimensions < min_rank or (rank is not None and dimensions != rank):
            raise self._error(f"has {dimensions} dimensions on input {position}, and {min_rank or rank} are expected")
        return tensor

    def output(self, position: int) -> Tensor:
        """Take an output."""
        if position >= len(self.operator.outputs):
            raise self._error(f"has no output {position}")
        return self._subgraph.tensors[self.operator.outputs[position]]

    def optional_elements(self, position: int) -> int:
        """Count the elements of an input that may be absent."""
        inputs = self.operator.inputs
        if position >= len(inputs) or inputs[position] == ABSENT:
            return 0
        return self._subgraph.tensors[inputs[position]].element_count

    def _error(self, reason: str) -> TfliteError:
        return TfliteError(f"operator {self.operator.index} {self.operator.op} {reason}. Convert the model again.")


def _convolution(tensors: _Tensors) -> int:
    """Filter [outputs, height, width, inputs of a group]: each output value sums over all but the first axis."""
    return tensors.output(0).element_count * math.prod(tensors.input(1, rank=4).shape[1:])


def _depthwise_convolution(tensors: _Tensors) -> int:
    """Filter [1, height, width, outputs]: each output value sums over one window."""
    return tensors.output(0).element_count * math.prod(tensors.input(1, rank=4).shape[1:3])


def _transposed_convolution(tensors: _Tensors) -> int:
    """Filter [outputs, height, width, inputs]: each input value is spread over a window of all outputs."""
    return tensors.input(2, rank=4).element_count * math.prod(tensors.input(1, rank=4).shape[:3])


def _fully_connected(tensors: _Tensors) -> int:
    """Weights [outputs, inputs]."""
    return tensors.output(0).element_count * tensors.input(1, rank=2).shape[1]


def _matrix_product(tensors: _Tensors) -> int:
    """Left operand [..., rows, depth], the last two swapped with `adj_x`."""
    shape = tensors.input(0, min_rank=2).shape
    return tensors.output(0).element_count * (shape[-2] if tensors.operator.options.get("adj_x") else shape[-1])


def _lstm(tensors: _Tensors) -> int:
    """Every matrix is applied once for each step of each sequence; the gates' element-wise products are left out."""
    steps = math.prod(tensors.input(0, min_rank=2).shape[:-1])
    return steps * sum(tensors.optional_elements(position) for position in _LSTM_MATRICES)


_FORMULAS: dict[str, Callable[[_Tensors], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise_convolution,
    "TRANSPOSE_CONV": _transposed_convolution,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _matrix_product,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
