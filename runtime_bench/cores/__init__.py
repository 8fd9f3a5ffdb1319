"""Building programs for microcontrollers' cores with Debian's cross compilers, and running them under QEMU."""

from edgewright.runtime_bench.cores.building import Build, Program, Surroundings, build
from edgewright.runtime_bench.cores.core import Core, core_names, load_core
from edgewright.runtime_bench.cores.counting import Count, Counted, Passage, counter_unavailable_reason
from edgewright.runtime_bench.cores.elf import Sizes
from edgewright.runtime_bench.cores.execution import Ending, Execution, emulator_command, run

__all__ = [
    "Build",
    "Core",
    "Count",
    "Counted",
    "Ending",
    "Execution",
    "Passage",
    "Program",
    "Sizes",
    "Surroundings",
    "build",
    "core_names",
    "counter_unavailable_reason",
    "emulator_command",
    "load_core",
    "run",
]
