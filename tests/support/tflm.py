"""A real TensorFlow Lite Micro for tests: a user's own copy, and what it takes to compile and run firmware against it.

`EDGEWRIGHT_TFLM` is the root of a TFLM tree, or its include directories separated by colons; `EDGEWRIGHT_TFLM_LIB` is
the library built from it. `make test-tflm TFLM=DIR TFLM_LIB=lib.a` sets both. The fixtures are those of tests/emission.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.archives import core_of
from support.emulated import usable_core

from edgewright.runtime_bench.cores import Build, Core, Program, build

CPP_FLAGS = ("-std=c++17", "-Wall", "-Wextra", "-Werror")
DOWNLOADS = "tensorflow/lite/micro/tools/make/downloads"
CPP_PACKAGE = "libstdc++-arm-none-eabi-newlib"
THIRD_PARTY = ("flatbuffers/include", "gemmlowp", "ruy", "kissfft")

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]
Compile = Callable[..., Path]


def include_folders(given: str) -> list[Path]:
    """Return TFLM's include directories: those given and, for a root, those of the libraries that it brings along."""
    found = []
    for text in filter(None, given.split(os.pathsep)):
        root = Path(text).resolve()
        nested = [root / parent / name for parent in ("third_party", DOWNLOADS) for name in THIRD_PARTY]
        found += [root, *(folder for folder in nested if folder.is_dir())]
    return found


@pytest.fixture(scope="module")
def includes() -> list[str]:
    """Return the flags that make TFLM's headers known as system headers."""
    given = os.environ.get("EDGEWRIGHT_TFLM", "")
    if not given:
        pytest.skip("no TFLM headers: run `make test-tflm TFLM=DIR`, the root of a TensorFlow Lite Micro tree")
    folders = include_folders(given)
    if not any((folder / "tensorflow/lite/micro/micro_interpreter.h").is_file() for folder in folders):
        pytest.fail(f"EDGEWRIGHT_TFLM={given} has no tensorflow/lite/micro/micro_interpreter.h; give the tree's root")
    return [flag for folder in folders for flag in ("-isystem", str(folder))]


@pytest.fixture(scope="module")
def given_library() -> Path:
    """Return the path of TFLM's library, whatever it was compiled for."""
    given = os.environ.get("EDGEWRIGHT_TFLM_LIB", "")
    if not given:
        pytest.skip("no TFLM library: run `make test-tflm TFLM=DIR TFLM_LIB=lib.a`, built from the same tree")
    if not Path(given).is_file():
        pytest.fail(f"EDGEWRIGHT_TFLM_LIB={given} is not a file; give the library that was built from the TFLM tree")
    return Path(given).resolve()


@pytest.fixture(scope="module")
def given_core(given_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Core | None:
    """Return the emulated core that TFLM's library is for, or None where it is for this computer."""
    return core_of(given_library, tmp_path_factory.mktemp("cores"))


@pytest.fixture(scope="module")
def library(given_library: Path, given_core: Core | None) -> str:
    """Return the path of TFLM's library for this computer."""
    if given_core is not None:
        pytest.skip(f"{given_library.name} is for {given_core.name}, on which the tests of emulated cores run it")
    return str(given_library)


@pytest.fixture
def build_on_core(
    given_library: Path, given_core: Core | None, includes: list[str], tmp_path: Path
) -> Callable[..., Program]:
    """Return a function that builds the cmake family's self-test, or another main, for the core that TFLM is for."""
    if given_core is None:
        pytest.skip(f"{given_library.name} is for this computer; give an archive for a Cortex-M or for rv32imc")
    core = usable_core(given_core.name)
    archives = (given_library, *libraries_of_cpp(core))

    def build_selftest_for_core(tree: Path, main: Path | None = None) -> Program:
        own = tree / "edgewright"
        sources = [path for path in sorted(own.iterdir()) if path.suffix in (".c", ".cc")]
        what = Build(
            sources=(*(path for path in sources if path.stem != "edgewright_port"), main or tree / "selftest_main.c"),
            includes=(own,),
            archives=archives,
            warnings=("-Wall", "-Wextra", "-Werror", *includes),
            with_port=True,
        )
        return build(core, what, tmp_path / "core")

    return build_selftest_for_core


def libraries_of_cpp(core: Core) -> list[Path]:
    """Return the C++ library and the mathematical one of a core's compiler; the test is skipped without them."""
    found = []
    for name in ("libstdc++.a", "libm.a"):
        command = [core.compiler.command, *core.compiler.flags, f"-print-file-name={name}"]
        path = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
        if not path.is_absolute():
            pytest.skip(f"{core.compiler.command} has no {name} for {core.name} (Arm: apt install {CPP_PACKAGE})")
        found.append(path)
    return found


def compile_cpp(source: Path, *flags: str) -> None:
    """Compile a C++ file; a warning is an error."""
    compiler = shutil.which("g++") or shutil.which("c++")
    assert compiler is not None, "TFLM needs a C++ compiler: install one (Debian: apt install g++)"
    command = [compiler, *CPP_FLAGS, *flags, str(source)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)


def compile_library(tree: Path, prefix: str, folder: Path, includes: list[str], cc: Compile) -> list[Path]:
    """Compile the library of the cmake family by hand and return its objects."""
    harness = folder / f"{prefix}_model.o"
    compile_cpp(tree / prefix / f"{prefix}_model.cc", "-O1", *includes, "-c", "-o", str(harness))
    return [harness, *compile_c(sorted((tree / prefix).glob("*.c")), [tree / prefix], cc)]


def compile_c(sources: list[Path], folders: list[Path], cc: Compile) -> list[Path]:
    """Compile C99, and return the objects."""
    flags = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O1", "-c")
    own = [f"-I{folder}" for folder in folders]
    return [cc([source], flags=(*flags, *own), name=f"{source.stem}.o") for source in sources]


def build_selftest(tree: Path, folder: Path, includes: list[str], library: str, cc: Compile) -> Path:
    """Build the cmake family's self-test against TFLM, by hand."""
    objects = compile_library(tree, "edgewright", folder, includes, cc)
    objects += compile_c([tree / "selftest_main.c"], [tree / "edgewright"], cc)
    return link(objects, library, folder / "edgewright_selftest")


def link(objects: list[Path], library: str, program: Path) -> Path:
    """Link objects with TFLM and return the program."""
    compiler = str(shutil.which("g++") or shutil.which("c++"))
    command = [compiler, *map(str, objects), library, "-lm", "-o", str(program)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (finished.returncode, finished.stderr)
    return program


def run_selftest(program: Path) -> tuple[int, list[str]]:
    """Run a self-test and return its exit status and the lines that it printed."""
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    return finished.returncode, finished.stdout.splitlines()
