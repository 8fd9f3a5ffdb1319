"""Arenas: found by trying, sufficient, not wasteful, and labelled with where they come from."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from support.graphs import tiny_graph
from support.models import reference_models, two_layer_tflite

from edgewright.pipeline.arena import TFLM_REVISION, arena_for, measure_host_arena, replay
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.target import Family, load_target
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

ABOVE_TABLE_BYTES = 432
"""The table was measured without recording allocations and with an older TFLM; the interpreter measured here records
them, which takes 256 bytes, and keeps about 32 bytes more for each fully-connected layer."""


def works(tflite: bytes, arena_bytes: int, shape: tuple[int, ...]) -> bool:
    """Whether a model of one int8 input runs in an arena."""
    inputs = (np.zeros((1, *shape), np.int8),)
    try:
        run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs, arena_bytes=arena_bytes))
    except InterpreterError:
        return False
    return True


def rows() -> dict[str, dict[str, str]]:
    """The measured table's rows for the host, by model."""
    with (reference_models().parent / "arena.csv").open() as file:
        return {row["model"]: row for row in csv.DictReader(file) if row["target"] == "x86-64"}


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
def test_arenas_match_the_measured_table() -> None:
    """Every model's arena is at least the table's and above it by no more than recording and a newer revision cost."""
    paths = {path.stem: path for path in reference_models().rglob("*.tflite")}
    table = {name: int(row["min_arena_mult16"]) for name, row in rows().items()}
    assert paths.keys() == table.keys()
    above = {name: measure_host_arena(paths[name].read_bytes()) - table[name] for name in sorted(table)}
    assert {} == {name: excess for name, excess in above.items() if not 0 <= excess <= ABOVE_TABLE_BYTES}


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
    } == dataclasses.asdict(arena)


def test_a_32_bit_core_gets_what_is_computed() -> None:
    """The constant of the ESP32 is what TFLM takes there and 16 bytes for each operator, and is marked as computed."""
    target, graph = load_target("esp32"), tiny_graph()
    arena = arena_for(graph, 1601, target, FAMILY, "1.2.3")
    assert {
        "arena_bytes": replay(graph, Kernels.ESP_NN, "xtensa-lx6").smallest_bytes + 4 * 16,
        "reserve_bytes": 4 * 16,
        "method": ArenaMethod.COMPUTED,
        "word_bits": 32,
        "kernels": Kernels.ESP_NN,
        "tflm_revision": TFLM_REVISION,
        "placement": Placement.INTERNAL,
    } == dataclasses.asdict(arena)


def test_what_tflm_cannot_run_has_no_arena() -> None:
    """A model that is no model gives a sentence."""
    with pytest.raises(InterpreterError, match="TensorFlow Lite Micro"):
        measure_host_arena(b"\x1c\0\0\0TFL3" + bytes(40))
