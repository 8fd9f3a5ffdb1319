"""CONCATENATION in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, on_core, trials_of_operation
from support.kernels import one_step
from support.static_cases import MOVEMENTS
from support.static_operators import concatenation

from edgewright.pipeline.codegen.operations import Concatenation

GRAPHS = {
    **{name: make for name, make in MOVEMENTS.items() if name.startswith("concatenation")},
    **{
        f"concatenation_axis_{axis}": lambda axis=axis: concatenation(
            [tuple(2 + part if one == axis else 3 for one in range(4)) for part in range(3)],
            axis,
            tuple(9 if one == axis else 3 for one in range(4)),
        )
        for axis in range(4)
    },
    "concatenation_of_one": lambda: concatenation([(1, 2, 3)], 1, (1, 2, 3)),
    "concatenation_of_nine": lambda: concatenation([(1, 2, 1)] * 9, 2, (1, 2, 9)),
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Any axis, any number of parts, constants among them: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_a_constant_alone_is_written(tmp_path: Path) -> None:
    """A step without any input writes its constant."""
    constant = np.arange(6, dtype=np.int8).reshape(2, 3)
    operation = Concatenation(axis=0, shapes=((2, 3),), constants=(constant,))
    assert_exact(trials_of_operation(one_step(operation, [], (2, 3)), []), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
