"""STRIDED_SLICE and SPLIT in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
from support.static_cases import MOVEMENTS
from support.static_operators import split

from edgewright.pipeline.codegen.kernels.slices import KERNELS
from edgewright.pipeline.codegen.operations import Slices

GRAPHS = {
    **{name: make for name, make in MOVEMENTS.items() if name.startswith(("slice", "split"))},
    **{f"split_axis_{axis}": lambda axis=axis: split((6, 6, 6), axis, 3) for axis in range(3)},
    "split_into_one": lambda: split((1, 4, 6), 1, 1),
    "split_into_seven": lambda: split((1, 4, 7), 2, 7),
}
SLICES = {
    "rows": Slices(shape=(6, 5), begins=((1, 0),), strides=(2, 1), extents=((3, 5),)),
    "backwards": Slices(shape=(6, 5), begins=((5, 4),), strides=(-1, -2), extents=((6, 3),)),
    "six axes": Slices(
        shape=(2, 3, 4, 3, 4, 5), begins=((0, 1, 3, 0, 2, 4),), strides=(1, 1, -2, 2, 1, -1),
        extents=((2, 2, 2, 2, 2, 5),),
    ),
}  # fmt: skip


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Bounds, strides in both directions, masks, parts and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_every_kernel_is_tried() -> None:
    """The graphs reach the kernel of one output and that of several."""
    names = {name for make in GRAPHS.values() for name in kernel_names(trials_of_graph(make(), count=1))}
    assert {"copy", "copies"} == names


@pytest.mark.parametrize("name", SLICES)
def test_more_axes_and_strides_are_exact(name: str, tmp_path: Path) -> None:
    """What no graph of TFLM needs is exact too."""
    operation = SLICES[name]
    inputs = [np.random.default_rng(1).integers(-128, 128, operation.shape).astype(np.int8)]
    assert_exact(trials_of_operation(one_step(operation, inputs, operation.extents[0]), inputs), tmp_path)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_overlap_of_a_slice_is_what_its_runs_read(data: st.DataObject) -> None:
    """Before a run is written, nothing of the input before the least byte of it and of later runs is read again."""
    shape = data.draw(st.tuples(*[st.integers(1, 5)] * 3))
    begins = tuple(data.draw(st.integers(0, extent - 1)) for extent in shape)
    strides = tuple(data.draw(st.sampled_from((1, 2, -1))) for _ in shape)
    extents = tuple(
        data.draw(st.integers(1, 1 + ((extent - 1 - begin) // stride if stride > 0 else begin)))
        for extent, begin, stride in zip(shape, begins, strides, strict=True)
    )
    operation = Slices(shape=shape, begins=(begins,), strides=strides, extents=(extents,))
    places = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    read = places[np.ix_(*(b + s * np.arange(e) for b, s, e in zip(begins, strides, extents, strict=True)))]
    program = one_step(operation, [places.astype(np.int8)], extents)
    overlap = KERNELS[0].lower(KERNELS[0], program.steps[0], program).overlap
    groups = read.reshape(-1, overlap.group_bytes)
    assert overlap.first_needed is not None
    assert [int(groups[group:].min()) for group in range(len(groups))] == overlap.first_needed.tolist()


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    assert_graphs_exact(GRAPHS, tmp_path, on_core(core))
