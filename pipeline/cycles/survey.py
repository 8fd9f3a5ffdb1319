"""Estimates of one model for every target and every firmware family that it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgewright.pipeline.cycles.estimate import Estimate, NoEstimate, estimate_latency
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.target import Family, Target, load_family, load_target, target_names


@dataclass(frozen=True, kw_only=True)
class TargetEstimate:
    """What is known of one target with one family."""

    target: Target
    family: Family
    result: Estimate | NoEstimate


def survey_latencies(graph: Graph) -> Iterator[TargetEstimate]:
    """Yield an estimate, or why there is none, for every target that has a clock and each of its families.

    Args:
        graph: full-integer.

    Raises:
        TfliteError: an operator lacks a tensor that its kind must have.
        TargetError: a file of facts is broken.
    """
    for name in target_names():
        target = load_target(name)
        for family in map(load_family, target.families if target.clock_hz else ()):
            yield TargetEstimate(target=target, family=family, result=estimate_latency(graph, target, family))
