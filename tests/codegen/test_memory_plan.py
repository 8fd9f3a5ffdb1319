"""The memory plan: right, as small as can be, and quick."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.static_arena import results_apart, results_in_arena
from support.static_memory_networks import (
    anomaly_detection,
    image_classification,
    inception,
    inverted_residuals,
    keyword_spotting,
    line,
    person_detection,
    residuals,
    squeeze_excite,
    unet,
)
from support.static_sketches import IN_PLACE, Sketch, sketches

from edgewright.pipeline.codegen.call import Overlap
from edgewright.pipeline.codegen.memory import check, final_calls, plan
from edgewright.pipeline.graph import DType

Drawn = tuple[Sketch, tuple[int, ...]]
LAYERS = 1_000
SECONDS = 2.0


@pytest.mark.parametrize(
    ("network", "apart_bytes", "overlapped_bytes"),
    [
        (keyword_spotting, 16_000, 8_064),
        (image_classification, 49_152, 32_768),
        (partial(image_classification, has_ring=False), 49_152, 33_296),
        (person_detection, 55_296, 36_864),
        (anomaly_detection, 768, 768),
    ],
)
def test_networks_take_what_one_moment_needs(
    network: Callable[[], Sketch], apart_bytes: int, overlapped_bytes: int
) -> None:
    """The four architectures of MLPerf Tiny reach the bound, with outputs over inputs and without."""
    sketch = network()
    program = sketch.program(len(sketch.values) - 1)
    for overlap, expected in ((False, apart_bytes), (True, overlapped_bytes)):
        found = plan(program, sketch.calls, overlap=overlap)
        check(program, sketch.calls, found)
        assert (expected, expected) == (found.arena_bytes, found.least_bytes)


@given(sketches(12, 8), st.sampled_from((1, 4, 16)), st.booleans())
def test_every_plan_is_right(drawn: Drawn, alignment_bytes: int, overlap: bool) -> None:
    """Whatever the program, the plan passes the verification, and the arena gives what separate places give."""
    sketch, outputs = drawn
    program = sketch.program(*outputs)
    found = plan(program, sketch.calls, overlap=overlap, alignment_bytes=alignment_bytes)
    check(program, sketch.calls, found)
    assert found.joint_bytes <= found.least_bytes <= found.arena_bytes
    assert {0} == {offset % alignment_bytes for offset in found.offsets.values()}
    assert results_apart(program, sketch.calls, found) == results_in_arena(program, sketch.calls, found)


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("network", [line, residuals, inverted_residuals, inception, squeeze_excite])
def test_a_thousand_layers_are_planned_at_once(network: Callable[[int], Sketch], overlap: bool) -> None:
    """Lines and branches of 1,000 layers take a fraction of a second, and reach the bound of one moment."""
    sketch = network(LAYERS)
    assert len(sketch.steps) >= LAYERS
    program = sketch.program(len(sketch.values) - 1)
    begin = time.process_time()
    found = plan(program, sketch.calls, overlap=overlap)
    check(program, sketch.calls, found)
    assert time.process_time() - begin < SECONDS
    assert found.joint_bytes == found.arena_bytes <= found.liveness_bytes


@pytest.mark.parametrize("network", [line, residuals, inverted_residuals, inception, squeeze_excite, unet])
@pytest.mark.parametrize("layers", [10, 40])
def test_nothing_is_above_the_liveness_bound(network: Callable[[int], Sketch], layers: int) -> None:
    """No plan takes more than what is alive at one moment, scratch included, even without overlap."""
    sketch = network(layers)
    program = sketch.program(len(sketch.values) - 1)
    alone = plan(program, sketch.calls, overlap=False)
    assert alone.arena_bytes == alone.liveness_bytes
    assert plan(program, sketch.calls).arena_bytes <= alone.arena_bytes


def test_a_line_walks_up_and_down() -> None:
    """Each convolution shifts its output by a row and a pixel; with both orders allowed the shifts do not add up."""
    sketch = Sketch()
    x = sketch.input(8, 8, 4)
    for _ in range(10):
        x = sketch.window(x, 4, 3)
    program = sketch.program(x)
    found = plan(program, sketch.calls)
    assert 8 * 8 * 4 + (8 + 1) * 4 == found.arena_bytes
    assert set(range(1, 10, 2)) == found.mirrored_steps or set(range(0, 10, 2)) == found.mirrored_steps
    calls = final_calls(sketch.calls, found)
    assert [number in found.mirrored_steps for number in range(10)] == [
        call is not None and call.overlap.is_descending for call in calls
    ]


def test_views_share_their_bytes() -> None:
    """A reshaped value lies where the value lies, and keeps it alive as long as it is read itself."""
    sketch = Sketch()
    image = sketch.input(4, 4)
    flat = sketch.view(image, 16)
    middle = sketch.step([image], (16,))[0]
    last = sketch.step([middle, flat], (16,))[0]
    found = plan(sketch.program(last), sketch.calls)
    assert found.offsets[image] == found.offsets[flat]
    assert 48 == found.arena_bytes
    assert ["v0", "v2", "v3"] == [block.name for block in found.blocks]
    assert (-1, 2) == (found.blocks[0].first, found.blocks[0].last)


def test_a_picture_shows_scratch_and_lifetimes() -> None:
    """Each block has its name, place, size and the steps between which it is needed."""
    sketch = Sketch()
    x = sketch.step([sketch.input(8)], (6,), scratch_bytes=10)[0]
    y = sketch.step([x], (3,))[0]
    found = plan(sketch.program(y), sketch.calls)
    assert [("v0", 8, -1, 0, False), ("v1", 6, 0, 1, False), ("v2", 3, 1, 2, False), ("v1", 10, 0, 0, True)] == [
        (block.name, block.nbytes, block.first, block.last, block.is_scratch) for block in found.blocks
    ]
    assert {0: found.blocks[3].offset} == found.scratch_offsets
    assert 8 + 8 + 12 == found.arena_bytes == found.liveness_bytes


def test_outputs_stay_and_inputs_are_all_there_at_first() -> None:
    """Two inputs are written before the first step, an early output is whole at the end; neither is shared."""
    sketch = Sketch()
    one, two = sketch.input(16), sketch.input(16)
    early = sketch.step([one], (16,), overlap=IN_PLACE)[0]
    late = sketch.step([two], (16,), overlap=IN_PLACE)[0]
    found = plan(sketch.program(early, late), sketch.calls)
    assert 32 == found.arena_bytes
    assert (found.offsets[one], found.offsets[two]) == (found.offsets[early], found.offsets[late])


def test_an_output_is_not_put_over_an_input_that_is_read_again() -> None:
    """In place needs the last reader, and an input that is read once in the step."""
    sketch = Sketch()
    x = sketch.input(16)
    y = sketch.step([x], (16,), overlap=IN_PLACE)[0]
    z = sketch.step([y, x], (16,))[0]
    w = sketch.step([z, z], (16,), overlap=IN_PLACE)[0]
    found = plan(sketch.program(w), sketch.calls)
    assert (48, 48) == (found.arena_bytes, found.joint_bytes)


def test_floats_lie_on_their_own_boundary() -> None:
    """Elements of four bytes are aligned to four where bytes are not aligned at all."""
    sketch = Sketch()
    x = sketch.input(3)
    y = sketch.step([x], (2,), dtype=DType.FLOAT32)[0]
    z = sketch.step([y, x], (1,))[0]
    found = plan(sketch.program(z), sketch.calls, alignment_bytes=1)
    assert (0, 4) == (found.offsets[y] % 4, found.alignment_bytes)
    assert 3 + 8 + 1 == found.arena_bytes


def test_facts_that_do_not_fit_a_step_are_refused() -> None:
    """A kernel that declares three groups for an output of two is a defect, and is named as one."""
    sketch = Sketch()
    x = sketch.input(8)
    y = sketch.step([x], (8,), overlap=Overlap(group_bytes=4, first_needed=np.zeros(3, dtype=np.int64)))[0]
    with pytest.raises(ValueError, match="3 groups of 4 bytes are not an output of 8"):
        plan(sketch.program(y), sketch.calls)


def test_two_runs_give_the_same_plan() -> None:
    """A plan is a function of its input."""
    sketch = inception(40)
    program = sketch.program(len(sketch.values) - 1)
    assert plan(program, sketch.calls) == plan(program, sketch.calls)
