"""The report's section about fit, and the sentence with which a run ends where the model does not."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.contributors import INPUT, ArenaPeak, Contributors
from edgewright.pipeline.fit import Fit, Memory
from edgewright.pipeline.report.schema import (
    AliveSection,
    FitSection,
    MemorySection,
    PartSection,
    PeakSection,
    Report,
    WeightSection,
)
from edgewright.pipeline.report.text import format_bytes, format_part, format_shape

LISTED_WEIGHTS = 5
NAMED = 3
"""So many tensors stand in a sentence."""
NAMED_SHARE = 0.01
"""Of the weights; what holds less is not worth a word."""


def fit_section(
    fit: Fit,
    contributors: Contributors,
    *,
    dropped_vectors: int,
    placement_cost: str | None,
    suggestions: tuple[str, ...],
) -> FitSection:
    """Return what the report says about fit.

    Args:
        fit: each memory of the board.
        contributors: what the model's size comes from.
        dropped_vectors: how many golden vectors were left out.
        placement_cost: what the arena's place costs, if anything.
        suggestions: what would make the model fit.
    """
    return FitSection(
        memories=tuple(_memory(memory) for memory in fit.memories),
        dropped_vectors=dropped_vectors,
        placement=fit.placement,
        placement_cost=placement_cost,
        weights=tuple(
            WeightSection(
                layer=weight.layer,
                operator=weight.op,
                shape=weight.shape,
                bytes=weight.nbytes,
                share=weight.nbytes / contributors.weight_bytes,
            )
            for weight in contributors.weights[:LISTED_WEIGHTS]
        ),
        peak=_peak(contributors.peak) if contributors.peak else None,
        suggestions=suggestions,
    )


def _memory(memory: Memory) -> MemorySection:
    return MemorySection(
        name=memory.name,
        parts=tuple(PartSection(name=part.name, bytes=part.nbytes, share=memory.share(part)) for part in memory.parts),
        needed_bytes=memory.needed_bytes,
        limit_bytes=memory.limit_bytes,
        lacking_bytes=memory.lacking_bytes,
    )


def _peak(peak: ArenaPeak) -> PeakSection:
    return PeakSection(
        layer=peak.layer,
        operator=peak.op,
        tensors=tuple(
            AliveSection(layer=one.layer, role=one.role, dtype=one.dtype, shape=one.shape, bytes=one.nbytes)
            for one in peak.tensors
        ),
        scratch_bytes=peak.scratch_bytes,
        bytes=peak.nbytes,
    )


def complain(report: Report) -> str:
    """Return the sentences with which a run ends whose model does not fit: what lacks, what is large, and ways out."""
    lacks = "; ".join(_lack(memory) for memory in _worst(report.fit.memories))
    large = "".join(f" {line}." for line in _contributor_lines(report))
    ways_out = "; ".join((*report.fit.suggestions, "--force emits the firmware all the same"))
    return (
        f"{report.name} does not fit {report.target.title}: {lacks}.{large} What to do: {ways_out}. Everything but the "
        "firmware was written."
    )


def _worst(memories: tuple[MemorySection, ...]) -> tuple[MemorySection, ...]:
    """Return the memories that are too small; of those that shall hold the arena only that which lacks most."""
    lacking = [memory for memory in memories if memory.lacking_bytes]
    holders = [memory for memory in lacking if "arena" in [part.name for part in memory.parts]]
    worst = max(holders, key=lambda memory: memory.lacking_bytes, default=None)
    return tuple(memory for memory in lacking if memory not in holders or memory is worst)


def _contributor_lines(report: Report) -> Iterator[str]:
    """Yield what is largest in the memories that are too small."""
    lacking = {part.name for memory in report.fit.memories if memory.lacking_bytes for part in memory.parts}
    if "weights" in lacking and report.fit.weights:
        largest = ", ".join(
            f'"{one.layer}" {one.operator} {format_shape(one.shape)} {format_bytes(one.bytes)} '
            f"({format_part(one.share)})"
            for index, one in enumerate(report.fit.weights[:NAMED])
            if index == 0 or one.share >= NAMED_SHARE
        )
        yield f"Largest weights: {largest}"
    peak = report.fit.peak
    if "arena" in lacking and peak:
        parts = [
            f"{format_shape(one.shape)} of {_named(one.layer)} {format_bytes(one.bytes)}"
            for one in peak.tensors[:NAMED]
        ]
        if peak.scratch_bytes:
            parts.append(f"scratch {format_bytes(peak.scratch_bytes)}")
        yield f'Arena\'s peak at "{peak.layer}" {peak.operator}: {", ".join(parts)}'


def _named(layer: str) -> str:
    return "the input" if layer == INPUT else f'"{layer}"'


def _lack(memory: MemorySection) -> str:
    names = [part.name for part in memory.parts]
    text = f"{', '.join(names[:-1])} and {names[-1]} take" if len(names) > 1 else f"the {names[0]} takes"
    return (
        f"{text} {memory.needed_bytes:,} of {memory.limit_bytes:,} bytes of {memory.name}, "
        f"{memory.lacking_bytes:,} too many"
    )
