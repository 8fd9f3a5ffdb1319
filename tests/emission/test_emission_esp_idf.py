"""The ESP-IDF family on the host: port layer and application over stubs of ESP-IDF and the fake model."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.vocabulary import EmissionModel

HERE = Path(__file__).parent
C_FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")
CPP_FLAGS = ("-std=c++17", "-Wall", "-Wextra", "-Werror")

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def build_application(tree: Path, folder: Path) -> Path:
    """Build the emitted application, its TFLM harness replaced by the fake model."""
    compilers = shutil.which("cc"), shutil.which("c++")
    if None in compilers:
        pytest.skip("no C and C++ compiler: install them (Debian: apt install gcc g++)")
    library = tree / "components" / "edgewright"
    includes = [f"-I{path}" for path in (library, HERE / "stubs")]
    sources = [
        *library.glob("*.c"),
        HERE / "fake_model.c",
        HERE / "stubs" / "esp_idf_main.c",
        tree / "main" / "app_main.cc",
    ]
    objects = []
    for source in sorted(sources):
        is_c = source.suffix == ".c"
        objects.append(folder / f"{source.name}.o")
        flags = C_FLAGS if is_c else CPP_FLAGS
        command = [str(compilers[not is_c]), *flags, *includes, "-c", str(source), "-o", str(objects[-1])]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (source.name, 0, "") == (source.name, finished.returncode, finished.stderr)
    program = folder / "application"
    subprocess.run([str(compilers[1]), *map(str, objects), "-o", str(program)], check=True)
    return program


def run_application(program: Path, fake: str = "") -> tuple[int, list[str]]:
    """Run the application and return its exit status and the lines that it printed."""
    finished = subprocess.run(
        [program], capture_output=True, text=True, env={**os.environ, "FAKE": fake}, timeout=10, check=False
    )
    return finished.returncode, finished.stdout.splitlines()


def test_application_tests_itself_then_works(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """At boot the self-test prints its verdict, then each turn of the loop prints label, value and time."""
    model = replace(tiny, labels=("one", "two", "three"))
    status, lines = run_application(build_application(unpack(emit(model, "esp_idf")), tmp_path))
    assert (0, 4 + 3) == (status, len(lines))
    assert "SELF-TEST TIMING ticks=250 ticks_per_second=1000000" == lines[2]
    assert "SELF-TEST PASS 3/3 max_diff=0" == lines[3]
    assert [
        "step 0: element 1 two = 0.695312, 250 ticks of 1/1000000 s",
        "step 1: element 2 three = 0.574219, 250 ticks of 1/1000000 s",
        "step 2: element 2 three = 0.402344, 250 ticks of 1/1000000 s",
    ] == lines[4:]


def test_application_stops_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """After a failed self-test the application says so and does not start."""
    status, lines = run_application(build_application(unpack(emit(tiny, "esp_idf")), tmp_path), "0 0 1 9")
    assert (1, "SELF-TEST FAIL vector 0 element 1 expected 50 got 59") == (status, lines[-2])
    assert "The self-test failed, so the application does not start." == lines[-1]


def test_application_without_labels_and_scale(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """A model with neither labels nor quantized boundary prints plain numbers."""
    main = tiny.graph.main
    tensors = [replace(tensor, quantization=None) if tensor.index in (0, 9) else tensor for tensor in main.tensors]
    assert DType.INT8 == tensors[9].dtype
    graph = replace(tiny.graph, subgraphs=(replace(main, tensors=tuple(tensors)),))
    program = build_application(unpack(emit(replace(tiny, graph=graph, labels=()), "esp_idf")), tmp_path)
    assert "step 0: element 1 = 50, 250 ticks of 1/1000000 s" == run_application(program)[1][4]
