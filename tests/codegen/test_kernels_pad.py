"""PAD and PADV2 in C."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_graphs_exact, on_core
from support.static_cases import MOVEMENTS
from support.static_operators import moved, pad_with

GRAPHS = {
    **{name: make for name, make in MOVEMENTS.items() if name.startswith("pad")},
    **{
        f"pad_{count}": lambda n=count: moved("PAD", (1, 3, 2, n), (1, 5, 5, n), [[0, 0], [1, 1], [0, 3], [0, 0]])
        for count in (1, 3, 7, 8, 15, 16, 17)
    },
    "pad_nothing": lambda: moved("PAD", (2, 3), (2, 3), [[0, 0], [0, 0]]),
    "pad_all": lambda: moved("PAD", (2, 1, 3, 2), (4, 3, 6, 7), [[1, 1], [2, 0], [0, 3], [2, 3]]),
    "padv2_all": lambda: pad_with((2, 3, 2), (4, 4, 5), [[1, 1], [1, 0], [0, 3]], 127),
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Any margins and any filling: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
