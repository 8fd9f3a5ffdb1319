"""Counting instructions on emulated cores: exact, and equal on every run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.emulated import every_core, usable_core

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import EmulatorError, ToolError
from edgewright.runtime_bench.cores import Build, Count, Counted, Program, build, counter_unavailable_reason, run
from edgewright.runtime_bench.cores.counting import Passage, counter_library, interface_version

LOOP = Path(__file__).parent / "programs" / "loop_main.c"
EVERY_CORE = every_core()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """A cache for the compiled plugin."""
    reason = counter_unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return Cache(root=tmp_path_factory.mktemp("cache"))


def looping(name: str, folder: Path) -> Program:
    """Build the program that loops."""
    return build(usable_core(name), Build(sources=(LOOP,)), folder)


def counted(program: Program, kept: Cache, *rounds: int) -> Counted:
    """Count the instructions of loops of so many rounds."""
    count = Count(cache=kept, marks=("mark_start", "mark_stop"))
    found = run(program, arguments=[str(number) for number in rounds], count=count).counted
    assert found is not None
    return found


@pytest.mark.parametrize("name", EVERY_CORE)
def test_counts_are_exact(name: str, kept: Cache, tmp_path: Path) -> None:
    """A loop of two instructions counts as twice its rounds, whatever they are, beside what surrounds it."""
    rounds = (1, 2, 3, 10, 1000, 123_457, 2_000_000)
    found = counted(looping(name, tmp_path), kept, *rounds).between("mark_start", "mark_stop")
    around = found[0] - 2
    assert 0 < around < 20
    assert [2 * number + around for number in rounds] == list(found)


@pytest.mark.parametrize("name", EVERY_CORE)
def test_counts_repeat(name: str, kept: Cache, tmp_path: Path) -> None:
    """Two runs give the same counts at every mark and in all."""
    program = looping(name, tmp_path)
    first, second = (counted(program, kept, 5, 70_000) for _ in range(2))
    assert first == second
    assert ["mark_start", "mark_stop"] * 2 == [passage.mark for passage in first.passages]
    assert first.instructions > first.passages[-1].instructions > 140_000


def test_plugin_is_compiled_once(kept: Cache, tmp_path: Path) -> None:
    """The compiled plugin is kept in the cache."""
    emulator = looping("cortex-m4", tmp_path).core.emulator
    library = counter_library(emulator, kept)
    written = library.stat().st_mtime_ns
    assert (library, written) == (counter_library(emulator, kept), library.stat().st_mtime_ns)


def test_unknown_mark_is_told(kept: Cache, tmp_path: Path) -> None:
    """A mark that the program does not have is refused with its name and a reason why it may be missing."""
    with pytest.raises(EmulatorError, match=r'no symbol "mark_middle" to count at: the linker keeps only'):
        run(looping("cortex-m4", tmp_path), count=Count(cache=kept, marks=("mark_start", "mark_middle")))


def test_missing_compiler_is_told(kept: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a compiler for this computer nothing is counted, and the sentence says how to get one."""
    emulator = usable_core("cortex-m4").emulator
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^There is no gcc: install it"):
        counter_library(emulator, kept)


@pytest.mark.parametrize(("printed", "version"), [("QEMU emulator version 7.2.22 (Debian 1:7.2)", 1),
                                                  ("QEMU emulator version 8.2.2", 1),
                                                  ("QEMU emulator version 10.0.2", 2)])  # fmt: skip
def test_interface_of_the_emulator_is_chosen(
    printed: str, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin speaks the version of the interface that the emulator wants to hear."""
    tool = tmp_path / f"qemu-{version}-{len(printed)}"
    tool.write_text(f"#!/bin/sh\necho '{printed}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert version == interface_version(tool.name)


def test_between_pairs_marks() -> None:
    """A start counts to the next stop; stops without a start and starts without a stop do not."""
    passages = [("b", 1), ("a", 2), ("a", 5), ("b", 9), ("b", 10), ("a", 20), ("b", 21), ("a", 30)]
    found = Counted(
        instructions=40, passages=tuple(Passage(mark=mark, instructions=number) for mark, number in passages)
    )
    assert (4, 1) == found.between("a", "b")
    assert (3, 15, 10) == found.between("a", "a")
