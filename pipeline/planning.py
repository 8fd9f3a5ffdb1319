"""A memory plan of our own for one target: found, proved to change no output, and taken where the arena falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edgewright.pipeline.arena import (
    Arrangement,
    arena_method,
    arrangements,
    computed_arena_bytes,
    computed_use,
    has_offline_plan,
    measure_host_arena,
    revision_of,
)
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import ARENA, code_digest
from edgewright.pipeline.digest import digest_bytes, package_versions
from edgewright.pipeline.figures import Figures, PlanFigures
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.graph import Graph, read, write
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.proof import prove_equal
from edgewright.pipeline.report.text import format_plan
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import ArenaMethod, GoldenVectors, Runtime

MODULES = ("planning.py", *ARENA, "graph", "interpreters")
RECORD = "plan.json"
TFLITE = "model.tflite"


@dataclass(frozen=True, kw_only=True)
class PlannableModel:
    """A model as it goes to a target."""

    tflite: bytes
    graph: Graph
    layer_names: tuple[str, ...]
    """For each operator of the main subgraph the source model's layer."""
    host_arena_bytes: int
    """Smallest arena that works in TFLM's host build."""
    plan: PlanFigures | None = None
    """What was found out about its plan; None where nothing was planned."""


class _Record(Figures):
    """What a search found, as it is kept; the model lies beside it where it is another one."""

    figures: PlanFigures | None
    order: tuple[int, ...] | None
    """For each operator its index in the given model; None where that stays as it was."""


def plan_memory(
    model: PlannableModel,
    *,
    vectors: GoldenVectors,
    seed: int,
    target: Target,
    family: Family,
    cache: Cache,
    reporter: Reporter,
) -> PlannableModel:
    """Give a model the memory plan with the smallest arena on a target.

    Args:
        model: full-integer, without a plan or with one of its own.
        vectors: golden vectors, on which outputs are compared.
        seed: of further inputs.
        target: the board.
        family: tells kernels and runtime.
        cache: where the plan is kept.
        reporter: is shown what the plan saves.

    Returns:
        The model with the plan, or as it was where its arena would not fall.

    Raises:
        InterpreterError: outputs with the plan differ, which is a defect.
    """
    if family.runtime is not Runtime.TFLM:
        return model
    folder = cache.obtain(_ingredients(model, target, family), lambda folder: _keep_best(model, target, family, folder))
    record = _Record.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
    planned = replace(model, plan=record.figures)
    if record.figures is not None and record.order is not None:
        tflite = (folder / TFLITE).read_bytes()
        what = "with the memory plan that was made for it"
        proof = prove_equal(model.tflite, tflite, model.graph, vectors=vectors, seed=seed, cache=cache, what=what)
        planned = PlannableModel(
            tflite=tflite,
            graph=read(tflite, source="the planned model"),
            layer_names=tuple(model.layer_names[index] for index in record.order),
            host_arena_bytes=proof.host_arena_bytes,
            plan=record.figures.model_copy(update={"compared_inputs": proof.compared_inputs}),
        )
    if planned.plan is not None:
        reporter.line(f"[bold]plan[/]: {format_plan(planned.plan)}")
    return planned


def _ingredients(model: PlannableModel, target: Target, family: Family) -> dict[str, object]:
    return {
        "kind": "plan",
        "model": digest_bytes(model.tflite),
        "host_arena_bytes": model.host_arena_bytes,
        "kernels": family.kernels.value,
        "core": target.core,
        "word_bits": target.word_bits,
        "static_memory": family.static_memory,
        "revision": revision_of(family),
        "tflm_revision": family.tflm_revision,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }


def _keep_best(model: PlannableModel, target: Target, family: Family, folder: Path) -> None:
    """Leave the record of the search in a folder, and the model where an arrangement is taken."""
    found = tuple(arrangements(model.graph, family.kernels, target.core, revision_of(family)))
    record = _Record(figures=None, order=None)
    if found:
        arena_of = _arena_of(model, target, family)
        before_bytes = arena_of(model.graph)
        head_bytes = computed_use(model.graph, target, family).head_bytes
        chosen, arena_bytes = _choose(model.graph, found, arena_of)
        shown = chosen or found[0]
        figures = PlanFigures(
            head_before_bytes=head_bytes,
            head_bytes=chosen.optimum.head_bytes if chosen else head_bytes,
            bound_bytes=shown.optimum.bound_bytes,
            ending=shown.optimum.ending,
            arena_before_bytes=before_bytes,
            arena_bytes=arena_bytes,
            is_offline=has_offline_plan(chosen.graph if chosen else model.graph),
            is_reordered=chosen is not None and chosen.is_reordered,
            compared_inputs=0,
        )
        record = _Record(figures=figures, order=chosen.order if chosen else None)
        if chosen:
            (folder / TFLITE).write_bytes(write(chosen.graph))
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _choose(
    graph: Graph, found: tuple[Arrangement, ...], arena_of: Callable[[Graph], int]
) -> tuple[Arrangement | None, int]:
    """Choose the arrangement with the smallest arena, and say how large that is.

    Returns:
        None where no arena is smaller than that of the model as it is; a plan that it brought is given up for one that
        is as good.
    """
    chosen, least_bytes = None, arena_of(graph)
    gives_up_own = has_offline_plan(graph)
    for arrangement in found:
        if arrangement.graph == graph:
            continue
        arena_bytes = arena_of(arrangement.graph)
        if arena_bytes < least_bytes or (gives_up_own and arena_bytes == least_bytes):
            chosen, least_bytes, gives_up_own = arrangement, arena_bytes, False
    return chosen, least_bytes


def _arena_of(model: PlannableModel, target: Target, family: Family) -> Callable[[Graph], int]:
    """Return what tells the arena of an arrangement: computed for a 32-bit core, measured for a host."""
    if arena_method(target) is ArenaMethod.COMPUTED:
        return lambda graph: computed_arena_bytes(graph, target, family)

    def measure(graph: Graph) -> int:
        return model.host_arena_bytes if graph == model.graph else measure_host_arena(write(graph))

    return measure
