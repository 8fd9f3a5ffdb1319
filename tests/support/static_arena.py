"""Programs played through in one arena, in the order in which kernels read and write: what is lost, shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import shake_128

from edgewright.pipeline.codegen.call import Call
from edgewright.pipeline.codegen.memory import MemoryPlan, final_calls
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.program import Program, Step


def results_in_arena(program: Program, calls: Sequence[Call | None], plan: MemoryPlan) -> list[bytes]:
    """Run a program with all values in one arena, and return its outputs."""
    arena = bytearray(plan.arena_bytes)
    places = {
        index: memoryview(arena)[offset : offset + program.values[index].nbytes]
        for index, offset in plan.offsets.items()
    }
    scratch = {
        number: memoryview(arena)[offset : offset + call.scratch_bytes]
        for number, call in enumerate(calls)
        if call is not None and (offset := plan.scratch_offsets.get(number)) is not None
    }
    return _run(program, final_calls(calls, plan), places, scratch)


def results_apart(program: Program, calls: Sequence[Call | None], plan: MemoryPlan) -> list[bytes]:
    """Run the same program with a place for each value, and return its outputs."""
    places = {index: memoryview(bytearray(program.values[index].nbytes)) for index in plan.offsets}
    return _run(program, final_calls(calls, plan), places, {})


def _run(
    program: Program,
    calls: Sequence[Call | None],
    places: dict[int, memoryview],
    scratch: dict[int, memoryview],
) -> list[bytes]:
    for index in program.inputs:
        places[index][:] = _digest(len(places[index]), str(index).encode())
    for number, (step, call) in enumerate(zip(program.steps, calls, strict=True)):
        if call is None:
            assert isinstance(step.operation, Reinterpretation)
            places[step.outputs[0]][:] = bytes(places[step.inputs[0]])
            continue
        for written, read in _groups(program, step, call):
            seen = [bytes(places[index][window]) for index, window in read]
            if number in scratch:
                scratch[number][:] = _digest(len(scratch[number]), b"scratch")
            for index, window in written:
                part = places[index][window]
                part[:] = _digest(len(part), str((number, index, window.start)).encode(), *seen)
    return [bytes(places[index]) for index in program.outputs]


Windows = list[tuple[int, slice]]


def _groups(program: Program, step: Step, call: Call) -> Iterator[tuple[Windows, Windows]]:
    """Give for each group of a step what it writes, and what it may read before that."""
    whole = [(index, slice(0, program.values[index].nbytes)) for index in step.inputs]
    overlap = call.overlap
    if not overlap.is_in_place and overlap.first_needed is None:
        for index in step.outputs:  # half by half, all inputs before each
            nbytes = program.values[index].nbytes
            for window in (slice(0, nbytes // 2), slice(nbytes // 2, nbytes)):
                yield [(index, window)], whole
        return
    source, target = program.values[step.inputs[0]], program.values[step.outputs[0]]
    group_bytes = target.dtype.bits // 8 if overlap.is_in_place else overlap.group_bytes
    for group in range(target.nbytes // group_bytes):
        at = target.nbytes // group_bytes - 1 - group if overlap.is_descending else group
        window = slice(at * group_bytes, (at + 1) * group_bytes)
        if overlap.first_needed is None:
            element_bytes = source.dtype.bits // 8
            read = slice(at * element_bytes, (at + 1) * element_bytes)
        elif overlap.is_descending:
            read = slice(0, int(overlap.first_needed[group]))
        else:
            read = slice(int(overlap.first_needed[group]), source.nbytes)
        yield [(target.index, window)], [(source.index, read), *whole[1:]]


def _digest(nbytes: int, *parts: bytes) -> bytes:
    return shake_128(b"|".join(parts)).digest(nbytes)
