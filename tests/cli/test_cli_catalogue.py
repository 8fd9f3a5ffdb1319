"""`--target all`: one model for every board, in one process, each in a folder of its own."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from support.command import assert_refused, contents, edgewright
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.graph import DType, write
from edgewright.pipeline.report import load_report
from edgewright.pipeline.target import family_names, load_family, load_target, target_names

PAIRS = [(name, family) for name in target_names() for family in load_target(name).families]
LONGEST_EMISSION_SECONDS = 10


def large_model(flash_bytes: int) -> bytes:
    """Return a model of one layer that takes so much flash."""
    draft, width = Draft(), 2048
    weights = np.random.default_rng(1).integers(-127, 128, (flash_bytes // width, width))
    layer = (draft.input((1, width), scale=0.1), draft.constant(weights, scale=0.01),
             draft.constant(np.zeros(len(weights)), DType.INT32))  # fmt: skip
    return write(draft.graph(draft.operator(
        "FULLY_CONNECTED", layer, (1, len(weights)), options_type="FullyConnectedOptions", version=4, scale=20.0
    )))  # fmt: skip


def emit(folder: Path, *options: str) -> CompletedProcess[str]:
    """Emit `mine.tflite` for all targets."""
    return edgewright("emit", "mine.tflite", "--target", "all", *options, cwd=folder)


def rows(printed: str) -> dict[tuple[str, str], list[str]]:
    """Return the cells of the table behind target and family."""
    cells = [line.split() for line in printed.splitlines() if len(line.split()) >= 7]
    return {(row[0], row[1]): row[2:] for row in cells if row[0] in target_names()}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """Return a folder in which the tiny model was emitted for every target and family, and what was printed."""
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "mine.tflite").write_bytes(write(tiny_graph()))
    return folder, emit(folder, "--family", "all")


@pytest.mark.slow
def test_every_target_and_family_is_emitted(catalogue: tuple[Path, CompletedProcess[str]]) -> None:
    """Each has its folder with a firmware, and its row says what it needs, that it fits, and how long it took."""
    folder, finished = catalogue
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "…" not in finished.stdout
    table = rows(finished.stdout)
    assert PAIRS == list(table)
    for target, family in PAIRS:
        out = folder / "build" / "targets" / f"{target}-{family}"
        report = load_report(out / "report.json")
        assert (target, family) == (report.target.name, report.target.family)
        assert [f"{report.arena.bytes:,}", f"{report.footprint.flash_bytes:,}"] == table[target, family][:2]
        assert "yes" == table[target, family][-2]
        assert float(table[target, family][-1]) < LONGEST_EMISSION_SECONDS
        emitted = contents(out / load_family(family).folder)
        assert [] == [path for path in load_family(family).user_files if path not in emitted]


@pytest.mark.slow
def test_trees_depend_on_the_model_alone(catalogue: tuple[Path, CompletedProcess[str]], tmp_path: Path) -> None:
    """Emitted in another folder, every firmware has the same bytes, and names neither folder nor home."""
    folder, _ = catalogue
    (tmp_path / "mine.tflite").write_bytes(write(tiny_graph()))
    assert 0 == emit(tmp_path, "--family", "all").returncode
    for target, family in PAIRS:
        name = Path("build", "targets", f"{target}-{family}")
        first, second = contents(folder / name), contents(tmp_path / name)
        tree = f"{load_family(family).folder}/"
        firmware = {path: text for path, text in first.items() if path.startswith(tree) or path.endswith(".zip")}
        assert firmware
        assert firmware == {path: second.get(path) for path in firmware}
        for place in (folder, tmp_path, Path.home()):
            assert [] == [path for path, text in firmware.items() if f"{place}/".encode() in text]


@pytest.mark.slow
def test_default_families_alone(catalogue: tuple[Path, CompletedProcess[str]]) -> None:
    """Without a family each target gets its default one, in a folder with the target's name; a second run is warm."""
    folder, _ = catalogue
    finished = emit(folder, "--out", "boards")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert [(name, load_target(name).families[0]) for name in target_names()] == list(rows(finished.stdout))
    assert list(target_names()) == sorted(path.name for path in (folder / "boards").iterdir())


@pytest.mark.slow
def test_one_family_alone(catalogue: tuple[Path, CompletedProcess[str]]) -> None:
    """With a family, the targets that have it are emitted."""
    folder, _ = catalogue
    finished = emit(folder, "--out", "arduino", "--family", "arduino")
    assert 0 == finished.returncode
    having = [name for name in target_names() if "arduino" in load_target(name).families]
    assert having == sorted(path.name for path in (folder / "arduino").iterdir())
    for name in having:
        assert 1 == len(list((folder / "arduino" / name).glob("*.zip")))


@pytest.mark.slow
def test_what_does_not_fit_does_not_stop_the_others(tmp_path: Path) -> None:
    """Status 3 and a sentence for each board that is too small; the model lies there, and the others have firmware."""
    (tmp_path / "mine.tflite").write_bytes(large_model(1_200_000))
    finished = emit(tmp_path)
    assert 3 == finished.returncode
    small = [name for name in target_names() if 0 < (load_target(name).flash_bytes or 0) < 1_200_000]
    assert small
    assert len(small) == len(re.findall(r"error: .* does not fit ", finished.stderr))
    table = rows(finished.stdout)
    for target, family in table:
        out = tmp_path / "build" / "targets" / target
        assert ("no" if target in small else "yes") == table[target, family][-2]
        assert (target not in small) == (out / load_family(family).folder).is_dir()
        assert (out / "model.tflite").is_file()


def test_what_no_target_can_use_is_one_sentence(tmp_path: Path) -> None:
    """A model that cannot be read, or a family that does not exist, is refused as for one target."""
    (tmp_path / "mine.tflite").write_bytes(b"not a model")
    assert_refused(emit(tmp_path), "mine.tflite")
    assert_refused(emit(tmp_path, "--family", "ardino"), 'Unknown firmware family "ardino"', "arduino")
    assert sorted(family_names()) == sorted({family for _, family in PAIRS})


def test_dry_run_of_all(tmp_path: Path) -> None:
    """A dry run lists the steps once, and where the results would go; it does nothing."""
    finished = edgewright("build", "--target", "all", "--dry-run", cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert 1 == finished.stdout.count("source: would run")
    assert "would write build/targets\n" in finished.stdout
    assert [] == list(tmp_path.iterdir())
