"""What the flash of firmware over the static runtime holds: the model's weights and code, the self-test, the rest."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.emission.machine import helper_names
from edgewright.runtime_bench.firmware.linkmap import LinkMap, object_name

SELFTEST_NAMES = ("compare", "selftest", "trace", "vectors", "walk")
"""Sources of the library that a firmware without a self-test would not have."""


@dataclass(frozen=True, kw_only=True)
class FlashParts:
    """Bytes of flash by what they are for; an object of a library is counted where it was needed first."""

    weights_bytes: int
    """The arrays `edgewright_weights_<number>`."""
    model_bytes: int
    """The model's steps and kernels with their tables, and what these need of the compiler's and the C library."""
    selftest_bytes: int
    other_bytes: int
    """Start-up, drivers, console, protocol and application."""
    filled_bytes: int
    """What the linker left empty so that things are aligned."""


def flash_parts(found: LinkMap, prefix: str, flash_bytes: int) -> FlashParts:
    """Sort the objects of a firmware by what they are for.

    Args:
        found: the linker's map.
        prefix: of the library's names.
        flash_bytes: of the whole program.
    """
    kinds = {"weights": 0, "model": 0, "selftest": 0, "other": 0}
    for piece in found.pieces:
        kinds[_kind(piece.section, object_name(found.origin(piece.linked_object)), prefix)] += piece.nbytes
    return FlashParts(
        weights_bytes=kinds["weights"],
        model_bytes=kinds["model"],
        selftest_bytes=kinds["selftest"],
        other_bytes=kinds["other"],
        filled_bytes=flash_bytes - sum(kinds.values()),
    )


def _kind(section: str, name: str, prefix: str) -> str:
    if f".{prefix}_weights_" in section:
        return "weights"
    if not name.startswith(f"{prefix}_"):
        return "other"
    part = name.removeprefix(f"{prefix}_").partition(".")[0]
    if part in SELFTEST_NAMES:
        return "selftest"
    if f"edgewright_{part}" in helper_names():
        return "other"
    return "model"
