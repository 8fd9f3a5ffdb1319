"""Machines without a framework: what targets say of them, and what firmware for them is built from."""

from __future__ import annotations

import pytest

from edgewright.pipeline.emission.machine import machine_sources
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.machine import MACHINE_SOURCES, load_machine, machine_names, machine_of, next_commands
from edgewright.pipeline.target import Target, choose_family, load_target, target_names

TARGETS = [name for name in target_names() if load_target(name).machine]


def test_every_machine_is_a_target() -> None:
    """There is a target for each machine, and one alone."""
    assert list(machine_names()) == sorted(str(load_target(name).machine) for name in TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_target_and_machine_agree(name: str) -> None:
    """The memories that a report counts against are those that the linker fills."""
    target = load_target(name)
    memory = machine_of(target).memory
    assert (memory.code_bytes, memory.ram_bytes) == (target.flash_bytes, target.ram_bytes)
    assert "bare_metal" == choose_family(target, None).name


@pytest.mark.parametrize("name", machine_names())
def test_firmware_needs_no_files_outside(name: str) -> None:
    """No source of a firmware opens or reads a file of the computer outside, or is for its standard streams."""
    machine = load_machine(name)
    sources = machine_sources(machine)
    assert [] == [source for source in sources if source in machine.support.libc]
    users = [path for path in map(MACHINE_SOURCES.joinpath, sources) if not path.name.startswith(("host_", "port_"))]
    for path in users:
        text = path.read_text()
        assert (path.name, False) == (path.name, "edgewright_host_read" in text or "edgewright_host_open" in text)


def test_target_without_a_machine_is_told() -> None:
    """A board that has its own framework is no machine, and a machine that there is not is told with the others."""
    with pytest.raises(TargetError, match=r'Target "esp32" is no machine for bare-metal firmware: .*cortex-m4'):
        machine_of(load_target("esp32"))
    unknown = Target.model_validate({**load_target("mps2-an386").model_dump(), "machine": "cortex-m5"})
    with pytest.raises(TargetError, match=r'Unknown core "cortex-m5": did you mean "cortex-m'):
        machine_of(unknown)


def test_next_commands() -> None:
    """A board that exists is flashed; one that is only emulated is run, and on a computer there is nothing to do."""
    for name, commands in {
        "microbit": [("make",), ("make", "flash")],
        "mps2-an386": [("make",), ("make", "run")],
        "esp32": [("idf.py", "build"), ("idf.py", "-p", "{port}", "flash")],
        "host": [("cmake", "-B", "build", "-DTFLM_INCLUDE=DIR", "-DTFLM_LIB=lib.a")],
    }.items():
        target = load_target(name)
        assert (name, tuple(commands)) == (name, next_commands(target, choose_family(target, None)))
