"""SOFTMAX in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, names_for, on_core, trials_of_operation
from support.kernels import one_step
from support.static_cases import REDUCTIONS
from support.static_operators import softmax

from edgewright.pipeline.codegen.operations import Softmax
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.layers import name_layers

GRAPHS = {
    **{name: make for name, make in REDUCTIONS.items() if name.startswith("softmax")},
    **{
        f"softmax_{count}_of_{scale}": lambda n=count, s=scale: softmax((1, n), scale=s)
        for count in (1, 2, 3, 7, 8, 15, 16, 17, 100, 500)
        for scale in (0.0005, 0.03, 0.2, 0.9)
    },
    "softmax_images": lambda: softmax((2, 3, 4, 5), scale=0.06),
}


def operation_of(depth: int, scale: float) -> Softmax:
    """Return what is read of a softmax over so many elements."""
    graph = softmax((1, depth), scale=scale)
    operation = read_program(graph, name_layers(graph)).steps[0].operation
    assert isinstance(operation, Softmax)
    return operation


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Rows of all lengths and scales, in place too: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_the_last_bit_of_the_reciprocal_counts(tmp_path: Path) -> None:
    """Some of many rows come so near to a half that a reciprocal a little less exact would round the other way."""
    rows = np.random.default_rng(3).integers(-128, 128, (20000, 3)).astype(np.int8)
    short = operation_of(3, 0.03)
    operation = Softmax(rows=len(rows), depth=3, exponentials=short.exponentials)
    assert_exact(trials_of_operation(one_step(operation, [rows], rows.shape), [rows]), tmp_path)


@pytest.mark.parametrize("depth", [511, 512, 513, 4096, 8191])
def test_rows_longer_than_tflm_takes_are_computed(depth: int, tmp_path: Path) -> None:
    """A sum of 512 and more stops TFLM where all elements are equal; here it gives what the formula gives."""
    row = np.full((1, depth), 17, np.int8)
    assert_exact(trials_of_operation(one_step(operation_of(depth, 0.05), [row], (1, depth)), [row]), tmp_path)


def test_a_row_whose_sum_needs_more_than_32_bits_has_no_kernel() -> None:
    """Of 8,192 elements and more there is none."""
    row = np.zeros((1, 8192), np.int8)
    operation = operation_of(8192, 0.05)
    assert set() == names_for(operation, one_step(operation, [row], (1, 8192)))


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: make for name, make in GRAPHS.items() if "_17_" in name or "_1_" in name or name == "softmax_rows"}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
