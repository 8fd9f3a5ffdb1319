"""Which machine this is."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from edgewright.runtime_bench.bench.schema import MachineSection

_CPU_INFO = Path("/proc/cpuinfo")


def describe_machine() -> MachineSection:
    """Return what decides how fast it is, without a name of its own."""
    return MachineSection(
        processor=_processor(),
        core_count=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python_version=platform.python_version(),
    )


def _processor() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, "") or platform.processor() or platform.machine()
