"""Fit: each memory against what the board has, part by part, and in which memory the arena lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.code_sizes import CodePart
from edgewright.pipeline.fit import Fit, SelftestSizes, affordable_selftest, find_fit
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.target import Family, Target, load_family, load_target
from edgewright.pipeline.vocabulary import Placement

ESP_IDF, CMAKE = load_family("esp_idf"), load_family("cmake")
BOARD = Target(
    name="board",
    title="Board",
    chip="Chip",
    core="core",
    word_bits=32,
    flash_bytes=1000,
    ram_bytes=500,
    static_ram_bytes=400,
    families=("esp_idf",),
)
NEEDS = Footprint(
    weight_bytes=500,
    code_parts=(CodePart(name="code", code_bytes=300, source="made up"),),
    code_accuracy=0.1,
    arena_bytes=300,
    arena_source="made up",
    stack_bytes=50,
    static_bytes=40,
    selftest_bytes=200,
)
BYTES = st.integers(0, 10**7)


@st.composite
def footprints(draw: st.DrawFn) -> Footprint:
    """Draw what a model needs."""
    return Footprint(
        weight_bytes=draw(BYTES),
        code_parts=(CodePart(name="code", code_bytes=draw(BYTES), source="made up"),),
        code_accuracy=draw(st.floats(0, 0.5)),
        arena_bytes=draw(st.integers(16, 10**7)),
        arena_source="made up",
        stack_bytes=draw(BYTES),
        static_bytes=draw(BYTES),
        selftest_bytes=draw(BYTES),
    )


def lacking(fit: Fit) -> dict[str, int]:
    """Return how much each memory lacks, those alone that do."""
    return {memory.name: memory.lacking_bytes for memory in fit.lacking}


def board(**facts: int | None) -> Target:
    """Return the board with other facts."""
    return BOARD.model_copy(update=facts)


@given(needs=footprints(), psram_bytes=st.none() | st.integers(1, 10**7))
def test_parts_are_all_that_is_needed(needs: Footprint, psram_bytes: int | None) -> None:
    """Parts add up to the footprint's flash and RAM wherever the arena lies, and shares to one."""
    target = board(psram_bytes=psram_bytes)
    fit = find_fit(needs, target, ESP_IDF)
    memories = {memory.name: memory for memory in fit.memories}
    ram = [memories["RAM"], *([memories["PSRAM"]] if fit.placement is Placement.PSRAM else [])]
    assert needs.flash_bytes == memories["flash"].needed_bytes
    assert needs.ram_bytes == sum(memory.needed_bytes for memory in ram)
    for memory in fit.memories:
        shares = sum(map(memory.share, memory.parts))
        assert shares == (pytest.approx(1) if memory.needed_bytes else 0)
    assert fit.fits == all(memory.needed_bytes <= (memory.limit_bytes or 0) for memory in fit.memories)


def test_the_limit_itself_fits() -> None:
    """What is exactly as large as a memory fits, and one byte more lacks one byte."""
    tight = board(ram_bytes=390, static_ram_bytes=340)
    assert find_fit(NEEDS, tight, ESP_IDF).fits
    assert {"flash": 1} == lacking(find_fit(replace(NEEDS, weight_bytes=501), tight, ESP_IDF))
    assert {"static RAM": 1, "RAM": 1} == lacking(find_fit(replace(NEEDS, arena_bytes=301), tight, ESP_IDF))
    assert {"RAM": 1} == lacking(find_fit(replace(NEEDS, stack_bytes=51), tight, ESP_IDF))


def test_variables_are_static_and_the_stack_is_not() -> None:
    """The RAM that the linker fills holds arena and variables; a board that does not limit it has no such memory."""
    parts = {memory.name: [part.name for part in memory.parts] for memory in find_fit(NEEDS, BOARD, ESP_IDF).memories}
    assert {
        "flash": ["weights", "code", "self-test"],
        "static RAM": ["arena", "variables"],
        "RAM": ["arena", "stack", "variables"],
    } == parts
    fit = find_fit(NEEDS, board(static_ram_bytes=None), ESP_IDF)
    assert ["flash", "RAM"] == [memory.name for memory in fit.memories]


def test_a_computer_has_parts_and_no_limits() -> None:
    """Where the target sets no limit everything fits, and the parts are known all the same."""
    fit = find_fit(replace(NEEDS, arena_bytes=10**12), load_target("host"), CMAKE)
    assert fit.fits
    assert [None, None] == [memory.limit_bytes for memory in fit.memories]
    assert [1000, 10**12 + 90] == [memory.needed_bytes for memory in fit.memories]


@pytest.mark.parametrize(
    ("arena_bytes", "psram_bytes", "family", "placement", "missing"),
    [
        (360, 1000, ESP_IDF, Placement.INTERNAL, {}),
        (361, 1000, ESP_IDF, Placement.PSRAM, {}),
        (1001, 1000, ESP_IDF, Placement.PSRAM, {"PSRAM": 1}),
        (361, None, ESP_IDF, Placement.INTERNAL, {"static RAM": 1}),
        (361, 1000, CMAKE, Placement.INTERNAL, {"static RAM": 1}),
    ],
    ids=["small enough", "too large", "too large for both", "a board without", "a family that cannot"],
)
def test_the_arena_goes_to_psram_only_where_it_must_and_can(
    arena_bytes: int, psram_bytes: int | None, family: Family, placement: Placement, missing: dict[str, int]
) -> None:
    """PSRAM takes the arena where the chip's own RAM is too small, the board has some and the family can use it."""
    fit = find_fit(replace(NEEDS, arena_bytes=arena_bytes), board(psram_bytes=psram_bytes), family)
    assert (placement, missing) == (fit.placement, lacking(fit))


def test_a_selftest_takes_what_is_left() -> None:
    """As many vectors as fit beside weights and code at its largest stay; one always does, and all without a limit."""
    sizes = SelftestSizes(vector_bytes=20)

    def count(flash_bytes: int | None) -> int:
        target = board(flash_bytes=flash_bytes)
        return affordable_selftest(NEEDS, sizes, target, vector_count=10, valued_count=0).vector_count

    assert {2000: 10, 1000: 8, 930: 5, 850: 1, 100: 1, None: 10} == {
        flash: count(flash) for flash in (2000, 1000, 930, 850, 100, None)
    }


def test_layers_come_with_the_vectors_and_values_last() -> None:
    """Hashes stay as long as one vector does with its own; values take what is left after all vectors."""
    sizes = SelftestSizes(vector_bytes=20, table_bytes=16, hash_bytes=4, value_bytes=50)
    parts = {
        flash: affordable_selftest(NEEDS, sizes, board(flash_bytes=flash), vector_count=5, valued_count=3)
        for flash in (None, 1200, 1080, 960, 870, 869, 100)
    }
    found = {flash: (p.vector_count, p.hashed_count, p.valued_count, p.nbytes) for flash, p in parts.items()}
    assert {
        None: (5, 5, 3, 286),
        1200: (5, 5, 3, 286),
        1080: (5, 5, 2, 236),
        960: (4, 4, 0, 112),
        870: (1, 1, 0, 40),
        869: (1, 0, 0, 20),
        100: (1, 0, 0, 20),
    } == found


@given(
    needs=footprints(),
    sizes=st.builds(SelftestSizes, vector_bytes=BYTES, table_bytes=BYTES, hash_bytes=BYTES, value_bytes=BYTES),
    count=st.integers(1, 10),
    valued=st.integers(0, 10),
    flash_bytes=st.integers(1, 10**8),
)
def test_a_selftest_never_makes_a_model_too_large(
    needs: Footprint, sizes: SelftestSizes, count: int, valued: int, flash_bytes: int
) -> None:
    """More than one bare vector is kept only where the flash holds it, and never more than is wanted."""
    target = board(flash_bytes=flash_bytes)
    parts = affordable_selftest(needs, sizes, target, vector_count=count, valued_count=valued)
    assert 1 <= parts.vector_count <= count
    assert parts.hashed_count in (0, parts.vector_count)
    assert 0 <= parts.valued_count <= min(parts.hashed_count, valued)
    fits = not find_fit(replace(needs, selftest_bytes=parts.nbytes), target, ESP_IDF).memories[0].lacking_bytes
    assert fits or (parts.vector_count, parts.hashed_count) == (1, 0)
