"""TRANSPOSE in C."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, on_core, trials_of_operation
from support.kernels import one_step
from support.static_operators import moved

from edgewright.pipeline.codegen.operations import Transpose

SHAPE = (2, 3, 4, 5)
GRAPHS = {
    **{
        f"transpose_{order}": lambda order=order: moved(
            "TRANSPOSE", SHAPE, tuple(SHAPE[axis] for axis in order), [*order]
        )
        for order in permutations(range(4))
    },
    "transpose_matrix": lambda: moved("TRANSPOSE", (7, 17), (17, 7), [1, 0]),
    "transpose_of_one": lambda: moved("TRANSPOSE", (1, 1), (1, 1), [1, 0]),
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Every order of four axes, with shared memory too: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_six_axes_are_exact(tmp_path: Path) -> None:
    """More axes than TFLM takes are exact too."""
    shape, order = (2, 3, 2, 3, 2, 3), (5, 1, 4, 0, 2, 3)
    inputs = [np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)]
    program = one_step(Transpose(shape=shape, permutation=order), inputs, tuple(shape[axis] for axis in order))
    assert_exact(trials_of_operation(program, inputs), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
