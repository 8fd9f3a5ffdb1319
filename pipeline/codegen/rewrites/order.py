"""The order of steps chosen for memory: where a program has branches, the order that needs least at its worst moment.

A value and its views are the same bytes. Scratch is not known yet: kernels are chosen later.
"""

from __future__ import annotations

from dataclasses import replace

from edgewright.pipeline.arena.order import BEAM, STATES, Network, find_order
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.program import Program

EFFORT = 400_000
"""How many times a step is tried in a state, so that a program of a thousand steps takes seconds."""


def rewrite(program: Program) -> Program:
    """Return the program in the best order that was found, its own where there is no better one."""
    if len(program.steps) < 2:
        return program
    count = len(program.steps)
    states, beam = min(STATES, EFFORT // count), min(BEAM, max(EFFORT // count**2, 1))
    order = find_order(_network(program), states, beam)
    return replace(program, steps=tuple(program.steps[number] for number in order)) if order else program


def _network(program: Program) -> Network:
    """Describe a program to the search: views write nothing, and keep alive what they are views of."""
    owner = {index: index for index in program.values}
    writer: dict[int, int] = {}
    for number, step in enumerate(program.steps):
        writer.update(dict.fromkeys(step.outputs, number))
        if isinstance(step.operation, Reinterpretation):
            owner[step.outputs[0]] = owner[step.inputs[0]]
    readers = dict.fromkeys(owner.values(), 0)
    for number, step in enumerate(program.steps):
        for index in step.inputs:
            readers[owner[index]] |= 1 << number
    is_view = [isinstance(step.operation, Reinterpretation) for step in program.steps]
    return Network(
        before=tuple(sum({1 << writer[index] for index in step.inputs if index in writer}) for step in program.steps),
        reads=tuple(tuple(sorted({owner[index] for index in step.inputs})) for step in program.steps),
        writes=tuple(
            () if view else tuple(sorted(set(step.outputs))) for step, view in zip(program.steps, is_view, strict=True)
        ),
        scratch_bytes=(0,) * len(program.steps),
        tensor_bytes={index: program.values[index].nbytes for index in readers},
        readers=readers,
        lasting=frozenset(owner[index] for index in program.outputs),
        given=frozenset(program.inputs),
    )
