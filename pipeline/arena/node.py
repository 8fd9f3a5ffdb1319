"""One operator with the tensors that it reads and writes: what the rules of kernels look at."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.graph.types import ABSENT, DType, Operator, Subgraph, Tensor


@dataclass(frozen=True, kw_only=True)
class Node:
    """An operator of a subgraph."""

    subgraph: Subgraph
    operator: Operator

    def input(self, position: int) -> Tensor | None:
        """The tensor that is read at a position, or None where there is none."""
        return self._tensor(self.operator.inputs, position)

    def output(self, position: int = 0) -> Tensor | None:
        """The tensor that is written at a position, or None where there is none."""
        return self._tensor(self.operator.outputs, position)

    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors that are read or written, each as often as it is named."""
        indices = (*self.operator.inputs, *self.operator.outputs)
        return tuple(self.subgraph.tensors[index] for index in indices if index != ABSENT)

    def option(self, name: str, default: int) -> int:
        """A whole-numbered option, or the default where the operator has none of that name."""
        value = self.operator.options.get(name, default)
        return value if isinstance(value, int) else default

    @property
    def dtype(self) -> DType | None:
        """Element type of the first input."""
        tensor = self.input(0)
        return tensor.dtype if tensor else None

    def _tensor(self, indices: tuple[int, ...], position: int) -> Tensor | None:
        if position >= len(indices) or indices[position] == ABSENT:
            return None
        return self.subgraph.tensors[indices[position]]


def extent(tensor: Tensor | None, dimension: int) -> int:
    """Return a tensor's extent along a dimension; 1 where it has none, so that a product still counts the rest."""
    if tensor is None or not -len(tensor.shape) <= dimension < len(tensor.shape):
        return 1
    return tensor.shape[dimension]


def element_count(tensor: Tensor | None) -> int:
    """Return how many elements a tensor has, 0 where there is no tensor."""
    return tensor.element_count if tensor else 0
