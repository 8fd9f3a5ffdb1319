"""Random graphs, pruned at random: each computes what the same graph computes with the filters zeroed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from support.channel_models import assert_pruned_equals_zeroed
from support.channel_strategies import GraphPlan, build_graph, graph_plans

from edgewright.pipeline.frameworks import load_keras

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


def check(plan: GraphPlan) -> None:
    """Build a graph, prune it, compare."""
    load_keras().backend.clear_session()
    assert_pruned_equals_zeroed(build_graph(plan), share=plan.share, seed=plan.seed)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=CHECKS)
@given(graph_plans)
def test_a_pruned_random_graph_equals_the_zeroed_one(plan: GraphPlan) -> None:
    """Whatever layers meet, removing channels changes nothing but what zeroing them changes."""
    check(plan)


@pytest.mark.full
@settings(max_examples=400, deadline=None, suppress_health_check=CHECKS)
@given(graph_plans)
def test_many_pruned_random_graphs_equal_the_zeroed_ones(plan: GraphPlan) -> None:
    """The same on the complete grid, other graphs in each run."""
    check(plan)
