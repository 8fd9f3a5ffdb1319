"""MEAN in C."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_graphs_exact, on_core
from support.static_cases import REDUCTIONS
from support.static_operators import mean

SHAPE = (2, 3, 4, 5)
GRAPHS = {
    **{name: make for name, make in REDUCTIONS.items() if name.startswith("mean")},
    **{
        f"mean_{axes}": lambda axes=axes: mean(
            SHAPE, [*axes], tuple(extent for axis, extent in enumerate(SHAPE) if axis not in axes) or (1,)
        )
        for count in (1, 2, 3)
        for axes in combinations(range(4), count)
    },
    **{f"mean_of_{count}": lambda n=count: mean((1, n, 3, 8), [1, 2], (1, 8)) for count in (1, 2, 7, 31, 100)},
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Any axes, scales and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: GRAPHS[name] for name in ("mean_image", "mean_last", "mean_upwards", "mean_(0, 2)", "mean_(1, 3)")}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
