"""DEQUANTIZE in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, on_core, trials_of_operation
from support.kernels import one_step
from support.static_operators import quantize

from edgewright.pipeline.codegen.operations import Dequantize
from edgewright.pipeline.graph import DType

GRAPHS = {
    f"dequantize_{scale}_{zero_point}": lambda s=scale, z=zero_point: quantize(
        (DType.INT8, s, z), (DType.FLOAT32, 0, 0)
    )
    for scale in (0.0371, 2**-8, 1.7)
    for zero_point in (-128, 3, 127)
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Scales, zero points and shared memory: every bit is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_every_byte_has_its_float(zero_point: int, tmp_path: Path) -> None:
    """All bytes give the product rounded once, also where the floats end just over the bytes."""
    inputs = [np.arange(-128, 128).astype(np.int8)]
    operation = Dequantize(scale=float(np.float32(0.0123)), zero_point=zero_point)
    tried = trials_of_operation(one_step(operation, inputs, (256,), dtype=DType.FLOAT32), inputs)
    assert [None, -3] == [trial.job.distance for trial in tried]
    assert_exact(tried, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every bit that TFLM computes, with an FPU or without."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
