"""The operator at which a model's activations and scratch take most, and what is alive there."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.arena.buffers import ALIGNMENT, tensor_bytes
from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.scratch import scratch_requests
from edgewright.pipeline.graph.lifetimes import Lifetime, lifetimes
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.vocabulary import Kernels


@dataclass(frozen=True, kw_only=True)
class Peak:
    """One operator of the main subgraph, and the memory that no plan can do without while it runs."""

    operator_index: int
    alive: tuple[Lifetime, ...]
    """Its tensors and those that wait for a later operator, the largest first; bytes as the planner places them."""
    scratch_bytes: int
    """What the operator's kernel requests besides."""

    @property
    def nbytes(self) -> int:
        """Tensors and scratch."""
        return sum(lifetime.nbytes for lifetime in self.alive) + self.scratch_bytes


def find_peak(graph: Graph, kernels: Kernels, core: str) -> Peak | None:
    """Find the operator that needs most; of equal ones the first, and None in a graph without operators.

    Args:
        graph: the model; what its subgraphs hold while they are called is not looked at.
        kernels: whose kernels run.
        core: kernels may differ between cores.
    """
    main = graph.main
    alive = [
        Lifetime(
            tensor_index=lifetime.tensor_index,
            first=lifetime.first,
            last=lifetime.last,
            nbytes=round_up(tensor_bytes(main.tensors[lifetime.tensor_index]), ALIGNMENT),
        )
        for lifetime in lifetimes(main)
        if graph.data(main.tensors[lifetime.tensor_index]) is None
    ]
    peaks = (
        Peak(
            operator_index=operator.index,
            alive=tuple(
                sorted(
                    (lifetime for lifetime in alive if lifetime.first <= operator.index <= lifetime.last),
                    key=lambda lifetime: (-lifetime.nbytes, lifetime.tensor_index),
                )
            ),
            scratch_bytes=sum(
                round_up(nbytes, ALIGNMENT)
                for nbytes in scratch_requests(Node(subgraph=main, operator=operator), kernels, core)
            ),
        )
        for operator in main.operators
    )
    return max(peaks, key=lambda peak: peak.nbytes, default=None)
