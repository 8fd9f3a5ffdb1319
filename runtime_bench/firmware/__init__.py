"""Emitted bare-metal firmware: built with its own Makefile, run under an emulator, and taken apart.

`run_firmware` builds a tree, runs its self-test and counts; `step_table` and `run_lines` show what it found.
"""

from edgewright.runtime_bench.firmware.run import FirmwareRun, StepCount, StepFacts, require_runnable, run_firmware
from edgewright.runtime_bench.firmware.view import run_lines, step_table

__all__ = ["FirmwareRun", "StepCount", "StepFacts", "require_runnable", "run_firmware", "run_lines", "step_table"]
