"""What every rewrite needs: who writes and reads a value, and a program made of changed steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from edgewright.pipeline.codegen.program import Program, Step, Value


def writers(program: Program) -> dict[int, Step]:
    """Return for each value that a step writes that step."""
    return {index: step for step in program.steps for index in step.outputs}


def read_counts(program: Program) -> dict[int, int]:
    """Return how many times each value is read, by the caller as well."""
    counts = dict.fromkeys(program.values, 0)
    for step in program.steps:
        for index in step.inputs:
            counts[index] += 1
    for index in program.outputs:
        counts[index] += 1
    return counts


def sole_writer(program: Program, index: int, written: Mapping[int, Step], counts: Mapping[int, int]) -> Step | None:
    """Return the step that writes a value that one step alone reads, or None."""
    return written.get(index) if counts[index] == 1 and index not in program.outputs else None


def rebuild(program: Program, steps: Iterable[Step], values: Iterable[Value] = ()) -> Program:
    """Return a program of other steps: those that nothing needs are left out, and so are their values.

    Args:
        program: what the steps come from.
        steps: in an order in which they can run.
        values: new ones, and those that take the place of others.
    """
    known = {**program.values, **{value.index: value for value in values}}
    needed = set(program.outputs)
    kept: list[Step] = []
    for step in reversed([*steps]):
        if needed.intersection(step.outputs):
            needed.update(step.inputs)
            kept.append(step)
    kept.reverse()
    present = [*program.inputs, *(index for step in kept for index in step.outputs)]
    return replace(program, steps=tuple(kept), values={index: known[index] for index in present})
