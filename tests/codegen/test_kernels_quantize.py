"""QUANTIZE of float32 in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, on_core, trials, trials_of_operation
from support.kernels import one_step
from support.static_operators import quantize

from edgewright.pipeline.codegen.operations import Quantize
from edgewright.pipeline.graph import DType

GRAPHS = {
    f"quantize_{scale}_{zero_point}": lambda s=scale, z=zero_point: quantize((DType.FLOAT32, 0, 0), (DType.INT8, s, z))
    for scale in (0.037, 2**-7, 0.5)
    for zero_point in (-128, -5, 127)
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Scales, zero points and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
@pytest.mark.parametrize("scale", [0.5, 0.037])
def test_halves_go_away_from_zero(scale: float, zero_point: int, tmp_path: Path) -> None:
    """Halves, their neighbours and the limits are rounded and clamped as the formula says."""
    halves = (np.arange(-300, 300) + 0.5) * np.float32(scale)
    near = [np.nextafter(halves.astype(np.float32), np.float32(to)) for to in (-1e9, 1e9)]
    inputs = [np.concatenate([halves, *near, [0.0, -0.0, 1e-45, 1e9, -1e9]]).astype(np.float32)]
    operation = Quantize(scale=float(np.float32(scale)), zero_point=zero_point)
    assert_exact(trials_of_operation(one_step(operation, inputs, inputs[0].shape), inputs), tmp_path)


@pytest.mark.parametrize("zero_point", [-128, -3, 127])
def test_what_is_no_number_becomes_the_zero_point(zero_point: int, tmp_path: Path) -> None:
    """NaN becomes the zero point, infinities and what overflows the nearest limit."""
    inputs = [np.array([np.nan, np.inf, -np.inf, 3e38, -3e38], np.float32)]
    expected = (np.array([zero_point, 127, -128, 127, -128], np.int8),)
    program = one_step(Quantize(scale=0.25, zero_point=zero_point), inputs, (5,))
    assert_exact(trials(program, inputs, expected), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes, with an FPU or without."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
