"""Kernels of fully-connected layers, and the rescaling that all heavy kernels have in common."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.heavy_layers import Layer, differing, fully_connected, jobs_of
from support.kernels import ANY_CORE

from edgewright.pipeline.codegen.call import Kernel
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.kernels import choose
from edgewright.pipeline.codegen.kernels.fully_connected import KERNELS
from edgewright.pipeline.codegen.kernels.reference import KERNELS as REFERENCE
from edgewright.pipeline.codegen.operations import FullyConnected, Requantization

EVERY = (REFERENCE[2], *KERNELS)
COUNTS = (1, 3, 7, 8, 15, 16, 17)
TIES = 4000


def layers(counts: tuple[int, ...]) -> list[Layer]:
    """Return fully-connected layers of all numbers of rows, inputs and outputs; weights with a zero point; extremes."""
    found = [
        fully_connected(rows, depth, units, weights_zero_point=zero_point, is_signed=bool(units % 2))
        for rows, depth, units, zero_point in product((1, 2, 3, 7), counts, counts, (0, -5))
    ]
    return [*found, *(layer.extreme for layer in found if not layer.operation.weights_zero_point)]


def rounding_layer(*, is_signed: bool, bits: int = 28) -> Layer:
    """Return a layer whose sums are its biases: at, just above and just below where an output rounds the other way."""
    draw = np.random.default_rng(31)
    multipliers = draw.integers(2**30, 2**31, TIES)
    multipliers[:3] = 2**30, 2**31 - 1, 2**30 + 1
    right = draw.integers(1, bits - 8, TIES)
    zero_point = int(draw.integers(-20, 20))
    wanted = draw.integers(-128, 128, TIES) - zero_point + 0.5
    sums = np.rint(wanted * 2.0 ** (31 + right) / multipliers) + draw.integers(-2, 3, TIES)
    biases = np.clip(sums, -(2**bits) + 256, 2**bits - 256).astype(np.int32)
    operation = FullyConnected(
        weights=np.zeros((TIES, 1), np.int8),
        biases=biases,
        rows=1,
        input_zero_point=0,
        weights_zero_point=0,
        requantization=Requantization(
            multipliers=multipliers.astype(np.int32), shifts=-right.astype(np.int32), zero_point=zero_point,
            minimum=-128 if is_signed else zero_point, maximum=127,
        ),
    )  # fmt: skip
    return Layer(operation=operation, given=np.zeros((1, 1), np.int8), shape=(1, TIES))


@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_sample_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """A sample of shapes is exact under sanitizers, with outputs over inputs as far as claimed."""
    jobs = jobs_of(kernel, layers((1, 3, 8, 17))[::3])
    assert len(jobs) > 20
    assert not differing(jobs, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_grid_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """The complete grid of rows, inputs and outputs is exact under sanitizers, overlapped as well."""
    assert not differing(jobs_of(kernel, layers(COUNTS)), tmp_path)


@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_rounding(kernel: Kernel, tmp_path: Path) -> None:
    """Sums where an output rounds the other way are exact, whether outputs below the zero point count or not."""
    jobs = jobs_of(
        kernel, [rounding_layer(is_signed=is_signed, bits=bits) for is_signed in (True, False) for bits in (23, 28)]
    )
    assert len(jobs) >= 2
    assert not differing(jobs, tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_layers_on_cores(name: str, tmp_path: Path) -> None:
    """A sample of shapes and the rounding of sums are exact on an emulated core, with every kernel."""
    core = usable_core(name)
    ties = [rounding_layer(is_signed=is_signed, bits=bits) for is_signed in (True, False) for bits in (23, 28)]
    sample = [*layers((1, 7, 16))[::5], *ties]
    jobs = [job for kernel in EVERY for job in jobs_of(kernel, sample)]
    assert not differing(jobs, tmp_path, core)


@pytest.mark.parametrize("zero_point", [0, 28, -27])
def test_zero_point_of_weights(zero_point: int) -> None:
    """Weights that fit a byte without their zero point get a tuned kernel, others the plain one."""
    layer = fully_connected(1, 64, 8, weights_zero_point=zero_point)
    assert isinstance(layer.operation, FullyConnected)
    weights = layer.operation.weights.astype(np.int32) - zero_point
    fits = bool((weights == weights.astype(np.int8)).all())
    call = choose(layer.program.steps[0], layer.program, ANY_CORE)
    assert call is not None
    assert ("fully_connected_1x4" if fits else "fully_connected_ref") == call.kernel.name


def test_scaling_by_less_than_a_bit() -> None:
    """An output that is not shifted gets a tuned kernel only where none is below the zero point."""
    layer = fully_connected(1, 4, 4)
    rescaling = replace(layer.operation.requantization, shifts=np.array([-3, 0, -2, -1], np.int32), zero_point=0)
    names = []
    for minimum in (-128, 0):
        operation = replace(layer.operation, requantization=replace(rescaling, minimum=minimum))
        program = replace(layer, operation=operation).program
        call = choose(program.steps[0], program, ANY_CORE)
        assert call is not None
        names.append(call.kernel.name)
    assert ["fully_connected_ref", "fully_connected_1x4"] == names


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_pairs_where_they_are_exact(core: str) -> None:
    """Cores with DSP instructions pair outputs, unless a sum needs more than 23 bits."""
    layer = fully_connected(1, 64, 8)
    biases = layer.operation.biases.copy()
    biases[3] = 2**23
    names = []
    for operation in (layer.operation, replace(layer.operation, biases=biases)):
        program = replace(layer, operation=operation).program
        call = choose(program.steps[0], program, codegen_core(core))
        assert call is not None
        names.append(call.kernel.name)
    assert ["fully_connected_dsp", "fully_connected_1x4"] == names
