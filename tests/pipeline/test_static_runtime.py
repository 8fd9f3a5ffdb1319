"""The static runtime's settings and arena, and the figures of its code."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.codegen.kernels import KERNELS
from edgewright.pipeline.codegen.reading import READERS
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.errors import RecipeError, TargetError
from edgewright.pipeline.recipe import parse_recipe
from edgewright.pipeline.static_code import LinkedCode, choose_static_table, load_static_tables, static_code
from edgewright.pipeline.static_runtime import compile_for, planned_arena
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.vocabulary import ArenaMethod, Runtime

CONVERT = [{"stage": "convert"}]


def compiled(target_name: str) -> StaticModel:
    """Compile the tiny network for a target."""
    target = load_target(target_name)
    graph = tiny_graph()
    names = tuple(f"layer {operator.index}" for operator in graph.main.operators)
    model = compile_for(graph, names, target, choose_family(target, None, Runtime.STATIC))
    assert model is not None
    return model


def test_other_runtimes_are_not_compiled_for() -> None:
    """A family over TensorFlow Lite Micro needs no compiled model."""
    target = load_target("esp32")
    assert compile_for(tiny_graph(), ("",) * 4, target, choose_family(target, None)) is None


def test_arena_is_the_plan() -> None:
    """Its bytes are those of the plan, rounded up to 16, and all of them are in use."""
    model, target = compiled("pico"), load_target("pico")
    arena = planned_arena(model, target)
    assert (ArenaMethod.PLANNED, 0, 32) == (arena.method, arena.reserve_bytes, arena.word_bits)
    assert 0 == arena.arena_bytes % 16
    assert 0 <= arena.arena_bytes - model.plan.arena_bytes < 16
    assert arena.arena_bytes == arena.used_bytes


def test_recipe_turns_rewrites_off() -> None:
    """The table [static] says which rewrites are left out; an unknown key is refused with the accepted ones."""
    recipe = parse_recipe({"stages": CONVERT, "static": {"dead_channels": False}}, Path("mine.toml"))
    options = recipe.settings.static.options
    assert (False, True, True) == (options.dead_channels, options.overlap, options.reorder)
    with pytest.raises(RecipeError, match="dead_channels"):
        parse_recipe({"stages": CONVERT, "static": {"dead_chanels": False}}, Path("mine.toml"))


@pytest.mark.parametrize("table", load_static_tables(), ids=lambda table: table.core)
def test_tables_know_the_kernels(table: object) -> None:
    """Every kernel's file has a figure on each core that was measured."""
    known = set(table.files)  # type: ignore[attr-defined]
    assert set() == {f"edgewright_{kernel.name}" for kernel in KERNELS} - known


@pytest.mark.parametrize(
    ("core", "measured"),
    [("cortex-m0", "cortex-m0plus"), ("cortex-m33", "cortex-m4"), ("rv32imafc", "rv32imc"), ("host", "cortex-m4")],
)
def test_cores_have_a_table(core: str, measured: str) -> None:
    """A core takes the figures of its own kind, and one that was not measured those of the usual one."""
    assert measured == choose_static_table(core).core


def test_linked_code_goes_first() -> None:
    """What was measured of a model is exact; without, parts add up to an estimate that says how exact it is."""
    model = compiled("nucleo_f446re")
    linked = static_code(model, "cortex-m4", LinkedCode(code_bytes=1234, stack_bytes=99, source="measured"))
    assert (1234, 99, 0.0) == (sum(part.code_bytes for part in linked.parts), linked.stack_bytes, linked.accuracy)
    estimated = static_code(model, "cortex-m4")
    assert {"steps", *(name.removeprefix("edgewright_") for name in model.kernel_files)} == {
        part.name for part in estimated.parts
    }
    assert 0 < estimated.accuracy < static_code(model, "xtensa-lx6").accuracy


def test_broken_table_is_refused(tmp_path: Path) -> None:
    """A table without its figures is named by file and key."""
    (tmp_path / "mine.toml").write_text('core = "mine"\n')
    with pytest.raises(TargetError, match=r"mine\.toml"):
        load_static_tables(tmp_path)


def test_page_names_every_operator() -> None:
    """docs/static.md lists the operators that are read, no more and no less."""
    page = (Path(__file__).parents[2] / "docs" / "static.md").read_text(encoding="utf-8")
    section = page.partition("## Operators\n")[2].partition(".")[0]
    assert [name for name, _ in READERS] == section.replace("\n", "").split(", ")
