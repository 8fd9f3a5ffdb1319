"""Scratch buffers that kernels request for the time in which they run."""

from __future__ import annotations

from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.scratch_cmsis_nn import cmsis_nn_scratch
from edgewright.pipeline.arena.scratch_esp_nn import esp_nn_scratch
from edgewright.pipeline.arena.scratch_reference import reference_scratch
from edgewright.pipeline.vocabulary import Kernels


def scratch_requests(node: Node, kernels: Kernels, core: str) -> tuple[int, ...]:
    """Return the bytes of each scratch buffer that an operator's kernel requests, in the order of the requests.

    Args:
        node: the operator.
        kernels: whose kernel runs; an operator for which they have none runs the reference kernel.
        core: kernels may differ between cores.
    """
    if kernels is Kernels.CMSIS_NN:
        own = cmsis_nn_scratch(node, core)
        return reference_scratch(node) if own is None else own
    if kernels is Kernels.ESP_NN:
        return (*reference_scratch(node), *esp_nn_scratch(node, core))
    return reference_scratch(node)
