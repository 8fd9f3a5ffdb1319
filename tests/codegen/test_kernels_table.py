"""Tables of 256 bytes in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_exact, assert_graphs_exact, on_core, trials_of_operation
from support.kernels import one_step
from support.static_cases import BOUNDARIES, UNARY

from edgewright.pipeline.codegen.operations import Table

GRAPHS = {
    **UNARY,
    **{name: make for name, make in BOUNDARIES.items() if "rescale" in name or "unsigned" in name},
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Every function of one element, uint8 too and in place: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 256])
def test_any_count_of_elements_is_looked_up(count: int, tmp_path: Path) -> None:
    """Counts on both sides of a multiple of 4 are looked up to the last element, and no further."""
    random = np.random.default_rng(count)
    entries = random.permutation(256).astype(np.int8)
    elements = random.integers(-128, 128, count).astype(np.int8)
    elements[0], elements[-1] = -128, 127
    assert_exact(trials_of_operation(one_step(Table(entries=entries), [elements], (count,)), [elements]), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: GRAPHS[name] for name in ("relu6", "leaky", "quantize_from_unsigned")}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
