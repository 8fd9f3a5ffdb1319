"""Graphs made of a graph: one that shows what every operator computes, and one of a single operator."""

from __future__ import annotations

from dataclasses import replace

from edgewright.pipeline.graph.stripping import OFFLINE_PLAN
from edgewright.pipeline.graph.types import ABSENT, Graph, Operator, Subgraph, Tensor


def trace(graph: Graph) -> Graph:
    """Return a graph whose outputs are the results of all operators of the main subgraph, in their order.

    An interpreter computes the same with it, except that it cannot fuse operators whose results are now wanted.

    Args:
        graph: it is not changed.

    Returns:
        The same operators and tensors: `main.outputs` says which result is which tensor's.
    """
    main = graph.main
    results = dict.fromkeys(
        index for operator in main.operators for index in operator.outputs if not main.tensors[index].is_variable
    )
    return with_outputs(graph, tuple(results))


def with_outputs(graph: Graph, indices: tuple[int, ...]) -> Graph:
    """Return the graph with other outputs, and without an offline memory plan, in which they would not last."""
    return _with_main(graph, replace(graph.main, outputs=indices))


def cut_operator(graph: Graph, operator: Operator) -> Graph:
    """Return a graph of one operator of the main subgraph: it takes what the others compute, and gives its results.

    Constants and variables stay what they are. The graph's inputs are the operator's computed inputs, each once, in
    their order.
    """
    main = graph.main
    used = [index for index in (*operator.inputs, *operator.intermediates, *operator.outputs) if index != ABSENT]
    kept = tuple(dict.fromkeys(used))
    place = {index: position for position, index in enumerate(kept)} | {ABSENT: ABSENT}
    computed = (index for index in operator.inputs if index != ABSENT and is_computed(graph, main.tensors[index]))
    subgraph = replace(
        main,
        tensors=tuple(replace(main.tensors[index], index=place[index]) for index in kept),
        operators=(
            replace(
                operator,
                index=0,
                inputs=tuple(place[index] for index in operator.inputs),
                outputs=tuple(place[index] for index in operator.outputs),
                intermediates=tuple(place[index] for index in operator.intermediates),
                debug_metadata_index=ABSENT,
            ),
        ),
        inputs=tuple(place[index] for index in dict.fromkeys(computed)),
        outputs=tuple(place[index] for index in operator.outputs),
    )
    return _without_unread_buffers(_with_main(graph, subgraph))


def is_computed(graph: Graph, tensor: Tensor) -> bool:
    """Tell whether a tensor is an input or a result: neither a constant nor a variable."""
    return graph.data(tensor) is None and not tensor.is_variable


def _with_main(graph: Graph, main: Subgraph) -> Graph:
    """Put another main subgraph in place, without what was said about the old one."""
    metadata = tuple(entry for entry in graph.metadata if entry.name != OFFLINE_PLAN)
    return replace(graph, subgraphs=(main, *graph.subgraphs[1:]), metadata=metadata, signatures=())


def _without_unread_buffers(graph: Graph) -> Graph:
    read = {tensor.buffer_index for subgraph in graph.subgraphs for tensor in subgraph.tensors}
    read |= {entry.buffer_index for entry in graph.metadata}
    buffers = tuple(content if index in read else b"" for index, content in enumerate(graph.buffers))
    return replace(graph, buffers=buffers)
