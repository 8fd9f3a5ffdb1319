"""Classes of operators whose kernels need about as many cycles for one multiply-accumulate, and counts by class."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from edgewright.pipeline.graph import Graph, Operator, operator_macs


class MacClass(str, Enum):
    """What one kernel computes."""

    CONVOLUTION = "convolution"
    """With a filter of more than one pixel."""
    POINTWISE = "pointwise"
    """With a filter of one pixel."""
    DEPTHWISE = "depthwise"
    FULLY_CONNECTED = "fully_connected"


MacCounts = Mapping[MacClass, int]
_CLASSES = {
    "CONV_2D": MacClass.CONVOLUTION,
    "DEPTHWISE_CONV_2D": MacClass.DEPTHWISE,
    "FULLY_CONNECTED": MacClass.FULLY_CONNECTED,
}


def class_of(graph: Graph, operator: Operator) -> MacClass | None:
    """Return an operator's class; None where its kernels were not measured by anyone that we know of."""
    found = _CLASSES.get(operator.op)
    if found is MacClass.CONVOLUTION and graph.main.tensors[operator.inputs[1]].shape[1:3] == (1, 1):
        return MacClass.POINTWISE
    return found


def count_macs(graph: Graph) -> dict[MacClass, int]:
    """Count the multiply-accumulates of the main subgraph by class; those of no class are left out.

    Raises:
        TfliteError: an operator lacks a tensor that its kind must have.
    """
    counts = dict.fromkeys(MacClass, 0)
    for operator in graph.main.operators:
        found = class_of(graph, operator)
        if found is not None:
            counts[found] += operator_macs(graph, operator)
    return counts
