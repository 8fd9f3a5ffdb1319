"""The verification: what it accepts computes the right thing, and each kind of mistake is found and named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.static_arena import results_apart, results_in_arena
from support.static_sketches import IN_PLACE, Sketch, ring_overlaps, sketches

from edgewright.pipeline.codegen.memory import MemoryPlan, check, plan
from edgewright.pipeline.codegen.program import Program

Drawn = tuple[Sketch, tuple[int, ...]]


@given(sketches(5, 3), st.data())
def test_what_is_accepted_computes_the_right_thing(drawn: Drawn, data: st.DataObject) -> None:
    """Of a plan with one block elsewhere, either the verification says no or the arena still gives the results."""
    sketch, outputs = drawn
    program = sketch.program(*outputs)
    moved = _moved(plan(program, sketch.calls), data)
    if _is_accepted(program, sketch, moved):
        assert results_apart(program, sketch.calls, moved) == results_in_arena(program, sketch.calls, moved)


def _moved(found: MemoryPlan, data: st.DataObject) -> MemoryPlan:
    """The plan with one value, or one step's scratch, in another place, and perhaps a step in its other order."""
    place = 4 * data.draw(st.integers(0, found.arena_bytes // 4))
    number = data.draw(st.sampled_from([*found.offsets, *(-1 - step for step in found.scratch_offsets)]))
    if data.draw(st.booleans()):
        found = replace(found, mirrored_steps=frozenset(sorted(found.mirrored_steps)[1:]))
    if number < 0:
        return replace(found, scratch_offsets={**found.scratch_offsets, -1 - number: place})
    return replace(found, offsets={**found.offsets, number: place})


def _is_accepted(program: Program, sketch: Sketch, found: MemoryPlan) -> bool:
    try:
        check(program, sketch.calls, found)
    except ValueError:
        return False
    return True


@pytest.fixture
def line() -> tuple[Program, Sketch, MemoryPlan]:
    """Two steps, the first with scratch and the second in place, and a view of the result."""
    sketch = Sketch()
    x = sketch.step([sketch.input(8)], (16,), scratch_bytes=4)[0]
    y = sketch.step([x], (16,), overlap=IN_PLACE)[0]
    program = sketch.program(sketch.view(y, 4, 4))
    return program, sketch, plan(program, sketch.calls)


def test_the_plan_itself_is_accepted(line: tuple[Program, Sketch, MemoryPlan]) -> None:
    """The mistakes below are the only ones in their plans."""
    program, sketch, found = line
    check(program, sketch.calls, found)
    assert (8 + 16 + 4, found.offsets[1]) == (found.arena_bytes, found.offsets[2])


@pytest.mark.parametrize(
    ("offsets", "scratch", "sentence"),
    [
        ({0: 0, 1: 4, 2: 4, 3: 4}, 24, "What step 0 writes overlaps what it still reads"),
        ({0: 0, 1: 8, 2: 8, 3: 8}, 20, "What step 0 writes overlaps"),
        ({0: 0, 1: 8, 2: 8, 3: 8}, 4, "What step 0 writes overlaps what it still reads"),
        ({0: 0, 1: 8, 2: 8, 3: 12}, 24, "v3 does not lie where v2 does in step 2"),
        ({0: 0, 1: 8, 2: 12, 3: 12}, 24, "What step 1 writes overlaps what it still reads"),
        ({0: 0, 1: 16, 2: 16, 3: 16}, 8, "Offset 16 of 16 bytes is not in the arena"),
        ({0: -4, 1: 8, 2: 8, 3: 8}, 24, "Offset -4 of 8 bytes is not in the arena"),
        ({0: 0, 1: 8, 2: 8, 3: 8}, 25, "Offset 25 of 4 bytes is not in the arena or not aligned"),
        ({0: 0, 1: 8, 2: 8, 3: 8}, None, "Scratch has no place in step 0"),
        ({0: 0, 1: 8, 3: 8}, 24, "v2 has no place in step 1"),
    ],
)
def test_mistakes_are_named(
    line: tuple[Program, Sketch, MemoryPlan], offsets: dict[int, int], scratch: int | None, sentence: str
) -> None:
    """Each wrong place is found where it does harm."""
    program, sketch, found = line
    wrong = replace(found, offsets=offsets, scratch_offsets={} if scratch is None else {0: scratch})
    with pytest.raises(ValueError, match=sentence):
        check(program, sketch.calls, wrong)


def test_what_is_read_later_must_be_whole() -> None:
    """A value that a step between overwrites is missed by the step that reads it, and an output at the end."""
    sketch = Sketch()
    kept = sketch.step([sketch.input(4)], (4,))[0]
    other = sketch.step([kept], (4,))[0]
    last = sketch.step([other], (4,))[0]
    joined = sketch.step([last, kept], (4,))[0]
    program = sketch.program(joined, other)
    found = plan(program, sketch.calls)
    over = replace(found, offsets={**found.offsets, last: found.offsets[kept]})
    with pytest.raises(ValueError, match="v1 is no longer whole when step 3 reads it"):
        check(program, sketch.calls, over)
    over = replace(found, offsets={**found.offsets, joined: found.offsets[other]})
    with pytest.raises(ValueError, match="v2 is no longer whole when the outputs reads it"):
        check(program, sketch.calls, over)


def test_inputs_may_not_share_bytes() -> None:
    """Two inputs are written before anything is computed."""
    sketch = Sketch()
    one, two = sketch.input(4), sketch.input(4)
    last = sketch.step([sketch.step([one], (4,))[0], two], (4,))[0]
    program = sketch.program(last)
    found = plan(program, sketch.calls)
    with pytest.raises(ValueError, match="v0 is no longer whole"):
        check(program, sketch.calls, replace(found, offsets={**found.offsets, two: found.offsets[one]}))


def test_a_kernels_order_counts_to_the_byte() -> None:
    """A convolution that keeps copies of rows may be written over its input up to a row higher, and no further."""
    sketch = Sketch()
    shape = (6, 4, 4)
    upwards, _ = ring_overlaps(shape, shape, (3, 3), 1)
    y = sketch.step([sketch.input(*shape)], shape, overlap=upwards)[0]
    program = sketch.program(y)
    found = replace(plan(program, sketch.calls), arena_bytes=200)
    row_bytes = 4 * 4
    check(program, sketch.calls, replace(found, offsets={0: 0, y: row_bytes}))
    with pytest.raises(ValueError, match="What step 0 writes overlaps what it still reads"):
        check(program, sketch.calls, replace(found, offsets={0: 0, y: row_bytes + 1}))
