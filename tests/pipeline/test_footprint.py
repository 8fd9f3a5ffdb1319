"""Footprints: every figure is measured, the parts add up, and what was linked lies within the stated accuracy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel
from support.graphs import Draft, tiny_graph
from support.models import reference_models

from edgewright.pipeline.arena import arena_for, computed_arena_bytes, measure_host_arena
from edgewright.pipeline.code_sizes import (
    CODE_SIZES,
    CodeTable,
    Optimization,
    SharedCode,
    code_parts,
    load_code_tables,
)
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.footprint import (
    OTHER_CORE_ACCURACY,
    STACK_BYTES,
    Footprint,
    choose_code_table,
    estimate_host_arena,
    footprint,
)
from edgewright.pipeline.graph import Graph, read, write
from edgewright.pipeline.operator_tables import load_table
from edgewright.pipeline.target import Family, Target, load_family, load_target
from edgewright.pipeline.tomlfile import read_toml
from edgewright.pipeline.vocabulary import Kernels

UNMEASURED: frozenset[str] = frozenset()
"""Operators that emission knows and no table has a figure for."""

TABLES = load_code_tables()
M4 = Target(title="Board", chip="Chip", core="cortex-m4", word_bits=32, families=("cmake",))


class LinkedPrograms(BaseModel):
    """`linked_programs.toml`: what whole programs took."""

    operators: dict[str, tuple[str, ...]]
    code_bytes: dict[str, dict[str, int]]


LINKED = LinkedPrograms.model_validate(read_toml(Path(__file__).parent / "linked_programs.toml", TargetError))


def cmsis_nn() -> Family:
    """A family with the CMSIS-NN kernels."""
    return load_family("cmake").model_copy(update={"kernels": Kernels.CMSIS_NN})


def footprint_of(graph: Graph, *, host_arena_bytes: int | None = 4000, target: Target = M4) -> Footprint:
    """The footprint of a graph with the CMSIS-NN kernels, optimized for size."""
    return footprint(
        graph,
        tflite_bytes=len(write(graph)),
        host_arena_bytes=host_arena_bytes,
        target=target,
        family=cmsis_nn(),
        optimization=Optimization.SIZE,
        selftest_bytes=70,
    )


def published(name: str) -> bytes:
    """The bytes of a reference model."""
    path = next(reference_models().rglob(f"{name}.tflite"))
    return path.read_bytes()


def sum_of_parts(table: CodeTable, operators: tuple[str, ...]) -> int:
    """What a table makes of a set of operators."""
    return sum(part.code_bytes for part in code_parts(table, operators))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_sound(table: CodeTable) -> None:
    """A table is in the file of its name, covers its own core, and has what emission knows, but the unmeasured."""
    newest = load_table("1484068")
    known = {*newest.operators, *newest.custom_operators}
    assert (CODE_SIZES / f"{table.name}.toml").is_file()
    assert table.is_for(table.core)
    assert UNMEASURED == known - set(table.operators)
    assert set() == set(table.operators) - known
    assert [] == [shared for shared in table.shared if len(set(shared.operators)) != len(shared.operators)]
    assert min(map(table.alone_bytes, table.operators)) > 0


@pytest.mark.parametrize("kernels", Kernels)
@pytest.mark.parametrize("optimization", Optimization)
def test_all_kernels_have_a_table(kernels: Kernels, optimization: Optimization) -> None:
    """Whatever a family is built with, there are figures for it."""
    table = choose_code_table(kernels, "unheard-of", optimization)
    assert (kernels, optimization) == (table.kernels, table.optimization)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_linked_programs_lie_within_the_accuracy(table: CodeTable) -> None:
    """The error of each sum is at most the stated share, and the largest one needs that share."""
    linked = LINKED.code_bytes[table.name]
    errors = {
        name: abs(sum_of_parts(table, operators) / linked[name] - 1) for name, operators in LINKED.operators.items()
    }
    assert {} == {name: error for name, error in errors.items() if error > table.accuracy}
    assert max(errors.values()) > table.accuracy - 0.01


def test_the_linked_operators_are_those_of_the_published_models() -> None:
    """The sets that were linked stand in the models' files."""
    for name in ("kws_ref_model", "pretrainedResnet_quant", "autoencoder", "pad_strided", "unet_tiny"):
        graph = read(published(name))
        assert set(LINKED.operators[name]) == {operator.label for operator in graph.main.operators}


def test_another_core_is_stated_less_accurately() -> None:
    """The stated accuracy covers what lies between the two cores that the same programs were linked for."""
    pairs = [("reference_cortex-m4_size", "reference_rv32imc_size"), ("esp_nn_cortex-m4_size", "esp_nn_rv32imc_size")]
    errors = [
        abs(LINKED.code_bytes[larger][program] / bytes_ - 1)
        for smaller, larger in pairs
        for program, bytes_ in LINKED.code_bytes[smaller].items()
    ]
    assert OTHER_CORE_ACCURACY - 0.05 < max(errors) < OTHER_CORE_ACCURACY
    esp32 = load_target("esp32")
    found = footprint(tiny_graph(), tflite_bytes=1, host_arena_bytes=1, target=esp32, family=load_family("esp_idf"))
    assert OTHER_CORE_ACCURACY == found.code_accuracy
    assert "linked for rv32imc, optimized for speed" == found.code_parts[0].source


@pytest.mark.parametrize(("name", "is_measured"), [("esp32c3", True), ("esp32c6", True), ("esp32p4", False)])
def test_cores_with_the_same_instructions_share_a_table(name: str, *, is_measured: bool) -> None:
    """Atomics change nothing in the code around a model; a floating-point unit does."""
    board = load_target(name)
    table = choose_code_table(Kernels.ESP_NN, board.core, Optimization.SPEED)
    assert ("rv32imc", is_measured) == (table.core, table.is_for(board.core))


def test_parts_and_totals_add_up() -> None:
    """Code is the sum of its parts, flash adds file and golden vectors, and RAM is arena, stack and variables."""
    graph = tiny_graph()
    found = footprint_of(graph)
    table = choose_code_table(Kernels.CMSIS_NN, "cortex-m4", Optimization.SIZE)
    names = sorted({operator.label for operator in graph.main.operators})
    assert (len(write(graph)), 70) == (found.weight_bytes, found.selftest_bytes)
    assert sum(part.code_bytes for part in found.code_parts) == found.code_bytes
    assert found.weight_bytes + found.code_bytes == found.program_bytes
    assert found.program_bytes + found.selftest_bytes == found.flash_bytes
    assert found.arena_bytes + STACK_BYTES + found.static_bytes == found.ram_bytes
    assert ["interpreter", "C library and start-up", *names, "code that operators share"] == [
        part.name for part in found.code_parts
    ]
    assert sum_of_parts(table, tuple(names)) == found.code_bytes
    assert table.accuracy == found.code_accuracy


def test_one_operator_takes_what_was_measured_alone() -> None:
    """A program of one operator is the interpreter, the C library and that operator with all that it shares."""
    table = choose_code_table(Kernels.REFERENCE, "cortex-m4", Optimization.SPEED)
    base_bytes = table.interpreter_bytes + table.c_library_bytes
    assert base_bytes + table.alone_bytes("CONV_2D") == sum_of_parts(table, ("CONV_2D", "CONV_2D"))


def test_shared_code_counts_once() -> None:
    """Two operators take less than the sum of either alone, by what they share."""
    table = CodeTable(
        kernels=Kernels.REFERENCE,
        optimization=Optimization.SIZE,
        core="core",
        covers=("core",),
        accuracy=0.1,
        interpreter_bytes=1000,
        c_library="none",
        c_library_bytes=100,
        static_ram_bytes=0,
        static_ram_bytes_per_operator=0,
        operators={"ADD": 10, "MUL": 20, "SUB": 30},
        shared=(SharedCode(code_bytes=5, operators=("ADD", "MUL")),),
    )
    assert (1115, 1125, 1130) == tuple(sum_of_parts(table, (name,)) for name in ("ADD", "MUL", "SUB"))
    assert 1135 == sum_of_parts(table, ("ADD", "MUL"))
    assert 1165 == sum_of_parts(table, ("ADD", "MUL", "SUB"))


def test_an_unmeasured_operator_takes_the_largest() -> None:
    """An operator without a figure is counted like the largest one, and its row says so."""
    draft = Draft()
    x = draft.input((1, 4))
    graph = draft.graph(draft.operator("CUSTOM", (x,), (1, 4), custom_name="Novel"))
    table = choose_code_table(Kernels.CMSIS_NN, "cortex-m4", Optimization.SIZE)
    (part,) = [part for part in footprint_of(graph).code_parts if part.name == "Novel"]
    assert max(map(table.alone_bytes, table.operators)) == part.code_bytes
    assert "not measured: as much as the largest operator of the cmsis_nn kernels" == part.source


def test_a_measured_arena_is_the_targets() -> None:
    """The arena of a host is what the firmware gets, and is called found by trying."""
    host = load_target("host")
    found = footprint_of(tiny_graph(), host_arena_bytes=4001, target=host)
    assert arena_for(tiny_graph(), 4001, host, cmsis_nn(), "any").arena_bytes == found.arena_bytes == 4016
    assert "found by trying on the host" == found.arena_source


def test_an_unknown_arena_is_estimated_and_says_so() -> None:
    """Without a measurement the graph's own tensors decide about a host's arena."""
    graph = tiny_graph()
    found = footprint_of(graph, host_arena_bytes=None, target=load_target("host"))
    assert 0 <= found.arena_bytes - estimate_host_arena(graph) < 16
    assert "not measured" in found.arena_source


@pytest.mark.parametrize("host_arena_bytes", [None, 4000])
def test_the_arena_of_a_32_bit_core_is_computed(host_arena_bytes: int | None) -> None:
    """What was found on the host does not matter for another core: the arena is what its firmware gets."""
    graph = tiny_graph()
    found = footprint_of(graph, host_arena_bytes=host_arena_bytes)
    assert computed_arena_bytes(graph, M4, cmsis_nn()) == found.arena_bytes
    assert arena_for(graph, 4000, M4, cmsis_nn(), "any").arena_bytes == found.arena_bytes
    assert "computed from what the interpreter allocates there" == found.arena_source


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("kws_ref_model", -0.05, 0.05),
        ("pretrainedResnet_quant", -0.05, 0.05),
        ("unet_tiny", -0.05, 0.05),
        ("conv1d_motion", -0.05, 0.05),
        ("autoencoder", -0.15, 0.0),  # the temporaries of its preparation exceed its activations
        ("mobilenet_v1_like", -0.20, -0.10),  # the interpreter's planner needs a third more than what is alive
    ],
)
def test_estimated_arenas_are_near_what_is_found(name: str, lowest: float, highest: float) -> None:
    """The estimate misses what trying finds by a few percent, but where the planner or preparation needs more."""
    tflite = published(name)
    error = estimate_host_arena(read(tflite)) / measure_host_arena(tflite) - 1
    assert lowest <= error <= highest


@pytest.mark.parametrize(
    ("old", "new", "fragment"),
    [
        ("interpreter_bytes", "interpreter_byte", "interpreter_bytes: is missing; add it."),
        ("accuracy = ", "acuracy = 1\naccuracy = ", 'acuracy: unknown key; did you mean "accuracy"'),
        ("accuracy = 0.04", "accuracy = 4", "accuracy: Input should be less than 1 (got 4)"),
        ("\nADD = ", "\nADD = -", "operators.ADD: Input should be greater than or equal to 0"),
        ("\nADD = ", "\nADDD = ", 'shared: "ADD" has no figure of its own'),
        ('kernels = "cmsis_nn"', 'kernels = "cmsis"', "kernels: Input should be"),
    ],
)
def test_a_broken_table_says_where(tmp_path: Path, old: str, new: str, fragment: str) -> None:
    """File, key and what is accepted stand in the sentence."""
    path = Path(shutil.copy(CODE_SIZES / "cmsis_nn_cortex-m4_size.toml", tmp_path))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(TargetError) as caught:
        load_code_tables(tmp_path)
    assert str(path) in str(caught.value)
    assert fragment in str(caught.value)
