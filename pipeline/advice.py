"""What to change in a model that does not fit: only what applies to it, with the figures of this very case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgewright.pipeline.contributors import ArenaPeak, Contributors, Role
from edgewright.pipeline.fit import ARENA, FLASH, WEIGHTS, Fit, find_fit
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.graph import DType
from edgewright.pipeline.report.text import format_bytes, format_part, format_shape
from edgewright.pipeline.target import Family, Target, load_family, load_target, target_names

LISTED_TARGETS = 3
LARGE_SHARE = 1 / 3
"""From this share of the weights on a layer is worth being changed alone."""
FACTORIZED = frozenset({"CONV_2D", "FULLY_CONNECTED"})

Measure = Callable[[Target, Family], Footprint | None]
"""Tells what the same model needs elsewhere; None where it cannot run there."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A target and one of its families."""

    target: Target
    family: Family


def suggest(fit: Fit, needs: Footprint, contributors: Contributors, place: Place, measure: Measure) -> tuple[str, ...]:
    """Say what would make a model fit; nothing where it does.

    Args:
        fit: how it misses.
        needs: what the model takes of the target.
        contributors: what its size comes from.
        place: where it does not fit.
        measure: tells what it needs on other targets.

    Returns:
        Lines that are no whole sentences.
    """
    if fit.fits:
        return ()
    return (
        *_less_flash(fit, needs, contributors),
        *_less_arena(fit, needs, contributors.peak),
        *_elsewhere(place, measure),
    )


def _less_flash(fit: Fit, needs: Footprint, contributors: Contributors) -> Iterator[str]:
    if FLASH not in [memory.name for memory in fit.lacking]:
        return
    room_bytes = _room_bytes(fit, WEIGHTS)
    if room_bytes <= 0:
        yield f"without any weights the flash would still be {format_bytes(-room_bytes)} too small"
        return
    advice = f'{_fall("the weights", needs.weight_bytes, room_bytes)}: prune channels with amount = "auto"'
    layer, layer_bytes = contributors.layers[0] if contributors.layers else ("", 0)
    ops = {weight.op for weight in contributors.weights if weight.layer == layer}
    share = layer_bytes / max(contributors.weight_bytes, 1)
    if share >= LARGE_SHARE and not ops.isdisjoint(FACTORIZED):
        advice += f', or factorize the layer "{layer}", which holds {format_part(share)} of them'
    yield advice


def _less_arena(fit: Fit, needs: Footprint, peak: ArenaPeak | None) -> Iterator[str]:
    if not fit.lacks_ram:
        return
    room_bytes = _room_bytes(fit, ARENA)
    if room_bytes <= 0:
        yield f"without any arena the RAM would still be {format_bytes(-room_bytes)} too small"
        return
    advice = _fall("the arena", needs.arena_bytes, room_bytes)
    if peak is None:
        yield advice
        return
    yield f"{advice}: {_where(peak)}, so take a smaller input, or a stride or fewer channels there or before"
    yield from _narrower(peak)
    kept_bytes = needs.arena_bytes - peak.nbytes
    if kept_bytes > peak.nbytes:
        yield (
            f"most of the arena, {format_bytes(kept_bytes)}, is what the interpreter keeps for tensors and operators: "
            "take fewer layers"
        )


def _narrower(peak: ArenaPeak) -> Iterator[str]:
    """Yield what other types of the same tensors would save at the peak."""
    floats = sum(one.nbytes for one in peak.tensors if one.is_boundary and one.dtype is DType.FLOAT32)
    if floats:
        yield f'convert with boundary = "int8" instead of float32: {format_bytes(floats)} less at the peak'
    wide = sum(one.nbytes for one in peak.tensors if one.dtype is DType.INT16) // 2
    if wide:
        yield f'convert with activations = "int8" instead of int16: {format_bytes(wide)} less at the peak'


def _where(peak: ArenaPeak) -> str:
    """Say between which tensors the peak lies."""

    def shapes(role: Role) -> str:
        return " and ".join(format_shape(one.shape) for one in peak.tensors if one.role is role)

    read, written = shapes(Role.READ), shapes(Role.WRITTEN)
    waiting_bytes = sum(one.nbytes for one in peak.tensors if one.role is Role.WAITING)
    text = f'its peak is at the layer "{peak.layer}" ({peak.op})'
    if read and written:
        text += f", between {read} and {written}"
    if waiting_bytes:
        text += f", while {format_bytes(waiting_bytes)} wait for a later layer"
    return text


def _elsewhere(place: Place, measure: Measure) -> Iterator[str]:
    """Yield which other families of the board and which other boards hold the model as it is."""
    families = [
        name
        for name in place.target.families
        if name != place.family.name and _holds(place.target, load_family(name), measure)
    ]
    if families:
        yield f"it fits as it is with {_either([f'family={name}' for name in families])}"
    yield from _over_another_runtime(place, measure)
    others = [load_target(name) for name in target_names() if name != place.target.name]
    limited = [other for other in others if other.flash_bytes is not None and other.ram_bytes is not None]
    limited.sort(key=lambda other: (other.ram_bytes or 0, other.flash_bytes or 0, other.name))
    runtime = place.family.runtime
    usual = [(other, load_family(other.families[0])) for other in limited]
    holding = [
        other.name
        for other, family in usual
        if runtime in family.runtimes and _holds(other, family.over(runtime), measure)
    ]
    if holding:
        yield f"it fits as it is on {_either([f'target={name}' for name in holding[:LISTED_TARGETS]])}"
    else:
        yield "no other target holds it as it is"


def _over_another_runtime(place: Place, measure: Measure) -> Iterator[str]:
    """Yield over which other runtimes of the family the board holds the model as it is."""
    family = load_family(place.family.name)
    runtimes = [
        runtime.value
        for runtime in family.runtimes
        if runtime is not place.family.runtime and _holds(place.target, family.over(runtime), measure)
    ]
    if runtimes:
        yield f"it fits as it is with {_either([f'runtime={name}' for name in runtimes])}"


def _holds(target: Target, family: Family, measure: Measure) -> bool:
    needs = measure(target, family)
    return needs is not None and find_fit(needs, target, family).fits


def _room_bytes(fit: Fit, name: str) -> int:
    """Return how large a part may be, so that each memory that holds it is large enough; negative for no room."""
    return min(
        memory.limit_bytes - memory.needed_bytes + part.nbytes
        for memory in fit.memories
        for part in memory.parts
        if part.name == name and memory.limit_bytes is not None
    )


def _fall(what: str, nbytes: int, room_bytes: int) -> str:
    """Say by how much something must shrink, rounded up."""
    percent = -((room_bytes - nbytes) * 100 // nbytes)
    return f"{what} must fall by {percent} %, to {format_bytes(room_bytes)}"


def _either(names: list[str]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
