"""Single operators: what their kernels keep and request is what was measured on 32-bit cores."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest
from support.one_operator import GRAPHS, convolution, depthwise, fully_connected

from edgewright.pipeline.arena import replay
from edgewright.pipeline.arena.blocks import kernel_data_bytes, load_arena_blocks
from edgewright.pipeline.arena.layout import Abi
from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.revision import MEASURED
from edgewright.pipeline.arena.scratch import scratch_requests
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.operator_tables import load_table
from edgewright.pipeline.vocabulary import Kernels

COPIES_BYTES = 16
"""What TFLM saves at most in these graphs where it lets memory that lasts grow over a kernel's copies of tensors."""


@cache
def rows() -> tuple[dict[str, str], ...]:
    """What was measured: each graph on five pairs of core and kernels."""
    with Path(__file__).with_name("one_operator.csv").open() as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))


def requests(graph: Graph, kernels: Kernels, core: str) -> tuple[int, ...]:
    """The scratch of a graph's only operator."""
    (operator,) = graph.main.operators
    return scratch_requests(Node(subgraph=graph.main, operator=operator), kernels, core)


def test_all_graphs_were_measured() -> None:
    """Every graph is in the table, on all five pairs."""
    assert GRAPHS.keys() == {row["graph"] for row in rows()}
    assert 5 * len(GRAPHS) == len(rows())


@pytest.mark.parametrize("name", GRAPHS)
def test_an_operator_takes_what_was_measured(name: str) -> None:
    """Head and tail are those of the programs, and the arena is enough and at most one step of 16 bytes above."""
    graph = GRAPHS[name]()
    for row in rows():
        if row["graph"] == name:
            found = replay(graph, Kernels(row["kernels"]), row["core"])
            assert int(row["arena_used_bytes"]) == found.head_bytes + found.tail_bytes, row
            assert 0 <= found.smallest_bytes - int(row["min_arena_mult16"]) <= COPIES_BYTES, row


@pytest.mark.parametrize(
    ("core", "expected"), [("cortex-m0plus", ()), ("cortex-m33", (2 * 5 * 25,)), ("cortex-m85", (4 * 124 * 25,))]
)
def test_cmsis_nn_chooses_by_core(core: str, expected: tuple[int, ...]) -> None:
    """Plain C asks for nothing, the DSP code for the filter as int16, and Helium for four blocks of 124 channels."""
    assert expected == requests(depthwise((1, 6, 6, 5), (1, 5, 5, 5)), Kernels.CMSIS_NN, core)


def test_the_esp32_s3_asks_for_more_than_generic_c() -> None:
    """Its assembly copies the padded image, the weights twice, the border, and the sums of the filters."""
    graph = convolution((1, 6, 6, 16), (4, 3, 3, 16), (1, 6, 6, 4))
    weights, image = 3 * 3 * 16 * 4, 8 * 8 * 16
    assert () == requests(graph, Kernels.ESP_NN, "xtensa-lx6")
    assert (2 * image + 2 * weights + 64 + 4 * 4,) == requests(graph, Kernels.ESP_NN, "xtensa-lx7")


def test_scales_of_a_dense_layer_last() -> None:
    """A multiplier and a shift for each of 40 outputs are kept where each output has a scale of its own."""
    tensor, channel = (
        replay(fully_connected((1, 9), 40, axis=axis), Kernels.REFERENCE, "rv32imc").tail_bytes for axis in (None, 0)
    )
    assert 2 * 4 * 40 == channel - tensor


@pytest.mark.parametrize("kernels", Kernels)
def test_every_size_belongs_to_an_operator_that_is_known(kernels: Kernels) -> None:
    """The measured table names operators that emission knows, and a family's own entries differ from the reference."""
    table = load_table("1484068")
    known = {*table.operators, *table.custom_operators}
    data = load_arena_blocks().kernel_data
    assert set() == set(data[kernels]) - known
    if kernels is not Kernels.REFERENCE:
        assert [] == [name for name, size in data[kernels].items() if data[Kernels.REFERENCE].get(name) == size]
    assert 0 == kernel_data_bytes("FLOOR", kernels, Abi.WIDE_ENUMS, MEASURED)
