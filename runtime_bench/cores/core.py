"""Emulated cores: the machines that `pipeline/machine.py` knows, as what programs are built for and run on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from edgewright.pipeline.machine import MACHINE_SOURCES as SUPPORT
from edgewright.pipeline.machine import MACHINES as FACTS
from edgewright.pipeline.machine import Emulator
from edgewright.pipeline.machine import Machine as Core
from edgewright.pipeline.machine import load_machine as load_core
from edgewright.pipeline.machine import machine_names as core_names

__all__ = ["FACTS", "HERE", "SUPPORT", "Core", "Emulator", "core_names", "load_core"]

HERE = Path(str(files("edgewright.runtime_bench.cores")))
