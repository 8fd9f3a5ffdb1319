"""Estimated latency on a target: multiply-accumulates layer by layer times the cycles that others have published.

    facts/cycles/ -> Reference (published measurements) -> Rates (cycles for one MAC by class of operator) -> Estimate

An estimate always comes with its source and its error on what was published; without a measurement there is none.
"""

from __future__ import annotations

from edgewright.pipeline.cycles.classes import MacClass, MacCounts, count_macs
from edgewright.pipeline.cycles.estimate import Estimate, LayerEstimate, NoEstimate, estimate_latency
from edgewright.pipeline.cycles.groups import Group, find_group, published_samples
from edgewright.pipeline.cycles.published import Reference, load_networks, load_references
from edgewright.pipeline.cycles.rates import Rates, fit_rates, left_out_errors
from edgewright.pipeline.cycles.survey import TargetEstimate, survey_latencies

__all__ = [
    "Estimate",
    "Group",
    "LayerEstimate",
    "MacClass",
    "MacCounts",
    "NoEstimate",
    "Rates",
    "Reference",
    "TargetEstimate",
    "count_macs",
    "estimate_latency",
    "find_group",
    "fit_rates",
    "left_out_errors",
    "load_networks",
    "load_references",
    "published_samples",
    "survey_latencies",
]
