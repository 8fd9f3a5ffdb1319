"""Where two engines part: every operator's result is asked for, and the first that differs too much named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.graph import Graph, Operator, trace, write
from edgewright.pipeline.interpreters import Array, Request, run
from edgewright.runtime_bench.bench.plan import Candidate, Setup
from edgewright.runtime_bench.bench.schema import DivergenceSection


@dataclass(frozen=True, kw_only=True)
class OperatorDifference:
    """How far two engines' results of one operator are apart."""

    operator: Operator
    largest_lsb: int


def locate_divergence(
    candidate: Candidate,
    setups: tuple[Setup, Setup],
    sample: tuple[Array, ...],
    tolerance_lsb: int,
    *,
    timeout_seconds: float,
) -> DivergenceSection:
    """Name the layer at which two engines part on one sample.

    Args:
        candidate: the model; its graph was read.
        setups: the two engines.
        sample: one array (1, …) for each input.
        tolerance_lsb: difference that is accepted.
        timeout_seconds: after which an interpreter is stopped.
    """
    if candidate.graph is None:
        return nowhere(0, "the file cannot be read, so its operators are not known")
    try:
        found = tuple(compare_operators(candidate.graph, setups, sample, timeout_seconds=timeout_seconds))
    except EdgewrightError as error:
        return nowhere(0, f"with every operator's result as an output: {error}")
    differing = [one for one in found if one.largest_lsb > 0]
    beyond = [one for one in found if one.largest_lsb > tolerance_lsb]
    first = candidate.layer_names[differing[0].operator.index] if differing else None
    if not beyond:
        largest = max((one.largest_lsb for one in found), default=0)
        note = "no operator differs as much when every result is an output, which keeps operators from being fused"
        return nowhere(largest, note, first)
    operator = beyond[0].operator
    return DivergenceSection(
        layer=candidate.layer_names[operator.index],
        operator=operator.label,
        operator_index=operator.index,
        largest_lsb=beyond[0].largest_lsb,
        first_differing_layer=first,
        note=None,
    )


def compare_operators(
    graph: Graph, setups: tuple[Setup, Setup], sample: tuple[Array, ...], *, timeout_seconds: float
) -> Iterator[OperatorDifference]:
    """Yield the difference of every operator whose result is integers, in their order.

    Raises:
        InterpreterError: an engine refuses the graph whose every result is an output.
    """
    traced = trace(graph)
    content = write(traced)
    left, right = (
        run(
            Request(engine=setup.engine, tflite=content, inputs=sample, resolver=setup.resolver, threads=setup.threads),
            timeout_seconds=timeout_seconds,
        ).outputs
        for setup in setups
    )
    results = dict(zip(traced.main.outputs, zip(left, right, strict=True), strict=True))
    for operator in graph.main.operators:
        pairs = [results[index] for index in operator.outputs if index in results]
        differences = [_largest(ours, theirs) for ours, theirs in pairs if ours.dtype.kind in "iu"]
        if differences:
            yield OperatorDifference(operator=operator, largest_lsb=max(differences))


def _largest(ours: Array, theirs: Array) -> int:
    return int(np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max(initial=0))


def nowhere(largest_lsb: int, note: str, first: str | None = None) -> DivergenceSection:
    """Return that no layer can be named, and why."""
    return DivergenceSection(
        layer=None,
        operator=None,
        operator_index=None,
        largest_lsb=largest_lsb,
        first_differing_layer=first,
        note=note,
    )
