"""How far two engines are apart before the softmax, which makes more of one step of its input.

What is promised about engines is promised up to there: LiteRT 2.3 was seen 4 LSB from TensorFlow Lite Micro behind a
softmax whose input both had computed within 2.
"""

from __future__ import annotations

from dataclasses import replace

from edgewright.pipeline.agreement import largest_differences
from edgewright.pipeline.graph import Graph, Operator, with_outputs, write
from edgewright.pipeline.interpreters import Array, Request, run
from edgewright.runtime_bench.bench.plan import Setup

_CONVERSIONS = ("DEQUANTIZE", "QUANTIZE")


def before_softmax(graph: Graph) -> Graph | None:
    """Return the graph without the softmax that it ends in, and what converts its result.

    Returns:
        None where no output is a softmax's, or where something else reads what would be left out.
    """
    main = graph.main
    made_by = {index: operator for operator in main.operators for index in operator.outputs}
    left_out: set[int] = set()
    outputs = []
    for index in main.outputs:
        chain = _ending(made_by, index)
        left_out |= {operator.index for operator in chain}
        outputs.append(chain[-1].inputs[0] if chain else index)
    kept = [operator for operator in main.operators if operator.index not in left_out]
    read = {index for operator in kept for index in operator.inputs} | set(outputs)
    gone = {index for operator in main.operators if operator.index in left_out for index in operator.outputs}
    if not left_out or read & gone:
        return None
    operators = tuple(replace(operator, index=place) for place, operator in enumerate(kept))
    shorter = replace(graph, subgraphs=(replace(main, operators=operators), *graph.subgraphs[1:]))
    return with_outputs(shorter, tuple(outputs))


def logits_difference(
    graph: Graph, setups: tuple[Setup, Setup], inputs: tuple[Array, ...], *, timeout_seconds: float
) -> int | None:
    """Return the largest difference of two engines before the softmax, in LSB, over all samples.

    Args:
        graph: the model.
        setups: the engines.
        inputs: the samples.
        timeout_seconds: after which an interpreter is stopped.

    Returns:
        None where the model has no softmax at its end, or ends in floating point without it.

    Raises:
        InterpreterError: an engine refuses the shorter graph.
    """
    shorter = before_softmax(graph)
    if shorter is None:
        return None
    content = write(shorter)
    left, right = (
        run(
            Request(engine=setup.engine, tflite=content, inputs=inputs, resolver=setup.resolver, threads=setup.threads),
            timeout_seconds=timeout_seconds,
        ).outputs
        for setup in setups
    )
    if any(array.dtype.kind not in "iu" for array in (*left, *right)):
        return None
    return max(int(largest_differences(ours, theirs).max()) for ours, theirs in zip(left, right, strict=True))


def _ending(made_by: dict[int, Operator], index: int) -> tuple[Operator, ...]:
    """Return the softmax that an output comes from, behind what converts its result; nothing where there is none."""
    operator = made_by.get(index)
    chain: list[Operator] = []
    if operator is not None and operator.op in _CONVERSIONS:
        chain.append(operator)
        operator = made_by.get(operator.inputs[0])
    if operator is None or operator.op != "SOFTMAX":
        return ()
    return (*chain, operator)
