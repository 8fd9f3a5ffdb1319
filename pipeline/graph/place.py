"""How error messages name tensors, operators and subgraphs."""

from __future__ import annotations

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import Operator, Tensor

_NAME_LENGTH = 80


def quoted(name: str) -> str:
    """Quote a name from a file for a message: unprintable characters escaped, and of bounded length.

    >>> quoted("conv/Relu")
    "'conv/Relu'"
    """
    return repr(name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…")


class Place:
    """A subgraph of a model, and what stands in it, by name."""

    def __init__(self, source: str, position: int, count: int) -> None:
        """Name a subgraph.

        Args:
            source: what messages call the model.
            position: the subgraph's index.
            count: how many subgraphs the model has; a single one is not mentioned.
        """
        self.source = source
        self._suffix = f" of subgraph {position}" if count > 1 else ""

    def tensor(self, tensor: Tensor) -> str:
        """Name a tensor."""
        return f"tensor {tensor.index} {quoted(tensor.name)}{self._suffix}"

    def operator(self, operator: Operator) -> str:
        """Name an operator."""
        custom = f" {quoted(operator.custom_name)}" if operator.custom_name else ""
        return f"operator {operator.index} {operator.op}{custom}{self._suffix}"

    def subgraph(self) -> str:
        """Name the subgraph itself."""
        return f"the graph{self._suffix}"

    def error(self, reason: str) -> TfliteError:
        """Build the error for something that does not hold.

        Args:
            reason: a clause without a full stop.
        """
        return TfliteError(f"{self.source}: {reason}. Convert the model again.")
