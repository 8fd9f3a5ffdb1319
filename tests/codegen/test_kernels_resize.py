"""RESIZE_NEAREST_NEIGHBOR in C."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_graphs_exact, on_core
from support.static_cases import MOVEMENTS
from support.static_operators import moved

GRAPHS = {
    **{name: make for name, make in MOVEMENTS.items() if name.startswith("resize")},
    **{
        f"resize_{count}": lambda n=count: moved(
            "RESIZE_NEAREST_NEIGHBOR", (1, 3, 4, n), (1, 5, 11, n), [5, 11],
            options_type="ResizeNearestNeighborOptions",
        )
        for count in (1, 3, 7, 8, 15, 16, 17)
    },
    "resize_smaller": lambda: moved(
        "RESIZE_NEAREST_NEIGHBOR", (1, 9, 8, 3), (1, 2, 1, 3), [2, 1], options_type="ResizeNearestNeighborOptions"
    ),
}  # fmt: skip


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Larger and smaller images, aligned and centred: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
