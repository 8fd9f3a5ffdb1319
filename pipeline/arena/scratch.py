"""Scratch buffers that kernels request for the time in which they run."""

from __future__ import annotations

from edgewright.pipeline.arena.buffers import Scratch
from edgewright.pipeline.arena.layout import abi_of, layout_of
from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.revision import MEASURED, TFLM_REVISION, Revision, find_revision
from edgewright.pipeline.arena.scratch_cmsis_nn import cmsis_nn_scratch
from edgewright.pipeline.arena.scratch_esp_nn import esp_nn_scratch
from edgewright.pipeline.arena.scratch_reference import AXES_REQUESTS, MEANS, reference_scratch
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.vocabulary import Kernels


def requested_scratch(graph: Graph, kernels: Kernels, core: str, revision: str = TFLM_REVISION) -> Scratch:
    """Return what the operators of all subgraphs request; the arguments are those of `replay`."""
    differences = find_revision(revision)
    return {
        (index, operator.index): scratch_requests(
            Node(subgraph=subgraph, operator=operator), differences.kernels or kernels, core, differences
        )
        for index, subgraph in enumerate(graph.subgraphs)
        for operator in subgraph.operators
    }


def scratch_requests(node: Node, kernels: Kernels, core: str, revision: Revision = MEASURED) -> tuple[int, ...]:
    """Return the bytes of each scratch buffer that an operator's kernel requests, in the order of the requests.

    Args:
        node: the operator.
        kernels: whose kernel runs; an operator for which they have none runs the reference kernel.
        core: kernels may differ between cores.
        revision: what is different in that revision of TFLM.
    """
    own: tuple[int, ...] | None = None
    if kernels is Kernels.CMSIS_NN:
        own = cmsis_nn_scratch(node, core, is_of_2022=revision.is_of_2022)
    if own is not None:
        return own
    requests = reference_scratch(node, layout_of(abi_of(core)).word_bytes)
    if node.operator.label in MEANS and not revision.mean_asks_for_axes:
        requests = requests[:-AXES_REQUESTS]
    return (*requests, *esp_nn_scratch(node, core)) if kernels is Kernels.ESP_NN else requests
