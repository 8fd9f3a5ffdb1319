"""Other arrangements of the same model in memory: an order of execution, and places of its tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from edgewright.pipeline.arena.buffers import Scratch, scratch_buffers, tensor_buffers
from edgewright.pipeline.arena.offline import with_offline_plan, without_offline_plan
from edgewright.pipeline.arena.optimum import Optimum, find_optimum
from edgewright.pipeline.arena.order import reorder_operators
from edgewright.pipeline.arena.revision import TFLM_REVISION
from edgewright.pipeline.arena.scratch import requested_scratch
from edgewright.pipeline.graph.stripping import COMPRESSION
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.vocabulary import Kernels


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """A model that computes the same as another one."""

    graph: Graph
    order: tuple[int, ...]
    """For each operator of the main subgraph its index in the model that was given."""
    optimum: Optimum
    """What the search for its places found; `graph` carries them where TFLM's own plan is not as good."""

    @property
    def is_reordered(self) -> bool:
        """Whether the operators run in another order."""
        return self.order != tuple(range(len(self.order)))


def arrangements(graph: Graph, kernels: Kernels, core: str, revision: str = TFLM_REVISION) -> Iterator[Arrangement]:
    """Give the arrangements that are worth a look: in the model's own order, then in a better one if there is any.

    Args:
        graph: the model; an offline plan that it has is left out.
        kernels: whose kernels run.
        core: kernels may differ between cores.
        revision: of TFLM, and so may they between revisions.
    """
    # TFLM decodes the weights of a compressed model into the plan, with buffers that are not known here.
    if any(entry.name == COMPRESSION for entry in graph.metadata):
        return
    bare = without_offline_plan(graph)
    scratch = requested_scratch(bare, kernels, core, revision)
    own = _arrange(bare, tuple(range(len(bare.main.operators))), scratch)
    yield own
    order = reorder_operators(bare, scratch)
    if order is not None:
        yield _arrange(with_order(bare, order), order, {(0, at): scratch[0, old] for at, old in enumerate(order)})


def with_order(graph: Graph, order: tuple[int, ...]) -> Graph:
    """Let the main subgraph's operators run in another order.

    Args:
        graph: it is not changed.
        order: for each place the operator's index.
    """
    operators = tuple(dataclasses.replace(graph.main.operators[old], index=at) for at, old in enumerate(order))
    main = dataclasses.replace(graph.main, operators=operators)
    return dataclasses.replace(graph, subgraphs=(main, *graph.subgraphs[1:]))


def _arrange(graph: Graph, order: tuple[int, ...], scratch: Scratch) -> Arrangement:
    places = tensor_buffers(graph)
    optimum = find_optimum([buffer for buffer in places if buffer is not None], scratch_buffers(graph, scratch))
    if optimum.offsets is not None:
        found = iter(optimum.offsets)
        graph = with_offline_plan(graph, [None if buffer is None else next(found) for buffer in places])
    return Arrangement(graph=graph, order=order, optimum=optimum)
