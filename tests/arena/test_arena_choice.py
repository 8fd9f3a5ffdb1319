"""Arenas: found by trying, sufficient, not wasteful, and labelled with where they come from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.models import CHECKED, FITTED, reference_models, two_layer_tflite
from support.one_operator import GRAPHS

from edgewright.pipeline.arena import TFLM_REVISION, arena_for, computed_host_use, measure_host_arena, replay
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import read, write
from edgewright.pipeline.interpreters import FindArena, Request, find_arena, run, tflm_engine
from edgewright.pipeline.target import Family, load_family, load_target
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels, Placement

FAMILY = Family(
    title="Test",
    kernels=Kernels.ESP_NN,
    tflm_source="none",
    tflm_revision="user",
    library_folder="library",
    tool="none",
    tool_install="none",
    build_command=("true",),
)


def works(tflite: bytes, arena_bytes: int, shape: tuple[int, ...]) -> bool:
    """Whether a model of one int8 input runs in an arena."""
    inputs = (np.zeros((1, *shape), np.int8),)
    try:
        run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs, arena_bytes=arena_bytes))
    except InterpreterError:
        return False
    return True


def test_the_arena_found_is_the_smallest_that_works() -> None:
    """The autoencoder, whose reported bytes are not enough, runs in what was found and not in 16 bytes less."""
    tflite = (reference_models() / "arena" / "autoencoder.tflite").read_bytes()
    arena_bytes = measure_host_arena(tflite)
    sizes = (arena_bytes - 16, arena_bytes, arena_bytes + 16, arena_bytes + 4096)
    assert [False, True, True, True] == [works(tflite, size, (128,)) for size in sizes]


def test_an_arena_is_found_for_several_inputs() -> None:
    """A model with two inputs and outputs is measured as well, in a multiple of 16."""
    arena_bytes = measure_host_arena(two_layer_tflite())
    assert 0 == arena_bytes % 16
    assert 512 < arena_bytes < 4096


@pytest.mark.slow
@pytest.mark.parametrize("half", [FITTED, CHECKED], ids=["fitted", "checked"])
def test_the_interpreters_arena_is_computed(half: tuple[str, ...]) -> None:
    """TFLM's interpreter on this computer needs and uses to the byte what is computed for each reference model."""
    paths = {path.stem: path for path in reference_models().rglob("*.tflite")}
    found, computed = {}, {}
    for name in half:
        tflite = paths[name].read_bytes()
        measured = find_arena(FindArena(engine=tflm_engine(), tflite=tflite))
        found[name] = (measured.allocations.total_bytes, measured.arena_bytes)
        use = computed_host_use(read(tflite))
        computed[name] = (use.used_bytes, use.smallest_bytes)
    assert found == computed


@pytest.mark.slow
def test_the_interpreters_arena_is_computed_for_each_operator() -> None:
    """So it is for graphs of one operator, but for a step of 16 bytes, and two where a matrix is turned."""
    wrong = {}
    for name, make in GRAPHS.items():
        measured = find_arena(FindArena(engine=tflm_engine(), tflite=write(make())))
        use = computed_host_use(make())
        excess = use.smallest_bytes - measured.arena_bytes
        if use.used_bytes != measured.allocations.total_bytes or not 0 <= excess <= 2 * 16:
            wrong[name] = (use, measured)
    assert {} == wrong


def test_a_host_gets_what_was_measured() -> None:
    """The constant of a 64-bit target is the measured arena, rounded up to 16, and says where it comes from."""
    arena = arena_for(tiny_graph(), 1601, load_target("host"), FAMILY, "1.2.3")
    assert {
        "arena_bytes": 1616,
        "reserve_bytes": 0,
        "method": ArenaMethod.MEASURED_ON_HOST,
        "word_bits": 64,
        "kernels": Kernels.ESP_NN,
        "tflm_revision": "1.2.3",
        "placement": Placement.INTERNAL,
        "used_bytes": replay(tiny_graph(), Kernels.ESP_NN, "host").used_bytes,
    } == dataclasses.asdict(arena)


def test_a_32_bit_core_gets_what_is_computed() -> None:
    """The constant of the ESP32 is what TFLM takes there and 16 bytes for each operator, and is marked as computed."""
    target, graph = load_target("esp32"), tiny_graph()
    arena = arena_for(graph, 1601, target, FAMILY, "1.2.3")
    use = replay(graph, Kernels.ESP_NN, "xtensa-lx6")
    assert {
        "arena_bytes": use.smallest_bytes + 4 * 16,
        "reserve_bytes": 4 * 16,
        "method": ArenaMethod.COMPUTED,
        "word_bits": 32,
        "kernels": Kernels.ESP_NN,
        "tflm_revision": TFLM_REVISION,
        "placement": Placement.INTERNAL,
        "used_bytes": use.used_bytes,
    } == dataclasses.asdict(arena)


def test_what_tflm_cannot_run_has_no_arena() -> None:
    """A model that is no model gives a sentence."""
    with pytest.raises(InterpreterError, match="TensorFlow Lite Micro"):
        measure_host_arena(b"\x1c\0\0\0TFL3" + bytes(40))


def test_a_known_revision_needs_less_in_reserve() -> None:
    """Where it is the family's, only fully-connected layers may grow; where it is the user's, any operator."""
    target, graph = load_target("esp32"), tiny_graph()
    known = FAMILY.model_copy(update={"tflm_revision": "1484068"})
    reserves = [arena_for(graph, 1601, target, family, "1.2.3").reserve_bytes for family in (known, FAMILY)]
    assert [32, 4 * 16] == reserves


def test_a_reserve_is_bounded() -> None:
    """Thirty layers of a small arena keep less than 256 bytes free, however many there are."""
    draft = Draft()
    x = draft.input((1, 16))
    for _ in range(30):
        weights = draft.constant(np.ones((16, 16)), scale=2**-7)
        x = draft.operator("FULLY_CONNECTED", (x, weights), (1, 16), options_type="FullyConnectedOptions")
    arena = arena_for(draft.graph(x), 9600, load_target("esp32"), FAMILY, "1.2.3")
    assert 240 == arena.reserve_bytes


def test_an_app_has_no_computed_use() -> None:
    """LiteRT allocates by itself: nothing is known of what it reports."""
    target = load_target("android")
    assert arena_for(tiny_graph(), 1601, target, load_family("android"), "1.2.3").used_bytes is None


def test_an_arduino_library_has_the_kernels_that_it_has() -> None:
    """The arena says CMSIS-NN, which the known library contains on every core, whatever the family registers."""
    arena = arena_for(tiny_graph(), 1601, load_target("esp32"), load_family("arduino"), "1.2.3")
    assert Kernels.CMSIS_NN is arena.kernels
