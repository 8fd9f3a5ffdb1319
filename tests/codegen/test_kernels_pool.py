"""AVERAGE_POOL_2D and MAX_POOL_2D in C."""

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
from support.static_cases import POOLS, VALID
from support.static_operators import pool

from edgewright.pipeline.codegen.operations import Margins, Pool, PoolKind, Window

OPS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
GRAPHS = {
    **POOLS,
    **{
        f"{op[:3].lower()}_{count}": lambda op=op, n=count: pool(op, (5, 6, n), (2, 3), strides=(2, 1), padding=VALID)
        for op in OPS
        for count in (1, 3, 7, 8, 15, 16, 17)
    },
    **{
        f"{op[:3].lower()}_kernel_{size}": lambda op=op, s=size: pool(op, (11, 11, 2), (s, 11 - s), strides=(3, 2))
        for op in OPS
        for size in range(1, 11)
    },
    **{f"{op[:3].lower()}_beyond": lambda op=op: pool(op, (3, 2, 4), (5, 7)) for op in OPS},
}


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Windows, strides, margins, limits and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_every_kernel_is_tried() -> None:
    """The graphs reach both kernels."""
    names = {name for make in GRAPHS.values() for name in kernel_names(trials_of_graph(make(), count=1))}
    assert {"average_pool", "maximum_pool"} == names


@pytest.mark.parametrize("count", range(1, 9))
def test_halves_of_averages_go_away_from_zero(count: int, tmp_path: Path) -> None:
    """Every sum of so many elements that lies near zero is rounded as TFLM rounds it."""
    sums = np.arange(-4 * count, 4 * count + 1)
    image = np.zeros((1, count, len(sums), 1), np.int8)
    image[0, :, :, 0] = sums // count
    image[0, 0, :, 0] += (sums % count).astype(np.int8)
    window = Window(height=count, width=1, stride_height=1, stride_width=1)
    operation = Pool(kind=PoolKind.AVERAGE, window=window, minimum=-128, maximum=127)
    assert_exact(trials_of_operation(one_step(operation, [image], (1, 1, len(sums), 1)), [image]), tmp_path)


def test_a_window_over_everything_is_one_line(tmp_path: Path) -> None:
    """A single window that reaches beyond the image on all sides sees the whole of it."""
    image = np.random.default_rng(1).integers(-128, 128, (1, 3, 5, 7)).astype(np.int8)
    margins = Margins(top=1, bottom=2, left=3, right=1)
    window = Window(height=6, width=9, stride_height=4, stride_width=4, margins=margins)
    tried = []
    for kind in PoolKind:
        operation = Pool(kind=kind, window=window, minimum=-100, maximum=100)
        tried += trials_of_operation(one_step(operation, [image], (1, 1, 1, 7)), [image])
    facts = {field.name: field.value for field in tried[0].job.call.fields}
    assert (1, 15, 1, 15) == tuple(
        facts[name] for name in ("input_height", "input_width", "window_height", "window_width")
    )
    assert_exact(tried, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(POOLS, tmp_path, on_core(core))
