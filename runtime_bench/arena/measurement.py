"""Measuring one model: TFLM's plan and ours for each set of kernels, and what TFLM's interpreter says to both."""

from __future__ import annotations

import time
from dataclasses import dataclass

from edgewright.pipeline.arena import Arrangement, arrangements, computed_host_use
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.graph import read, require_full_integer
from edgewright.pipeline.interpreters import FindArena, find_arena, tflm_engine
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.planning import PlannableModel, plan_memory
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.target import Family, Target, load_family
from edgewright.pipeline.vocabulary import GoldenVectors, Kernels
from edgewright.runtime_bench.arena.figures import HostFigures, ModelResult, PlanRow

FAMILY = "cmake"
SEED = 1
NO_VECTORS = GoldenVectors(inputs=(), outputs=(), origin="none")
"""All inputs are random."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A core with its kernels."""

    title: str
    kernels: Kernels
    core: str
    word_bits: int = 32

    @property
    def target(self) -> Target:
        """A board without limits."""
        return Target(title=self.title, chip=self.core, core=self.core, word_bits=self.word_bits, families=(FAMILY,))

    @property
    def family(self) -> Family:
        """Plain C++ with these kernels."""
        return load_family(FAMILY).model_copy(update={"kernels": self.kernels})


PLACES = (
    Place(title="reference", kernels=Kernels.REFERENCE, core="x86-64", word_bits=64),
    Place(title="CMSIS-NN, Cortex-M4", kernels=Kernels.CMSIS_NN, core="cortex-m4"),
    Place(title="CMSIS-NN, Cortex-M55", kernels=Kernels.CMSIS_NN, core="cortex-m55"),
    Place(title="esp-nn, ESP32", kernels=Kernels.ESP_NN, core="xtensa-lx6"),
)


def measure_model(name: str, tflite: bytes, cache: Cache, places: tuple[Place, ...] = PLACES) -> ModelResult:
    """Measure one model.

    Args:
        name: of the model.
        tflite: full-integer.
        cache: where plans and comparisons are kept.
        places: cores and kernels; the host with the reference kernels first.

    Raises:
        EdgewrightError: the model cannot be used, or outputs with the plan differ.
    """
    graph = read(tflite, source=name)
    require_full_integer(graph, name)
    before = _measure_host(tflite)
    given = PlannableModel(
        tflite=tflite, graph=graph, layer_names=name_layers(graph), host_arena_bytes=before.arena_bytes
    )
    planned = [
        plan_memory(
            given,
            vectors=NO_VECTORS,
            seed=SEED,
            target=place.target,
            family=place.family,
            cache=cache,
            reporter=SilentReporter(),
        )
        for place in places
    ]
    rows = (_row(given, model, place) for model, place in zip(planned, places, strict=True))
    is_same = planned[0].tflite == tflite
    return ModelResult(
        name=name,
        file_bytes=len(tflite),
        planned_file_bytes=len(planned[0].tflite),
        operator_count=len(graph.main.operators),
        before=before,
        after=before if is_same else _measure_host(planned[0].tflite),
        plans=tuple(rows),
    )


def _row(given: PlannableModel, planned: PlannableModel, place: Place) -> PlanRow:
    started = time.perf_counter()
    found = tuple(arrangements(given.graph, place.kernels, place.core))
    seconds = time.perf_counter() - started
    if planned.plan is None or not found:
        raise ValueError(f"{place.title}: no plan was looked for")
    best = min(found, key=_head_bytes)
    return PlanRow(
        kernels=place.title,
        greedy_bytes=planned.plan.head_before_bytes,
        head_bytes=best.optimum.head_bytes,
        bound_bytes=best.optimum.bound_bytes,
        ending=best.optimum.ending,
        is_reordered=best.is_reordered,
        seconds=seconds,
        arena_before_bytes=planned.plan.arena_before_bytes,
        arena_bytes=planned.plan.arena_bytes,
        compared_inputs=planned.plan.compared_inputs,
    )


def _head_bytes(arrangement: Arrangement) -> int:
    return arrangement.optimum.head_bytes


def _measure_host(tflite: bytes) -> HostFigures:
    found = find_arena(FindArena(engine=tflm_engine(), tflite=tflite))
    return HostFigures(
        head_bytes=found.allocations.head_bytes,
        arena_bytes=found.arena_bytes,
        computed_bytes=computed_host_use(read(tflite)).smallest_bytes,
    )
