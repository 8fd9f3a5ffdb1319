"""What a model is estimated to take on every target, as `bench.json` keeps it."""

from __future__ import annotations

from edgewright.pipeline.cycles import NoEstimate, TargetEstimate, survey_latencies
from edgewright.pipeline.graph import Graph
from edgewright.runtime_bench.bench.schema import EstimateSection, LayerEstimateSection


def estimate_sections(graph: Graph) -> tuple[EstimateSection, ...]:
    """Return the estimates of one model, those that cannot be made included.

    Args:
        graph: the model.
    """
    return tuple(_section(one) for one in survey_latencies(graph))


def _section(one: TargetEstimate) -> EstimateSection:
    found = one.result
    if isinstance(found, NoEstimate):
        return EstimateSection(
            target=one.target.name,
            family=one.family.name,
            core=one.target.core,
            clock_hz=one.target.clock_hz or 0,
            latency_us=None,
            cycles=None,
            cycles_per_mac={},
            largest_error=None,
            sources=(),
            remark=found.reason,
            layers=(),
        )
    return EstimateSection(
        target=one.target.name,
        family=one.family.name,
        core=one.target.core,
        clock_hz=one.target.clock_hz or 0,
        latency_us=found.latency_us,
        cycles=found.cycles,
        cycles_per_mac={key.value: rate for key, rate in found.rates.by_class.items()},
        largest_error=found.largest_error,
        sources=tuple(reference.source for reference in found.fitted),
        remark=found.remark,
        layers=tuple(
            LayerEstimateSection(operator_index=layer.operator_index, macs=layer.macs, cycles=layer.cycles)
            for layer in found.layers
        ),
    )
