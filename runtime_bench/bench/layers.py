"""A model operator by operator: what each costs, how long it takes alone, and what quantization does to its result."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewright.pipeline.errors import EdgewrightError, InterpreterError
from edgewright.pipeline.graph import (
    Graph,
    Operator,
    cut_operator,
    operator_macs,
    operator_weight_bytes,
    write,
)
from edgewright.pipeline.interpreters import Array, TimeInvokes, time_invokes
from edgewright.pipeline.quantization import AMPLIFIERS
from edgewright.runtime_bench.bench.latency import Report
from edgewright.runtime_bench.bench.plan import Candidate, Limits, Setup
from edgewright.runtime_bench.bench.quantization_error import (
    Distortion,
    FloatArray,
    added_noise,
    distortions,
    float_activations,
    integer_activations,
)
from edgewright.runtime_bench.bench.samples import Samples
from edgewright.runtime_bench.bench.schema import LayerSection, LayersSection
from edgewright.runtime_bench.bench.source_activations import source_activations

OPERATOR_SECONDS = 0.1
MOST_OPERATORS = 200
"""Operators that are timed; a graph of more is not cut."""
SAMPLES = 32
"""Samples whose activations are compared."""


@dataclass(frozen=True, kw_only=True)
class _Errors:
    """What was found out about quantization."""

    found: Mapping[int, Distortion] = field(default_factory=dict)
    """By tensor."""
    added_noise: Mapping[int, float] = field(default_factory=dict)
    """By operator."""
    compared_with: str | None = None
    notes: tuple[str, ...] = ()


def measure_layers(
    candidate: Candidate, setup: Setup | None, samples: Samples, limits: Limits, report: Report
) -> LayersSection | None:
    """Measure a model operator by operator.

    Args:
        candidate: the model.
        setup: the engine that times the operators; None leaves that out.
        samples: whose activations are compared.
        limits: how long an interpreter may take.
        report: is told what happens.

    Returns:
        None where the graph could not be read.
    """
    graph = candidate.graph
    if graph is None:
        return None
    notes: tuple[str, ...] = ()
    if len(graph.main.operators) > MOST_OPERATORS:
        notes = (f"operators are not timed: there are more than {MOST_OPERATORS}",)
        setup = None
    errors = _quantization_errors(candidate, graph, samples, limits)
    rows = []
    for operator in graph.main.operators:
        report(f"operator {operator.index + 1} of {len(graph.main.operators)}")
        time_us = _time(graph, operator, setup, limits) if setup else None
        rows.append(_row(candidate, graph, operator, time_us, errors))
    timed = [row for row in rows if row.time_us is not None]
    noisy = [row for row in rows if (row.added_noise or 0.0) > 0 and row.operator not in AMPLIFIERS]
    return LayersSection(
        timed_on=setup.id if setup and timed else None,
        compared_with=errors.compared_with,
        sample_count=min(SAMPLES, len(samples)),
        rows=tuple(rows),
        slowest=max(timed, key=lambda row: row.time_us or 0.0).operator_index if timed else None,
        worst=max(noisy, key=lambda row: row.added_noise or 0.0).operator_index if noisy else None,
        notes=(*notes, *errors.notes),
    )


def _row(
    candidate: Candidate, graph: Graph, operator: Operator, time_us: float | None, errors: _Errors
) -> LayerSection:
    distortion = next((errors.found[index] for index in operator.outputs if index in errors.found), None)
    return LayerSection(
        operator_index=operator.index,
        operator=operator.label,
        layer=candidate.layer_names[operator.index],
        macs=operator_macs(graph, operator),
        weight_bytes=operator_weight_bytes(graph, operator),
        activation_bytes=sum(graph.main.tensors[index].nbytes for index in operator.outputs),
        time_us=time_us,
        sqnr_db=distortion.sqnr_db if distortion else None,
        cosine=distortion.cosine if distortion else None,
        added_noise=errors.added_noise.get(operator.index),
    )


def _time(graph: Graph, operator: Operator, setup: Setup, limits: Limits) -> float | None:
    """Time one operator as a model of its own; None where it cannot stand alone."""
    try:
        times = time_invokes(
            TimeInvokes(
                engine=setup.engine,
                tflite=write(cut_operator(graph, operator)),
                resolver=setup.resolver,
                threads=setup.threads,
                time_limit_seconds=OPERATOR_SECONDS,
            ),
            timeout_seconds=limits.timeout_seconds,
        )
    except InterpreterError:
        return None
    return statistics.median(times.latencies_us)


def _quantization_errors(candidate: Candidate, graph: Graph, samples: Samples, limits: Limits) -> _Errors:
    """Compare with the source model where there is one that names the layers, else with the float counterpart."""
    real = samples.first(SAMPLES, real=True)
    notes: tuple[str, ...] = ()
    try:
        integer = integer_activations(graph, samples.first(SAMPLES), timeout_seconds=limits.timeout_seconds)
        found, note = _against_source(candidate, graph, real, integer)
        source = "the float source model, layer by layer"
        if not found:
            notes = (note,) if note else ()
            found = distortions(integer, float_activations(graph, real, timeout_seconds=limits.timeout_seconds))
            source = "the same graph on the real values of its weights"
    except (EdgewrightError, ValueError) as error:  # a damaged file may have a scale that is none
        return _Errors(notes=(*notes, f"quantization errors are not known: {error}"))
    return _Errors(found=found, added_noise=added_noise(graph, found, real), compared_with=source, notes=notes)


def _against_source(
    candidate: Candidate, graph: Graph, real: tuple[Array, ...], integer: Mapping[int, FloatArray]
) -> tuple[dict[int, Distortion], str | None]:
    """Return the distortions against the source model, or why there are none."""
    if candidate.keras is None:
        return {}, None
    try:
        found = source_activations(candidate.keras, candidate.layer_names, graph, real, integer)
    except EdgewrightError as error:
        return {}, f"the source model's activations are not known: {error}"
    return found, None if found else "no layer of the source model bears the name of an operator's layer"
