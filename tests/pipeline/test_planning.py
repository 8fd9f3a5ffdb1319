"""The memory plan of a target: taken where the arena falls, proved, and kept; otherwise no byte changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.graphs import tiny_graph
from support.plannable import branching_graph, chain_graph

from edgewright.pipeline import planning
from edgewright.pipeline.arena import computed_arena_bytes, has_offline_plan, measure_host_arena, with_offline_plan
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import Graph, read, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.planning import PlannableModel, plan_memory
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.vocabulary import GoldenVectors, PlanEnding

pytestmark = pytest.mark.slow
NO_VECTORS = GoldenVectors(inputs=(), outputs=(), origin="none")


def plannable(graph: Graph) -> PlannableModel:
    """A model before it is planned; its layers are named by their place."""
    tflite = write(graph)
    return PlannableModel(
        tflite=tflite,
        graph=graph,
        layer_names=tuple(f"layer{index}" for index in range(len(graph.main.operators))),
        host_arena_bytes=measure_host_arena(tflite),
    )


def planned(model: PlannableModel, cache: Path, target: str) -> PlannableModel:
    """The model with the plan for a target of the catalogue."""
    board = load_target(target)
    family = choose_family(board, None)
    return plan_memory(
        model,
        vectors=NO_VECTORS,
        seed=1,
        target=board,
        family=family,
        cache=Cache(root=cache),
        reporter=SilentReporter(),
    )


def head_bytes(tflite: bytes, graph: Graph) -> int:
    """The head of the arena as TFLM's own interpreter has it."""
    inputs = random_inputs(graph, 1, 1)
    result = run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs, want_allocations=True))
    assert result.allocations is not None
    return result.allocations.head_bytes


def test_the_hosts_arena_falls(tmp_path: Path) -> None:
    """TFLM's interpreter has the smaller head, and works in an arena that is smaller by as much."""
    model = plannable(chain_graph())
    result = planned(model, tmp_path, "host")
    assert (9216, 7168) == (head_bytes(model.tflite, model.graph), head_bytes(result.tflite, result.graph))
    assert model.host_arena_bytes - 2048 == result.host_arena_bytes == measure_host_arena(result.tflite)
    figures = result.plan
    assert figures is not None
    assert (model.host_arena_bytes, result.host_arena_bytes) == (figures.arena_before_bytes, figures.arena_bytes)
    assert (PlanEnding.AT_BOUND, 100) == (figures.ending, figures.compared_inputs)
    assert (True, False) == (figures.is_offline, figures.is_reordered)


def test_a_microcontrollers_arena_falls(tmp_path: Path) -> None:
    """The computed constant is smaller by what the plan saves, and the model is the one that it was computed for."""
    model = plannable(chain_graph())
    result = planned(model, tmp_path, "nucleo_f446re")
    board = load_target("nucleo_f446re")
    family = choose_family(board, None)
    figures = result.plan
    assert figures is not None
    assert figures.arena_before_bytes - 2048 == figures.arena_bytes
    assert figures.arena_bytes == computed_arena_bytes(read(result.tflite), board, family)
    assert model.host_arena_bytes > result.host_arena_bytes


def test_layers_follow_their_operators(tmp_path: Path) -> None:
    """In another order of execution each operator keeps the name of its layer."""
    model = plannable(branching_graph())
    result = planned(model, tmp_path, "host")
    assert ("layer0", "layer2", "layer1", "layer3", "layer4") == result.layer_names
    assert result.plan is not None
    assert result.plan.is_reordered
    tensor = {name: one.outputs for name, one in zip(model.layer_names, model.graph.main.operators, strict=True)}
    assert [tensor[name] for name in result.layer_names] == [one.outputs for one in result.graph.main.operators]


@pytest.mark.parametrize("target", ["host", "esp32"])
def test_without_a_gain_no_byte_changes(tmp_path: Path, target: str) -> None:
    """The model and its file stay the same, and the report says that TFLM's plan is as good."""
    model = plannable(tiny_graph())
    result = planned(model, tmp_path, target)
    assert (model.tflite, model.graph) == (result.tflite, result.graph)
    assert result.plan is not None
    assert (0, False) == (result.plan.compared_inputs, result.plan.is_offline)
    assert result.plan.head_before_bytes == result.plan.head_bytes == result.plan.bound_bytes


def test_a_phone_gets_no_plan(tmp_path: Path) -> None:
    """Its interpreter allocates by itself."""
    model = plannable(chain_graph())
    assert model is planned(model, tmp_path, "android")


def test_a_worse_plan_of_the_model_is_replaced(tmp_path: Path) -> None:
    """Places one above the other give way, and the head falls to the bound."""
    graph = chain_graph()
    offsets = iter(range(0, 1 << 20, 4096))
    own = with_offline_plan(
        graph, [None if graph.data(tensor) is not None else next(offsets) for tensor in graph.main.tensors]
    )
    result = planned(plannable(own), tmp_path, "host")
    assert result.plan is not None
    assert (16384, 7168) == (result.plan.head_before_bytes, result.plan.head_bytes)


def test_a_plan_that_is_no_better_than_none_is_dropped(tmp_path: Path) -> None:
    """A plan that leaves everything to TFLM's planner, which is as good as can be, is not carried on."""
    graph = tiny_graph()
    own = with_offline_plan(graph, [None] * len(graph.main.tensors))
    result = planned(plannable(own), tmp_path, "esp32")
    assert has_offline_plan(own)
    assert not has_offline_plan(result.graph)
    assert read(write(graph)) == result.graph


def test_a_better_plan_of_the_model_stays(tmp_path: Path) -> None:
    """A plan in which tensors share bytes takes less than any of ours; whoever made it knows why."""
    graph = chain_graph()
    own = plannable(
        with_offline_plan(graph, [None if graph.data(tensor) is not None else 0 for tensor in graph.main.tensors])
    )
    result = planned(own, tmp_path, "host")
    assert own.tflite == result.tflite
    assert result.plan is not None
    assert (4096, 4096, True) == (result.plan.head_before_bytes, result.plan.head_bytes, result.plan.is_offline)


def test_two_searches_give_the_same_bytes(tmp_path: Path) -> None:
    """A plan is a function of the model and the target."""
    model = plannable(branching_graph())
    one, other = (planned(model, tmp_path / name, "host") for name in ("one", "other"))
    assert one == other


def test_a_warm_run_searches_and_compares_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found lies in the cache: without interpreter and search the result is the same."""
    model = plannable(chain_graph())
    cold = planned(model, tmp_path, "host")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a warm run works")

    monkeypatch.setattr("edgewright.pipeline.interpreters.execution.work", refuse)
    monkeypatch.setattr(planning, "arrangements", refuse)
    assert cold == planned(model, tmp_path, "host")
