"""The emulated cores in tests: which of them every run takes, and what a test needs of them."""

from __future__ import annotations

import pytest

from edgewright.runtime_bench.cores import Core, core_names, load_core

REDUCED = ("cortex-m0plus", "cortex-m4", "rv32imc")
"""One of each kind: no multiplication of 64 bits and no FPU, an FPU, another architecture."""


def every_core(*, at_least_ram_bytes: int = 0, without: tuple[str, ...] = ()) -> list[object]:
    """Return the names of cores as parameters: of REDUCED for every run, of the others for the complete grid.

    Args:
        at_least_ram_bytes: how much RAM the test's program takes.
        without: cores that cannot do it.
    """
    names = [
        name for name in core_names() if load_core(name).memory.ram_bytes >= at_least_ram_bytes and name not in without
    ]
    return [pytest.param(name, marks=pytest.mark.slow if name in REDUCED else pytest.mark.full) for name in names]


def usable_core(name: str) -> Core:
    """Load a core, or skip the test where its compiler or emulator is missing."""
    core = load_core(name)
    reason = core.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return core
