"""MINIMUM and MAXIMUM in C."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.emulated import every_core, usable_core
from support.kernel_runs import assert_graphs_exact, kernel_names, on_core, trials_of_graph
from support.static_cases import PAIRS
from support.static_operators import pair

GRAPHS = {
    **{name: make for name, make in PAIRS.items() if name.startswith(("minimum", "maximum"))},
    **{
        f"{op.lower()}_{count}": lambda op=op, n=count: pair(op, (1, n), (1, n), seed=n)
        for op in ("MINIMUM", "MAXIMUM")
        for count in (1, 3, 7, 8, 15, 16, 17)
    },
    "minimum_crossed": lambda: pair("MINIMUM", (3, 1, 5, 1), (1, 4, 1, 2)),
    "maximum_left": lambda: pair("MAXIMUM", (1,), (1, 256), constant="left"),
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Shapes, broadcasting, constants and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_every_kernel_is_tried() -> None:
    """The graphs reach the table of one constant number and the general kernel."""
    names = {name for make in GRAPHS.values() for name in kernel_names(trials_of_graph(make(), count=1))}
    assert {"table", "extreme"} == names


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: GRAPHS[name] for name in ("minimum_0", "maximum_17", "maximum_channels", "minimum_crossed")}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
