"""Which layers TensorFlow Lite Micro refused: people know their layers, and not the operators they become."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import Graph

FAILED_NODE = re.compile(r"Node \w+ \(number (\d+)f?\) failed")
MISSING_OPERATOR = re.compile(r"Didn't find op for builtin opcode '(\w+)'")
LISTED = 3


def refused_layers(log: str, graph: Graph, layers: Sequence[str]) -> tuple[str, ...]:
    """Return the layers whose operators the interpreter complains of.

    Args:
        log: what it printed.
        graph: the model that it refused.
        layers: one name for each operator.
    """
    nodes = {int(number) for number in FAILED_NODE.findall(log)}
    missing = {*MISSING_OPERATOR.findall(log)}
    pairs = zip(graph.main.operators, layers, strict=True)
    return tuple(dict.fromkeys(layer for operator, layer in pairs if operator.index in nodes or operator.op in missing))


def with_layers(error: InterpreterError, graph: Graph, layers: Sequence[str]) -> InterpreterError:
    """Return a refusal that begins with the layers that it is about, where the interpreter tells them.

    Args:
        error: what the interpreter was refused with.
        graph: the model that it refused.
        layers: one name for each operator.
    """
    refused = refused_layers(error.log, graph, layers)
    if not refused:
        return error
    names = ", ".join(f'"{name}"' for name in refused[:LISTED]) + (" and others" if len(refused) > LISTED else "")
    plural = "s" if len(refused) > 1 else ""
    return InterpreterError(f"The layer{plural} {names} cannot run on a microcontroller: {error}")
