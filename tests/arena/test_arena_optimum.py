"""The best places of tensors around scratch that TFLM places itself: never worse than TFLM's plan, and proved."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from support.plans import TIGHT, buffers, collisions, least_bytes, top_bytes

from edgewright.pipeline.arena import Buffer, find_optimum, plan, planned_bytes
from edgewright.pipeline.arena.bounds import bound_bytes
from edgewright.pipeline.vocabulary import PlanEnding

KNOWN = {PlanEnding.AT_BOUND, PlanEnding.PROVED}


def fixed(tensors: list[Buffer], offsets: tuple[int, ...] | None) -> list[Buffer]:
    """The tensors at the places that were found; TFLM places them where none were."""
    if offsets is None:
        return tensors
    return [dataclasses.replace(buffer, offset=offset) for buffer, offset in zip(tensors, offsets, strict=True)]


@given(buffers(6))
def test_small_plans_are_the_best_and_known_to_be(tensors: list[Buffer]) -> None:
    """Without scratch the head is what trying every order finds, and the ending says so."""
    optimum = find_optimum(tensors, ())
    assert least_bytes(tensors) == optimum.head_bytes == optimum.least_bytes
    assert optimum.ending in KNOWN
    assert (optimum.ending is PlanEnding.AT_BOUND) == (optimum.head_bytes == bound_bytes(tensors))


@given(buffers(8), buffers(6))
def test_tflm_places_scratch_around_the_tensors(tensors: list[Buffer], scratch: list[Buffer]) -> None:
    """The head is what TFLM's own planner makes of the places: without a collision, between the bound and its plan."""
    scratch = [dataclasses.replace(buffer, last=buffer.first) for buffer in scratch]
    optimum = find_optimum(tensors, scratch)
    together = [*fixed(tensors, optimum.offsets), *scratch]
    assert [] == collisions(together, plan(together))
    assert optimum.head_bytes == planned_bytes(together) == top_bytes(together, plan(together))
    assert optimum.bound_bytes == bound_bytes(together) <= optimum.least_bytes <= optimum.head_bytes
    assert optimum.head_bytes <= optimum.greedy_bytes == planned_bytes([*tensors, *scratch])
    assert (optimum.offsets is None) == (optimum.head_bytes == optimum.greedy_bytes)


@given(buffers(14), buffers(4))
def test_the_same_places_are_found_again(tensors: list[Buffer], scratch: list[Buffer]) -> None:
    """Limits count steps and not seconds."""
    assert find_optimum(tensors, scratch) == find_optimum(tensors, scratch)


def test_a_plan_above_the_bound_is_proved_the_best() -> None:
    """Where no plan reaches the bound, the next height is refuted or reached."""
    optimum = find_optimum(TIGHT, ())
    assert (144, 160, 160) == (optimum.bound_bytes, optimum.least_bytes, optimum.head_bytes)
    assert PlanEnding.PROVED is optimum.ending


def test_without_the_exact_search_nothing_is_proved() -> None:
    """Four hundred buffers are left to the random restarts, and the ending does not claim more than these know."""
    many = [
        Buffer(nbytes=buffer.nbytes, first=6 * turn + buffer.first, last=6 * turn + buffer.last)
        for turn in range(50)
        for buffer in TIGHT
    ]
    optimum = find_optimum(many, ())
    assert (PlanEnding.STEP_LIMIT, 0) == (optimum.ending, optimum.steps)
    assert optimum.bound_bytes == optimum.least_bytes < optimum.head_bytes <= optimum.greedy_bytes
