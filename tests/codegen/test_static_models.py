"""The static engine against TensorFlow Lite Micro's interpreter: every bit of every output, on real compilers."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from support.emulated import every_core, usable_core
from support.graphs import Draft, tiny_graph
from support.models import CHECKED, FITTED, reference_models
from support.static import compiled, draw_inputs, expected, rendered, run_emulated, run_on_host
from support.static_graphs import Net, networks
from support.static_grid import grid, mixed

from edgewright.pipeline.codegen.options import KernelChoice, Options
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, read
from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.cores import core_names

GRID = grid()
USUAL = ("convolution_7", "depthwise_8", "dense_17", "elements_3", "pools_15", "moves_7")
"""One graph of each kind, for every run."""
REDUCED = tuple(name for name in GRID if name in USUAL or name.endswith(("_1", "_16", "_17")))
"""What `make test` takes of the grid on this computer: every number of channels, and each kind at both ends."""
NARROW, WIDE = "cortex-m0plus", "cortex-m4"
"""One core whose kernels are its own, and one that has the others'."""
UNALIGNED = (NARROW, "lx106")
"""Those on which rows of three bytes fault where a kernel takes words at once."""
STATIC_RAM_BYTES = 300_000
AS_GIVEN = Options(reorder=False)
"""Dozens of operators side by side can be ordered in more ways than are worth a search."""


def beyond_usual(name: str) -> pytest.MarkDecorator:
    """Return the mark of a graph that the fast tests leave out."""
    return pytest.mark.slow if name in REDUCED else pytest.mark.full


def assert_equal(graph: Graph, wanted: list[Array], found: list[Array]) -> None:
    """Say which operator's output differs first, and by how much."""
    main = graph.main
    made_by = {index: operator.label for operator in main.operators for index in operator.outputs}
    differing = [
        f"output {number} of {made_by.get(index)}: {int(np.count_nonzero(a != b))} of {a.size} elements"
        for number, (index, a, b) in enumerate(zip(main.outputs, wanted, found, strict=True))
        if not np.array_equal(a, b)
    ]
    assert [] == differing


@pytest.mark.parametrize("core", [NARROW, WIDE])
@pytest.mark.parametrize(
    "name", [name if name in USUAL else pytest.param(name, marks=beyond_usual(name)) for name in GRID]
)
def test_every_shape_is_bit_exact_on_this_computer(name: str, core: str, tmp_path: Path) -> None:
    """Under ASan and UBSan each operator of the grid gives what the interpreter gives."""
    graph = GRID[name]
    inputs = draw_inputs(graph, 4)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path, core=core, options=AS_GIVEN))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=beyond_usual(name))
        for name in GRID
        if name.startswith(("convolution", "depthwise", "dense"))
    ],
)
def test_plain_kernels_are_bit_exact(name: str, tmp_path: Path) -> None:
    """The plain kernels, against which the others are compared, give what the interpreter gives."""
    graph = GRID[name]
    inputs = draw_inputs(graph, 4)
    options = Options(kernels=KernelChoice.REFERENCE, reorder=False)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path, options=options))


@pytest.mark.parametrize("name", every_core(at_least_ram_bytes=STATIC_RAM_BYTES))
@pytest.mark.parametrize("kind", USUAL)
def test_shapes_are_bit_exact_on_cores(name: str, kind: str, tmp_path: Path) -> None:
    """What is compiled for a core computes there what the interpreter computes."""
    graph = GRID[kind]
    inputs = draw_inputs(graph, 3)
    assert_equal(
        graph, expected(graph, inputs), run_emulated(graph, inputs, tmp_path, usable_core(name), options=AS_GIVEN)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "name"),
    [
        *((16, name) for name in core_names()),
        *(pytest.param(3, name, marks=[] if name in UNALIGNED else pytest.mark.full) for name in core_names()),
    ],
)
def test_a_sample_is_bit_exact_on_every_core(name: str, channels: int, tmp_path: Path) -> None:
    """Each kind of operator is right on each core, one of which has 16 kB of RAM and faults at unaligned addresses."""
    graph = mixed(channels)
    inputs = draw_inputs(graph, 4)
    assert_equal(graph, expected(graph, inputs), run_emulated(graph, inputs, tmp_path, usable_core(name)))


@pytest.mark.full
@pytest.mark.parametrize("name", every_core(at_least_ram_bytes=STATIC_RAM_BYTES))
@pytest.mark.parametrize("kind", [kind for kind in GRID if kind not in USUAL])
def test_all_shapes_are_bit_exact_on_cores(name: str, kind: str, tmp_path: Path) -> None:
    """The same for the rest of the grid."""
    graph = GRID[kind]
    inputs = draw_inputs(graph, 3)
    assert_equal(
        graph, expected(graph, inputs), run_emulated(graph, inputs, tmp_path, usable_core(name), options=AS_GIVEN)
    )


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=networks())
def test_random_networks_are_bit_exact(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Networks that nobody thought of give what the interpreter gives."""
    inputs = draw_inputs(graph, 3)
    folder = tmp_path_factory.mktemp("network")
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, folder))


@pytest.mark.full
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=networks(most_steps=20))
def test_more_random_networks_are_bit_exact(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same, twenty times as many and longer ones."""
    inputs = draw_inputs(graph, 3)
    folder = tmp_path_factory.mktemp("network")
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, folder, core=NARROW))


def test_a_tiny_network_is_bit_exact(tmp_path: Path) -> None:
    """A whole network, whose reshape needs no step, gives what the interpreter gives."""
    graph = tiny_graph()
    inputs = draw_inputs(graph, 50)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("core", [NARROW, WIDE])
@pytest.mark.parametrize("name", [*FITTED, *CHECKED])
def test_reference_models_are_bit_exact(name: str, core: str, tmp_path: Path) -> None:
    """Models of all kinds, two of them as their authors published them, give what the interpreter gives."""
    (path,) = reference_models().rglob(f"{name}.tflite")
    graph = read(path.read_bytes())
    inputs = draw_inputs(graph, 10)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path, core=core))


@pytest.mark.slow
def test_a_thousand_layers_are_compiled_quickly() -> None:
    """Reading, rewrites, kernels, memory and C of 1,000 layers, a third of them with two inputs, take under 10 s."""
    net = Net(3, scale=2**-6)
    x = net.input((1, 6, 6, 8))
    before = x
    for number in range(1000):
        if number % 3 == 2:
            x, before = net.arithmetic("ADD", x, before), x
        else:
            x = net.convolution(x, 8, (1, 1) if number % 2 else (3, 3), fused="relu")
    graph = net.graph(x)
    begun = time.process_time()
    tree = rendered(graph, compiled(graph))
    seconds = time.process_time() - begun
    assert b"edgewright_step_999" in tree["edgewright/edgewright_model.c"]
    assert seconds < 10


def test_steps_between_one_place_do_not_matter(tmp_path: Path) -> None:
    """Strides and dilations as large as numbers go are harmless where there is nothing to step to."""
    net = Net(5)
    x = net.input((1, 4, 4, 3))
    most = 2**31 - 1
    found = [
        net.convolution(x, 4, (1, 1), dilations=(most, most)),
        net.depthwise(x, (1, 1), dilations=(most, most)),
        net.depthwise(x, (4, 4), strides=(most, most), padding="VALID"),
        net.pool("AVERAGE_POOL_2D", x, (4, 4), strides=(most, most)),
    ]
    graph = net.graph(*found)
    inputs = draw_inputs(graph, 4)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path))


def test_the_smallest_weight_is_no_reason_for_plain_kernels(tmp_path: Path) -> None:
    """A fully-connected layer with a weight of -128 gets a tuned kernel, and the interpreter's bits."""
    draft = Draft()
    x = draft.input((1, 37), scale=2**-6, zero_point=127)
    weights = np.random.default_rng(8).choice([-128, -127, 127], (6, 37))
    layer = (x, draft.constant(weights, scale=2**-7), draft.constant(np.arange(6) * 99, DType.INT32, scale=2**-13))
    y = draft.operator(
        "FULLY_CONNECTED", layer, (1, 6), options_type="FullyConnectedOptions", version=4, scale=2.0, zero_point=3
    )
    graph = draft.graph(y)
    inputs = draw_inputs(graph, 20)
    for core in (NARROW, WIDE, "riscv32"):
        names = [call.kernel.name for call in compiled(graph, core).calls if call]
        assert [] == [name for name in names if name.endswith("_ref")]
        assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path / core, core=core))


@pytest.mark.parametrize(("given", "wanted"), [(3.8e-7, 0.28), (0.0123, 8.8)])
def test_hard_swish_is_right_for_scales_far_apart(given: float, wanted: float, tmp_path: Path) -> None:
    """The interpreter's 16-bit division has a rule of its own for large exponents."""
    draft = Draft()
    x = draft.input((1, 256), scale=given, zero_point=-3)
    graph = draft.graph(draft.operator("HARD_SWISH", (x,), (1, 256), scale=wanted, zero_point=7))
    inputs = (np.arange(-128, 128, dtype=np.int8)[None],)
    assert_equal(graph, expected(graph, inputs), run_on_host(graph, inputs, tmp_path))


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.UINT8])
def test_a_constant_output_of_another_type_is_refused(dtype: DType) -> None:
    """The sentence names the output and a way out."""
    draft = Draft()
    x = draft.input((1, 4))
    fixed = draft.constant([1, 2], dtype, scale=None if dtype is DType.FLOAT32 else 0.5, name="fixed")
    y = draft.operator("TANH", (x,), (1, 4), version=2, scale=2**-7)
    with pytest.raises(TfliteError, match=r"The output \"fixed\" is a constant of .* runtime=tflm"):
        compiled(draft.graph(y, fixed))


def test_a_model_without_operators_is_refused() -> None:
    """There is nothing to compute."""
    draft = Draft()
    x = draft.input((1, 4))
    with pytest.raises(TfliteError, match="no operator"):
        compiled(draft.graph(x))
