"""When each computed tensor is alive, and how many bytes any memory plan needs at least."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgewright.pipeline.graph.types import ABSENT, Subgraph
from edgewright.pipeline.rounding import round_up


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """One tensor that needs memory from operator `first` up to and including operator `last`."""

    tensor_index: int
    first: int
    last: int
    nbytes: int


def lifetimes(subgraph: Subgraph) -> tuple[Lifetime, ...]:
    """Find when the tensors of a subgraph are alive.

    An input lives from the start, an output to the end, and a tensor that nothing reads while it is written.
    Constants need no memory; variables outlive a run, so a plan for one run does not move them. Neither is listed.

    Args:
        subgraph: operators in the order of execution.

    Returns:
        One lifetime for each input and each operator's output, by tensor index.
    """
    first = dict.fromkeys(subgraph.inputs, 0)
    last = dict.fromkeys(subgraph.inputs, 0)
    for operator in subgraph.operators:
        for index in operator.outputs:
            first.setdefault(index, operator.index)
            last[index] = operator.index
        for index in operator.inputs:
            if index != ABSENT and index in first:
                last[index] = operator.index
    end = max(len(subgraph.operators) - 1, 0)
    last.update((index, end) for index in subgraph.outputs)
    return tuple(
        Lifetime(tensor_index=index, first=first[index], last=last[index], nbytes=subgraph.tensors[index].nbytes)
        for index in sorted(first)
        if not subgraph.tensors[index].is_variable
    )


def liveness_bound_bytes(alive: Iterable[Lifetime], *, alignment: int = 1) -> int:
    """Compute the bytes that no memory plan can do without: the most that is alive at one operator.

    Args:
        alive: lifetimes of one subgraph.
        alignment: each tensor takes a multiple of this many bytes (16 in TensorFlow Lite Micro).

    Returns:
        The bound; a plan that reaches it need not exist.
    """
    changes: dict[int, int] = {}
    for lifetime in alive:
        rounded_bytes = round_up(lifetime.nbytes, alignment)
        changes[lifetime.first] = changes.get(lifetime.first, 0) + rounded_bytes
        changes[lifetime.last + 1] = changes.get(lifetime.last + 1, 0) - rounded_bytes
    most_bytes = now_bytes = 0
    for _, change in sorted(changes.items()):
        now_bytes += change
        most_bytes = max(most_bytes, now_bytes)
    return most_bytes
