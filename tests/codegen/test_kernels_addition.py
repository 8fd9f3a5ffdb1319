"""ADD and SUB in C: one linear expression where it is exact, a table for one number, else TFLM's three rescalings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
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
from support.kernels import ANY_CORE, one_step
from support.static_cases import PAIRS
from support.static_operators import pair

from edgewright.pipeline.codegen.evaluation import compute
from edgewright.pipeline.codegen.kernels import choose
from edgewright.pipeline.codegen.kernels.linear import linear
from edgewright.pipeline.codegen.operations import Addition, Arithmetic, Operand
from edgewright.pipeline.codegen.reading.quantization import quantize_multiplier, requantization

GRAPHS = {
    **{name: make for name, make in PAIRS.items() if name.startswith(("add", "sub"))},
    **{f"add_{count}": lambda n=count: pair("ADD", (1, n), (1, n), seed=n) for count in (1, 3, 7, 8, 15, 16, 17)},
    "add_crossed": lambda: pair("ADD", (3, 1, 5, 1), (1, 4, 1, 2)),
    "sub_rows": lambda: pair("SUB", (1, 4, 1), (2, 4, 3)),
    "sub_whole": lambda: pair("SUB", (2, 4, 3), (2, 4, 3), constant="right"),
    "add_whole": lambda: pair("ADD", (2, 4, 3), (2, 4, 3), constant="left"),
}
SCALES = {
    "usual": (0.0413, 0.0271, 0.0519),
    "equal": (0.1, 0.1, 0.1),
    "halves": (0.1, 0.1, 0.2),
    "far apart": (1.5, 0.0002, 1.0),
    "downwards": (0.001, 0.0007, 0.5),
    "none is linear": (3 / 32, 2 / 32, 4 / 32),
}


def addition(
    scales: tuple[float, float, float],
    zero_points: tuple[int, int, int] = (3, -7, -20),
    *,
    kind: Arithmetic = Arithmetic.ADD,
    limits: tuple[int, int] = (-128, 127),
    shape: tuple[int, ...] = (256, 256),
) -> Addition:
    """Prepare a sum of two arrays of one shape as TFLM does."""
    twice = 2 * max(scales[:2])
    left, right = (
        Operand(shape=shape, zero_point=zero_point, multiplier=multiplier, shift=shift)
        for zero_point, (multiplier, shift) in zip(
            zero_points[:2], (quantize_multiplier(scale / twice) for scale in scales[:2]), strict=True
        )
    )
    rescaling = requantization([twice / (2**20 * scales[2])], zero_points[2], limits)
    return Addition(kind=kind, left=left, right=right, left_shift=20, requantization=rescaling, shape=shape)


def all_pairs() -> list[np.ndarray]:
    """Return two arrays that hold every pair of bytes once."""
    left, right = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128), indexing="ij")
    return [left.astype(np.int8), right.astype(np.int8)]


def test_graphs_give_what_tflm_gives(tmp_path: Path) -> None:
    """Shapes, broadcasting, constants, limits and shared memory: every element is TFLM's, under sanitizers."""
    assert_graphs_exact(GRAPHS, tmp_path)


def test_every_kernel_is_tried() -> None:
    """The graphs reach the table, the linear expression and the general kernel."""
    names = {name for make in GRAPHS.values() for name in kernel_names(trials_of_graph(make(), count=1))}
    assert {"table", "addition", "addition_linear"} == names


@pytest.mark.parametrize("name", SCALES)
def test_all_pairs_of_bytes_are_exact(name: str, tmp_path: Path) -> None:
    """For several scales every pair of bytes gives what the evaluator gives, with every kernel."""
    tried = []
    for kind in Arithmetic:
        for limits in ((-128, 127), (-20, 90)):
            program = one_step(addition(SCALES[name], kind=kind, limits=limits), all_pairs(), (256, 256))
            tried += trials_of_operation(program, all_pairs())
    assert_exact(tried, tmp_path)


def test_either_input_may_be_overwritten() -> None:
    """Two arrays of the output's shape may both be what the output lies over; one that is broadcast may not."""
    titles = [trial.title for trial in trials_of_graph(pair("ADD", (1, 9), (1, 9)), count=1)]
    assert {f"addition{where}" for where in ("", ", output at 0 of input 0", ", output at 0 of input 1")} <= {*titles}
    titles = [trial.title for trial in trials_of_graph(pair("ADD", (1, 1), (1, 9)), count=1)]
    assert ["addition", "addition, output at 0 of input 1"] == titles


@settings(max_examples=25, deadline=None)
@given(
    scales=st.tuples(*[st.floats(0.001, 1.0)] * 3),
    zero_points=st.tuples(*[st.integers(-128, 127)] * 3),
    kind=st.sampled_from(Arithmetic),
    minimum=st.integers(-128, 0),
)
def test_a_linear_expression_is_exact_where_there_is_one(
    scales: tuple[float, float, float], zero_points: tuple[int, int, int], kind: Arithmetic, minimum: int
) -> None:
    """What is found equals the evaluator for all pairs, and no step of it leaves 32 bits."""
    assume(2 * max(scales[:2]) < 2**20 * scales[2])
    operation = addition(scales, zero_points, kind=kind, limits=(minimum, 127))
    found = linear(operation)
    if found is None:
        return
    left, right = (array.astype(np.int64) for array in all_pairs())
    steps = [found.left_factor * left, found.left_factor * left + found.right_factor * right]
    steps.append(steps[-1] + found.offset)
    assert max(int(np.abs(step).max()) for step in steps) < 2**31
    np.testing.assert_array_equal(
        np.clip(steps[-1] >> found.shift, minimum, 127), compute(operation, all_pairs())[0].astype(np.int64)
    )


def test_the_linear_expression_is_preferred() -> None:
    """Where an expression is exact it is what a step gets, and else the general kernel."""
    chosen = []
    for scales in (SCALES["usual"], SCALES["none is linear"]):
        program = one_step(addition(scales), all_pairs(), (256, 256))
        call = choose(program.steps[0], program, ANY_CORE)
        assert call is not None
        chosen.append(call.kernel.name)
    assert ["addition_linear", "addition"] == chosen


@pytest.mark.parametrize("name", every_core())
def test_cores_agree(name: str, tmp_path: Path) -> None:
    """An emulated core computes every element that TFLM computes."""
    core = usable_core(name)
    chosen = {name: GRAPHS[name] for name in ("add_0", "sub_0", "add_channels", "add_17", "add_crossed")}
    assert_graphs_exact(chosen, tmp_path, on_core(core))
