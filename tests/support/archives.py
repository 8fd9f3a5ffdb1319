"""For which core an archive of objects was compiled."""

from __future__ import annotations

import platform
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from edgewright.runtime_bench.cores import Core, core_names, load_core

MAGIC = b"!<arch>\n"
HEADER_BYTES = 60
MACHINES = {"x86_64": 62, "aarch64": 183}
"""`e_machine` of ELF."""
ARM, RISCV = 40, 243
ATTRIBUTES = re.compile(r"Tag_(?:CPU_arch|FP_arch|MVE_arch|ABI_VFP_args): .+")
"""What an object for Arm says of the instructions that it takes."""


def core_of(archive: Path, scratch: Path) -> Core | None:
    """Return the emulated core that an archive is for, or None where it is for this computer.

    The test fails where it is neither, and is skipped where the cross compiler is missing that would tell.
    """
    elf = _first_object(archive.read_bytes())
    (machine,) = struct.unpack_from("<H", elf, 18)
    if machine == MACHINES.get(platform.machine()):
        return None
    if machine == RISCV and elf[4] == 1:
        return load_core("rv32imc")
    if machine != ARM:
        pytest.fail(f"{archive} is for machine {machine} of ELF; known are this computer's, Arm and 32-bit RISC-V")
    cores = [load_core(name) for name in core_names() if name.startswith("cortex-")]
    told = _attributes(archive)
    fitting = [core for core in cores if told == _attributes(_compiled_for(core, scratch))]
    if not fitting:
        pytest.fail(f"{archive} takes {', '.join(sorted(told))}, as none of {', '.join(core.name for core in cores)}")
    return max(fitting, key=lambda core: core.memory.ram_bytes)


def _first_object(content: bytes) -> bytes:
    position = len(MAGIC)
    while content.startswith(MAGIC) and position < len(content):
        size = int(content[position + 48 : position + 58])
        member = content[position + HEADER_BYTES : position + HEADER_BYTES + size]
        if member.startswith(b"\x7fELF"):
            return member
        position += HEADER_BYTES + size + size % 2
    pytest.fail("EDGEWRIGHT_TFLM_LIB is no archive of ELF objects; give the library that was built from the TFLM tree")


def _attributes(objects: Path) -> frozenset[str]:
    readelf = shutil.which("arm-none-eabi-readelf")
    if readelf is None:
        pytest.skip("arm-none-eabi-readelf is missing, which tells the core of an archive; run make toolchains")
    listed = subprocess.run([readelf, "-A", str(objects)], capture_output=True, text=True, check=True).stdout
    return frozenset(ATTRIBUTES.findall(listed))


def _compiled_for(core: Core, scratch: Path) -> Path:
    reason = core.compiler.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    source, made = scratch / "empty.c", scratch / f"{core.name}.o"
    source.write_text("float empty(float x);\nfloat empty(float x) { return x; }\n")
    subprocess.run([core.compiler.command, *core.compiler.flags, "-c", str(source), "-o", str(made)], check=True)
    return made
