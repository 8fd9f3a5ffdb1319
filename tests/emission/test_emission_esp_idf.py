"""The ESP-IDF family on the host: port layer and application over stubs of ESP-IDF and the fake model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.applications import (
    EMISSION,
    RESULTS,
    SELFTEST,
    STUBS,
    link,
    replace_model,
    run,
    run_over_protocol,
    samples,
    watch_element,
)

from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.vocabulary import EmissionModel

LIBRARY = "components/edgewright"
RATE = {"rate": "1000000", "us": "250", "kernels": "esp_nn"}

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


def application(tree: Path, program: Path) -> Path:
    """Build the emitted application and return the program."""
    library = tree / LIBRARY
    replace_model(library / "edgewright_model.cc")
    harness = library / "edgewright_model.cc"
    harness = harness.rename(harness.with_suffix(".c"))
    sources = [*sorted(library.glob("*.c")), STUBS / "esp_idf_main.c", tree / "main" / "app_main.cc"]
    return link(sources, [library, STUBS], program)


@pytest.mark.slow
def test_application(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """It tests itself, then runs the model for each line that is sent, and says what an LED would show."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "esp_idf"))
    watch_element(tree / "main" / "app_main.cc", 1)
    status, lines = run(application(tree, tmp_path / "application"), samples(tiny, 0) + "\n" + samples(tiny, 2))
    assert 0 == status
    assert [line.format(**RATE).replace("tolerance=0", "tolerance=1") for line in SELFTEST] == lines[:6]
    results = [line.format(**RATE) for line in RESULTS]
    assert [results[0], "LED on", results[0], "LED on", results[2], "LED off"] == lines[6:]


@pytest.mark.slow
def test_application_over_the_protocol(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """A computer runs the model over the serial protocol; then the console is back, without the line begun before."""
    tree = unpack(emit(replace(tiny, labels=("one", "two", "three")), "esp_idf"))
    watch_element(tree / "main" / "app_main.cc", 1)
    statuses, output, lines = run_over_protocol(application(tree, tmp_path / "application"), tiny, 2)
    assert ([0] * 6, tiny.vectors.outputs[2][0].tobytes()) == (statuses, output)
    assert [RESULTS[0], "LED on"] == [re.sub(r"\d+ us", "{us} us", line) for line in lines[len(SELFTEST) :]]


@pytest.mark.slow
def test_application_after_a_failure(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """After a failed self-test the application says so and runs nothing."""
    status, lines = run(application(unpack(emit(tiny, "esp_idf")), tmp_path / "application"), "\n", "0 0 1 9")
    assert (0, "SELF-TEST FAIL vector 0 element 1 expected 50 got 59") == (status, lines[-2])
    assert "The self-test failed, so the application does not start; the serial protocol is answered." == lines[-1]


@pytest.mark.slow
def test_application_without_labels_and_scale(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """A model with neither labels nor quantized boundary takes and prints plain numbers."""
    main = tiny.graph.main
    tensors = [replace(tensor, quantization=None) if tensor.index in (0, 9) else tensor for tensor in main.tensors]
    assert DType.INT8 == tensors[9].dtype
    graph = replace(tiny.graph, subgraphs=(replace(main, tensors=tuple(tensors)),))
    program = application(unpack(emit(replace(tiny, graph=graph, labels=()), "esp_idf")), tmp_path / "application")
    plain = ",".join(str(value) for value in tiny.vectors.inputs[1][0].flat)
    assert ["element 2 = 19 in 250 us", "LED off"] == run(program, f"{plain}\n")[1][6:]


def test_port(tiny: EmissionModel, emit: Emit, unpack: Unpack, tmp_path: Path) -> None:
    """The port layer reads without waiting, counts time and starts the board again on reset."""
    library = unpack(emit(tiny, "esp_idf")) / LIBRARY
    sources = [library / "edgewright_port.c", EMISSION / "port_main.c", STUBS / "esp_idf_main.c"]
    program = link(sources, [library, STUBS], tmp_path / "port", "-DSTUB_WITHOUT_MAIN")
    assert (0, ["read 5 hello", "read 0", "ticks ok", "stack 1192"]) == run(program, "hello")
