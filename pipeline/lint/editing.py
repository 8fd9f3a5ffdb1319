"""Changing a graph: new constants, tensors and operators beside those that stay as they are."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.arena import without_offline_plan
from edgewright.pipeline.graph.types import DType, Graph, Operator, Quantization, Tensor

PAD = "PAD"
SLICE = "SLICE"
INT8_VERSION = 2
"""The version of both that int8 values came with."""


class Editor:
    """Collects changes of the main subgraph; indices of tensors stay as they are, and new ones follow."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._tensors = list(graph.main.tensors)
        self._operators = list(graph.main.operators)
        self._buffers = list(graph.buffers)

    def tensor(self, like: Tensor, shape: tuple[int, ...]) -> int:
        """Add a tensor that something computes: of another's type and quantization, in a shape of its own."""
        new = dataclasses.replace(
            like, index=len(self._tensors), name="", shape=shape, shape_signature=(), buffer_index=0, is_variable=False
        )
        self._tensors.append(new)
        return new.index

    def constant(self, values: npt.NDArray[np.generic]) -> int:
        """Add a constant without quantization, of the array's type."""
        self._buffers.append(values.tobytes())
        index = len(self._tensors)
        dtype = DType(values.dtype.name)
        self._tensors.append(
            Tensor(index=index, name="", shape=values.shape, dtype=dtype, buffer_index=len(self._buffers) - 1)
        )
        return index

    def array(self, index: int) -> npt.NDArray[np.generic]:
        """Return what a constant holds by now; its type is one that numpy has."""
        tensor = self._tensors[index]
        return np.frombuffer(self._buffers[tensor.buffer_index], np.dtype(tensor.dtype.value)).reshape(tensor.shape)

    def quantization(self, index: int) -> Quantization | None:
        """Return how a tensor is quantized by now."""
        return self._tensors[index].quantization

    def change(self, index: int, **fields: object) -> None:
        """Replace fields of a tensor that stays where it is."""
        self._tensors[index] = dataclasses.replace(self._tensors[index], **fields)  # type: ignore[arg-type]

    def fill(self, index: int, values: npt.NDArray[np.generic], **fields: object) -> None:
        """Give a constant another content and shape; a buffer that other tensors share is left to them."""
        own = self._tensors[index].buffer_index
        others = (tensor for graph in self._graph.subgraphs[1:] for tensor in graph.tensors)
        shared = sum(tensor.buffer_index == own for tensor in (*self._tensors, *others)) > 1
        if shared:
            self._buffers.append(values.tobytes())
            own = len(self._buffers) - 1
        else:
            self._buffers[own] = values.tobytes()
        self.change(index, buffer_index=own, shape=values.shape, shape_signature=(), **fields)

    def insert(
        self, position: int, op: str, inputs: tuple[int, ...], output: int, *, version: int, options_type: str
    ) -> None:
        """Put an operator in front of the one at a position."""
        new = Operator(
            index=position, op=op, version=version, inputs=inputs, outputs=(output,), options_type=options_type
        )
        self._operators.insert(position, new)

    def rewire(self, position: int, **fields: object) -> None:
        """Replace fields of an operator: what it reads and writes, or its options."""
        self._operators[position] = dataclasses.replace(self._operators[position], **fields)  # type: ignore[arg-type]

    def graph(self) -> Graph:
        """Return the changed graph; a memory plan of the old one is dropped."""
        operators = tuple(dataclasses.replace(one, index=index) for index, one in enumerate(self._operators))
        main = dataclasses.replace(self._graph.main, tensors=tuple(self._tensors), operators=operators)
        return without_offline_plan(
            dataclasses.replace(self._graph, subgraphs=(main, *self._graph.subgraphs[1:]), buffers=tuple(self._buffers))
        )
