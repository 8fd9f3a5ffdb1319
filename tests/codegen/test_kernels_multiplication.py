"""MUL in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import (
    assert_exact,
    assert_graphs_exact,
    kernel_names,
    on_core,
    trials_of_graph,
    trials_of_operation,
)
from support.kernels import one_step
from support.static_cases import PAIRS
from support.static_operators import pair

from edgewright.pipeline.codegen.operations import Multiplication, Operand
from edgewright.pipeline.codegen.reading.quantization import requantization

GRAPHS = {
    **{name: make for name, make in PAIRS.items() if name.startswith("mul")},
    **{f"mul_{count}": lambda n=count: pair("MUL", (1, n), (1, n), seed=n) for count in (1, 3, 7, 8, 15, 16, 17)},
    "mul_scalar": lambda: pair("MUL", (1, 256), (), constant="right"),
    "mul_by_scalar": lambda: pair("MUL", (1,), (1, 256), constant="left"),
    "mul_by_channels": lambda: pair("MUL", (1, 3, 4, 5), (5,), constant="right"),
    "mul_crossed": lambda: pair("MUL", (3, 1, 5, 1), (1, 4, 1, 2)),
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Shapes, broadcasting, constants, limits and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_every_kernel_is_tried() -> None:
    """The graphs reach the table of one constant number and the general kernel."""
    names = {name for make in GRAPHS.values() for name in kernel_names(trials_of_graph(make(), count=1))}
    assert {"table", "multiplication"} == names


@pytest.mark.parametrize("factor", [0.0001, 0.0123, 0.4, 1.7])
def test_all_pairs_of_bytes_are_exact(factor: float, tmp_path: Path) -> None:
    """For factors on both sides of 1 every pair of bytes gives what the evaluator gives."""
    left, right = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128), indexing="ij")
    inputs = [left.astype(np.int8), right.astype(np.int8)]
    shape = (256, 256)
    operation = Multiplication(
        left=Operand(shape=shape, zero_point=127),
        right=Operand(shape=shape, zero_point=-128),
        requantization=requantization([factor], -9, (-100, 120)),
        shape=shape,
    )
    assert_exact(trials_of_operation(one_step(operation, inputs, shape), inputs), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: GRAPHS[name] for name in ("mul_0", "mul_17", "mul_pixels", "mul_scalar")}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
