"""MLPerf Tiny's networks through the static engine: bits, arena, flash and instructions, one in every run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.emulated import REDUCED as REDUCED_CORES
from support.emulated import usable_core
from support.graphs import tiny_graph
from support.static import expected, layer_names, run_emulated, run_on_host

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.codegen.options import Options
from edgewright.pipeline.feeding import model_inputs
from edgewright.pipeline.graph import Graph, lifetimes, liveness_bound_bytes, read
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.layers import read_layers
from edgewright.runtime_bench.networks import MLPERF, Network, obtain_network
from edgewright.runtime_bench.static.document import render_section
from edgewright.runtime_bench.static.figures import StaticResults
from edgewright.runtime_bench.static.measurement import measure_on_core

DOCS = Path(__file__).parents[2] / "docs"
REDUCED = "anomaly_detection"
NAMES = [pytest.param(name, marks=pytest.mark.slow if name == REDUCED else pytest.mark.full) for name in MLPERF]
CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32imc", "lx106")
CODE_BYTES = 12_288
"""Flash beside the constants on a Cortex-M4."""
ARENA_BYTES = {
    "keyword_spotting": 16_900, "image_classification": 52_500, "visual_wake_words": 57_000,
    "anomaly_detection": 2_100,
}  # fmt: skip
INSTRUCTIONS = {
    ("rv32imc", "keyword_spotting"): 12_900_000,
    ("rv32imc", "image_classification"): 48_200_000,
    ("rv32imc", "visual_wake_words"): 32_500_000,
    ("rv32imc", "anomaly_detection"): 1_225_000,
    ("cortex-m0plus", "keyword_spotting"): 24_000_000,
    ("cortex-m0plus", "image_classification"): 56_300_000,
    ("cortex-m0plus", "visual_wake_words"): 54_700_000,
    ("cortex-m0plus", "anomaly_detection"): 1_133_000,
}
"""Half of what TensorFlow Lite Micro executes with esp-nn's generic C, and a third of its reference kernels."""


def opened(network: Network) -> tuple[Graph, tuple[str, ...]]:
    """A network's graph and its layers."""
    graph = read(network.tflite_path.read_bytes())
    return graph, read_layers(network.layers_path, graph)


def samples(network: Network, graph: Graph, count: int) -> tuple[Array, ...]:
    """Some of its test samples, and the smallest and largest values."""
    drawn = model_inputs(graph, network.data.load().test.x)
    extremes = [np.full((1, *one.shape[1:]), value, one.dtype) for one in drawn[:1] for value in (-128, 127)]
    return tuple(np.concatenate([one[:count], *extremes]) for one in drawn)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_bit_exact_on_this_computer(network_cache: Cache, name: str, tmp_path: Path) -> None:
    """Under ASan and UBSan every output has the interpreter's bits."""
    network = obtain_network(name, network_cache)
    graph, _ = opened(network)
    inputs = samples(network, graph, 10)
    wanted, found = expected(graph, inputs), run_on_host(graph, inputs, tmp_path)
    assert [True] == [np.array_equal(one, other) for one, other in zip(wanted, found, strict=True)]


@pytest.mark.parametrize(
    "core", [pytest.param(core, marks=[] if core in REDUCED_CORES else pytest.mark.full) for core in CORES]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_bit_exact_on_a_core(network_cache: Cache, name: str, core: str, tmp_path: Path) -> None:
    """Under QEMU as well."""
    network = obtain_network(name, network_cache)
    graph, _ = opened(network)
    inputs = samples(network, graph, 2)
    wanted, found = expected(graph, inputs), run_emulated(graph, inputs, tmp_path, usable_core(core))
    assert [True] == [np.array_equal(one, other) for one, other in zip(wanted, found, strict=True)]


@pytest.mark.parametrize("name", NAMES)
def test_flash_and_arena_stay_within_their_limits(network_cache: Cache, name: str, tmp_path: Path) -> None:
    """A linked program's code is small, and the arena is no larger than the tensors and the scratch."""
    graph, layers = opened(obtain_network(name, network_cache))
    found = measure_on_core(graph, layers, usable_core("cortex-m4"), tmp_path, network_cache)
    bound_bytes = liveness_bound_bytes(lifetimes(graph.main), alignment=4) + found.scratch_bytes
    assert found.code_bytes <= CODE_BYTES
    assert found.arena_bytes <= min(ARENA_BYTES[name], bound_bytes)
    assert 0 < found.stack_bytes < 1024


@pytest.mark.parametrize("core", ["rv32imc", "cortex-m0plus"])
@pytest.mark.parametrize("name", NAMES)
def test_portable_c_beats_the_interpreter(network_cache: Cache, name: str, core: str, tmp_path: Path) -> None:
    """Instructions of one inference, dead channels not removed, are within the limits."""
    graph, layers = opened(obtain_network(name, network_cache))
    options = Options(dead_channels=False)
    found = measure_on_core(graph, layers, usable_core(core), tmp_path, network_cache, options=options)
    assert found.instructions <= INSTRUCTIONS[core, name]
    assert found.instructions - sum(step.instructions for step in found.steps) < 100 + 20 * len(found.steps)


@pytest.mark.slow
def test_a_small_network_takes_little_flash(network_cache: Cache, tmp_path: Path) -> None:
    """A convolution, a fully-connected layer and a softmax take less than 8 kB beside their constants."""
    graph = tiny_graph()
    found = measure_on_core(graph, layer_names(graph), usable_core("cortex-m4"), tmp_path, network_cache)
    assert 0 < found.code_bytes < 8192


def published() -> StaticResults:
    """What stands in docs/benchmarks.json."""
    content = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    return StaticResults.model_validate(content["static"])


def test_the_published_section_is_that_of_its_figures() -> None:
    """The page says what the data say, of all four networks."""
    results = published()
    assert list(MLPERF) == [network.name for network in results.networks]
    assert render_section(results).strip() in (DOCS / "benchmarks.md").read_text(encoding="utf-8")
