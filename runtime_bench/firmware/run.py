"""A firmware's self-test in an emulator, and what one inference takes there: instructions, stack, flash and RAM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.emission.machine import selftest_words
from edgewright.pipeline.errors import EmulatorError, TargetError, ToolError
from edgewright.pipeline.interpreters.process import condense
from edgewright.pipeline.machine import Machine, machine_of
from edgewright.pipeline.target import Family, Target
from edgewright.runtime_bench.cores import Count, Counted, Program, Sizes, run
from edgewright.runtime_bench.cores.counting import counter_library
from edgewright.runtime_bench.firmware.linkmap import read_map
from edgewright.runtime_bench.firmware.making import MAP, make_firmware
from edgewright.runtime_bench.firmware.parts import FlashParts, flash_parts

RUN_TIMEOUT_SECONDS = 900.0
_INVOKE, _CLOCK, _STEP = "_invoke", "_port_ticks", "_step_"
_VERDICT = re.compile(r"^SELF-TEST (?:PASS|FAIL|ERROR) .*$", re.MULTILINE)
_STACK = re.compile(r"^STACK used=(\d+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """What is known of one step of the model before it runs."""

    title: str
    """The layers that it computes."""
    kernel: str
    mac_count: int = 0


@dataclass(frozen=True, kw_only=True)
class StepCount:
    """What one step of the model took."""

    number: int
    facts: StepFacts
    instructions: int


@dataclass(frozen=True, kw_only=True)
class FirmwareRun:
    """What was found out about a firmware."""

    machine: Machine
    elf: Path
    console: str
    """All that it printed."""
    verdict: str
    """The self-test's last line."""
    passed: bool
    stack_bytes: int | None
    """The deepest that the stack has been, start-up, self-test and application included."""
    sizes: Sizes
    parts: FlashParts
    instructions: int | None
    """Of the first inference; None where they were not counted."""
    steps: tuple[StepCount, ...]
    uncounted_reason: str
    """Why instructions were not counted; empty where they were."""


@dataclass(frozen=True, kw_only=True)
class _Marks:
    """Functions of a program that instructions are counted between."""

    prefix: str
    steps: tuple[str, ...]

    @property
    def start(self) -> str:
        return self.prefix + _INVOKE

    @property
    def stop(self) -> str:
        """What is called as soon as the model has run."""
        return self.prefix + _CLOCK

    @property
    def all(self) -> tuple[str, ...]:
        return (self.start, self.stop, *self.steps)


def require_runnable(target: Target, family: Family) -> Machine:
    """Return the machine that a target's firmware runs on here.

    Raises:
        TargetError: the family's firmware needs a board.
        ToolError: make's compiler or the emulator is missing.
    """
    if not family.needs_machine:
        raise TargetError(
            f'run: firmware of the family "{family.name}" runs on a board; give a target whose family is bare_metal, '
            f"such as mps2-an386."
        )
    machine = machine_of(target)
    reason = machine.unavailable_reason()
    if reason is not None:
        raise ToolError(reason)
    return machine


def run_firmware(
    machine: Machine, firmware: Path, cache: Cache, *assignments: str, steps: Sequence[StepFacts] = ()
) -> FirmwareRun:
    """Build a firmware and run it until its self-test has ended.

    Args:
        machine: what it is for.
        firmware: the emitted tree.
        cache: where the plugin that counts is kept.
        assignments: to variables of the firmware's Makefile.
        steps: what is known of the model's steps, in the order in which they run; nothing where nobody knows.

    Raises:
        OutputError: there is no firmware.
        ToolError: a program is missing.
        CompilerError: it cannot be built.
        EmulatorError: it crashed, hung, or did not come to its self-test's end.
    """
    program = make_firmware(machine, firmware, *assignments)
    marks = _marks(program)
    reason = _uncounted_reason(machine, cache)
    done = run(
        program,
        options=selftest_words(),
        count=None if reason else Count(cache=cache, marks=marks.all),
        timeout_seconds=RUN_TIMEOUT_SECONDS,
    )
    counted = _inference(done.counted, marks, program) if done.counted else ()
    console = done.stdout.decode(errors="replace")
    stack = _STACK.search(console)
    return FirmwareRun(
        machine=machine,
        elf=program.elf,
        console=console,
        verdict=_verdict(console, program, done.exit_status),
        passed=done.exit_status == 0,
        stack_bytes=int(stack[1]) if stack else None,
        sizes=program.sizes,
        parts=flash_parts(read_map(firmware / MAP), marks.prefix, program.sizes.flash_bytes),
        instructions=counted[-1] - counted[0] if counted else None,
        steps=_steps(counted[1:], steps),
        uncounted_reason=reason,
    )


def _verdict(console: str, program: Program, exit_status: int) -> str:
    found = _VERDICT.search(console)
    if found is None:
        raise EmulatorError(f"{program.elf} ended with status {exit_status} and without a self-test's verdict.")
    return found[0]


def _uncounted_reason(machine: Machine, cache: Cache) -> str:
    """Say why instructions cannot be counted; empty where the plugin for that is there."""
    try:
        counter_library(machine.emulator, cache)
    except ToolError as error:
        return condense(str(error))
    return ""


def _marks(program: Program) -> _Marks:
    """Find the functions by their names, which begin with whatever the library was emitted with."""
    names: Mapping[str, int] = program.image.addresses
    prefixes = [name.removesuffix(_CLOCK) for name in names if name.endswith(_CLOCK)]
    found = [prefix for prefix in prefixes if prefix + _INVOKE in names]
    if len(found) != 1:
        raise EmulatorError(
            f"{program.elf} has no single edgewright_invoke and edgewright_port_ticks; link it unstripped."
        )
    pattern = re.compile(re.escape(found[0] + _STEP) + r"(\d+)")
    steps = {int(match[1]): name for name in names if (match := pattern.fullmatch(name))}
    return _Marks(prefix=found[0], steps=tuple(steps[number] for number in sorted(steps)))


def _inference(counted: Counted, marks: _Marks, program: Program) -> tuple[int, ...]:
    """Return how much had been executed at the first inference's call, at each of its steps, and after it."""
    found: list[int] = []
    for passage in counted.passages:
        if passage.mark == marks.start:
            found = [passage.instructions]
        elif found and passage.mark in marks.steps:
            found.append(passage.instructions)
        elif found and passage.mark == marks.stop:
            return (*found, passage.instructions)
    raise EmulatorError(f"{program.elf} ran its model not once; see what it printed.")


def _steps(passed: Sequence[int], facts: Sequence[StepFacts]) -> tuple[StepCount, ...]:
    """Return what each step took, from its call to the next one's; steps run in the order of their numbers."""
    counts = [after - before for before, after in pairwise(passed)]
    unknown = [StepFacts(title=f"step {number}", kernel="") for number in range(len(counts))]
    known = facts if len(facts) == len(counts) else unknown
    return tuple(
        StepCount(number=number, facts=each, instructions=count)
        for number, (each, count) in enumerate(zip(known, counts, strict=True))
    )
