"""From the typed graph of a `.tflite` to a program: every figure that TFLM prepares at start-up, computed here.

Adding an operator is one function in a module of its family, and its line in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from edgewright.pipeline.codegen.operations import Concatenation
from edgewright.pipeline.codegen.program import Program, Step, Value
from edgewright.pipeline.codegen.reading.boundary import read_dequantize, read_quantize
from edgewright.pipeline.codegen.reading.convolutions import (
    read_convolution,
    read_depthwise_convolution,
    read_fully_connected,
)
from edgewright.pipeline.codegen.reading.elementwise import read_addition, read_extreme, read_multiplication
from edgewright.pipeline.codegen.reading.movements import (
    read_concatenation,
    read_pad,
    read_reinterpretation,
    read_resize,
    read_split,
    read_strided_slice,
    read_transpose,
)
from edgewright.pipeline.codegen.reading.node import INSTEAD, Node, scale_of, zero_point_of
from edgewright.pipeline.codegen.reading.quantization import FactorError
from edgewright.pipeline.codegen.reading.reductions import read_mean, read_softmax
from edgewright.pipeline.codegen.reading.tables import read_table
from edgewright.pipeline.codegen.reading.windows import read_pool
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Tensor

__all__ = ["READERS", "read_program"]

READERS: tuple[tuple[str, Callable[[Node], Step]], ...] = (
    ("ADD", read_addition),
    ("AVERAGE_POOL_2D", read_pool),
    ("CONCATENATION", read_concatenation),
    ("CONV_2D", read_convolution),
    ("DEPTHWISE_CONV_2D", read_depthwise_convolution),
    ("DEQUANTIZE", read_dequantize),
    ("EXPAND_DIMS", read_reinterpretation),
    ("FULLY_CONNECTED", read_fully_connected),
    ("HARD_SWISH", read_table),
    ("LEAKY_RELU", read_table),
    ("LOGISTIC", read_table),
    ("MAXIMUM", read_extreme),
    ("MAX_POOL_2D", read_pool),
    ("MEAN", read_mean),
    ("MINIMUM", read_extreme),
    ("MUL", read_multiplication),
    ("PAD", read_pad),
    ("PADV2", read_pad),
    ("QUANTIZE", read_quantize),
    ("RELU", read_table),
    ("RELU6", read_table),
    ("RESHAPE", read_reinterpretation),
    ("RESIZE_NEAREST_NEIGHBOR", read_resize),
    ("SOFTMAX", read_softmax),
    ("SPLIT", read_split),
    ("SQUEEZE", read_reinterpretation),
    ("STRIDED_SLICE", read_strided_slice),
    ("SUB", read_addition),
    ("TANH", read_table),
    ("TRANSPOSE", read_transpose),
)
"""Every operator that the static engine computes, and what reads it."""

BOUNDARY = (DType.INT8, DType.UINT8, DType.FLOAT32)
"""Element types of inputs and outputs."""


def read_program(graph: Graph, layer_names: Sequence[str]) -> Program:
    """Read a model.

    Args:
        graph: the model.
        layer_names: of the source model, one for each operator.

    Returns:
        One step for each operator, in the graph's order; a constant that an operator reads as it would a computed
        tensor, and that its operation cannot hold, is written by a step of its own before.

    Raises:
        TfliteError: something is not what the static engine computes; the sentence names layer and operator.
    """
    _check_boundary(graph)
    readers = dict(READERS)
    steps: list[Step] = []
    written = set(graph.main.inputs)
    for operator, layer in zip(graph.main.operators, layer_names, strict=True):
        node = Node(graph=graph, operator=operator, layer=layer)
        reader = readers.get(operator.op)
        if reader is None:
            raise node.unknown()
        try:
            step = reader(node)
        except FactorError:
            raise node.refuse("scales that differ too much") from None
        steps += [*_constants(graph, step.inputs, written, step.layers), step]
        written.update(step.outputs)
    steps += _constants(graph, graph.main.outputs, written, tuple(one.index for one in graph.main.operators[-1:]))
    _check_outputs(graph, written)
    return Program(
        values=_values(graph, steps),
        steps=tuple(steps),
        inputs=graph.main.inputs,
        outputs=graph.main.outputs,
    )


def _check_boundary(graph: Graph) -> None:
    """Refuse more than one subgraph, and inputs and outputs of other types."""
    if len(graph.subgraphs) > 1:
        raise TfliteError(
            f"The model has {len(graph.subgraphs)} subgraphs (a branch, a loop or a state), and the static engine "
            f"computes one. {INSTEAD}"
        )
    for role, indices in (("input", graph.main.inputs), ("output", graph.main.outputs)):
        for index in indices:
            tensor = graph.main.tensors[index]
            if tensor.dtype not in BOUNDARY:
                names = ", ".join(dtype.value for dtype in BOUNDARY)
                raise TfliteError(
                    f'The {role} "{tensor.name}" is {tensor.dtype.value}, and the static engine takes {names}. '
                    "Convert with int8 as inference_input_type and inference_output_type, or use runtime=tflm."
                )


def _check_outputs(graph: Graph, written: set[int]) -> None:
    """Refuse outputs that no step writes."""
    for index in graph.main.outputs:
        tensor = graph.main.tensors[index]
        if index not in written:
            raise TfliteError(
                f'The output "{tensor.name}" is a constant of {tensor.dtype.value}, which the static engine does not '
                f"write. {INSTEAD}"
            )


def _constants(graph: Graph, indices: Iterable[int], written: set[int], layers: tuple[int, ...]) -> Iterator[Step]:
    """Write constants that are read as values: a concatenation of one constant part, without any input."""
    for index in dict.fromkeys(indices):
        tensor = graph.main.tensors[index]
        array = graph.array(tensor) if tensor.dtype is DType.INT8 else None
        if array is not None and index not in written:
            written.add(index)
            shape = tensor.shape or (1,)
            constant = Concatenation(axis=0, shapes=(shape,), constants=(array.astype(np.int8).reshape(shape),))
            yield Step(operation=constant, inputs=(), outputs=(index,), layers=layers)


def _values(graph: Graph, steps: Iterable[Step]) -> dict[int, Value]:
    indices = dict.fromkeys(graph.main.inputs)
    indices.update(dict.fromkeys(index for step in steps for index in step.outputs))
    return {index: _value(graph.main.tensors[index]) for index in indices}


def _value(tensor: Tensor) -> Value:
    return Value(
        index=tensor.index,
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        scale=scale_of(tensor),
        zero_point=zero_point_of(tensor),
    )
