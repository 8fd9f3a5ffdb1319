"""Whole trees: what is emitted is exactly what lies under tests/golden, and depends on nothing but its input.

`python -m pytest tests/emission/test_emission_golden.py --golden-update` rewrites the trees.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.families import PLACES

from edgewright.pipeline.codegen.kernels import KERNELS
from edgewright.pipeline.emission.firmware import render
from edgewright.pipeline.emission.templates import family_templates
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.target import FAMILIES, family_names, load_family
from edgewright.pipeline.vocabulary import EmissionModel, Runtime

GOLDEN = Path(__file__).parents[1] / "golden"

Emit = Callable[..., Mapping[str, bytes]]
GOLDENS = {name: (name, load_family(name).runtime) for name in family_names()} | {
    f"{name}_static": (name, Runtime.STATIC) for name in ("arduino", "cmake")
}
"""For each folder the family, and the runtime that it is emitted over."""
KERNEL_FILES = tuple(sorted({name for one in KERNELS for name in (f"edgewright_{one.name}", *one.helpers)}))


@pytest.fixture(scope="module")
def tiny(tiny: EmissionModel) -> EmissionModel:
    """Return the tiny model with a preprocessing, so that the trees show one."""
    declared = {"resize": [4, 4], "scale": 1 / 255, "normalization": {"mean": [0.13], "std": [0.31]}}
    return replace(tiny, preprocessing=(Preprocessing.model_validate(declared),))


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def texts_of(tree: Mapping[str, bytes]) -> dict[str, str]:
    """Return the files that templates made: all but the model and its labels."""
    return {name: content.decode() for name, content in tree.items() if not name.endswith((".tflite", "/labels.txt"))}


@pytest.mark.parametrize("name", GOLDENS)
def test_tree_is_golden(name: str, tiny: EmissionModel, emit: Emit, request: pytest.FixtureRequest) -> None:
    """No file is missing, extra or stale."""
    folder = GOLDEN / name
    family, runtime = GOLDENS[name]
    tree = dict(emit(tiny, family, runtime=runtime))
    if request.config.getoption("--golden-update", default=False):
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in tree.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    golden = read_tree(folder)
    assert sorted(golden) == sorted(tree)
    stale = [path for path, content in tree.items() if golden[path] != content]
    assert [] == stale, f"{stale[0]} differs; if that is wanted, run this file with --golden-update"


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_two_renderings_are_equal(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """Rendering twice gives equal bytes in an equal order."""
    assert list(emit(tiny, family, runtime=runtime).items()) == list(emit(tiny, family, runtime=runtime).items())


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_no_date_and_no_absolute_path(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """Nothing tells when or where the tree was rendered."""
    text = "\n".join(texts_of(emit(tiny, family, runtime=runtime)).values())
    assert str(FAMILIES) not in text
    assert str(Path.home()) + "/" not in text
    assert re.search(r"\b20[2-9]\d-\d\d", text) is None


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_text_is_tidy(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """Each file ends in one line end, and no line ends in a space or is followed by two empty ones; make needs tabs."""
    for name, text in texts_of(emit(tiny, family, runtime=runtime)).items():
        assert (name, True) == (name, text.endswith("\n") and not text.endswith("\n\n"))
        forbidden = r"[ \t]\n|\n\n\n" if name == "Makefile" else r"[ \t]\n|\n\n\n|\t"
        assert (name, None) == (name, re.search(forbidden, text))


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_banner_names_origin(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """Every file names the tool's version, the model and the configuration's digest."""
    for name, content in texts_of(emit(tiny, family, runtime=runtime)).items():
        text = content.replace("\\", "")
        for part in ("edgewright 0.0.0", tiny.name, tiny.configuration_digest):
            assert (name, True) == (name, part in text)


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_user_files_are_emitted(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """A path that the family's facts give to the user exists, and its banner says whose it is."""
    tree = emit(tiny, family, runtime=runtime)
    for path in load_family(family).user_files:
        assert b"Yours to edit" in tree[path]


@pytest.mark.parametrize(("family", "runtime"), PLACES)
def test_templates_hold_no_arithmetic(family: str, runtime: Runtime) -> None:
    """A template computes nothing: its expressions have no arithmetic operator."""
    for template in family_templates(load_family(family).over(runtime), kernel_files=KERNEL_FILES):
        source = (FAMILIES / template.source).read_text(encoding="utf-8")
        for expression in re.findall(r"\{[{%](.*?)[%}]\}", source, re.DOTALL):
            bare = re.sub(r"\"[^\"]*\"", "", expression.strip("-"))
            assert (template.source, None) == (template.source, re.search(r"[-+*/] ?\w|\w ?[+*/]|//|%", bare))


def test_installed_version_is_the_default(tiny: EmissionModel) -> None:
    """Without a version given, banners name the one that is installed."""
    from importlib.metadata import version

    from edgewright.pipeline.target import load_target
    from edgewright.pipeline.vocabulary import Arena, ArenaMethod, Kernels

    arena = Arena(
        arena_bytes=16,
        reserve_bytes=0,
        method=ArenaMethod.MEASURED_ON_HOST,
        word_bits=64,
        kernels=Kernels.REFERENCE,
        tflm_revision="0",
    )
    tree = render(tiny, arena, load_target("host"), load_family("cmake"))
    assert f"Generated by edgewright {version('edgewright')}," in tree["CMakeLists.txt"].decode()
