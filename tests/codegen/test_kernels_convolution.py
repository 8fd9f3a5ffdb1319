"""Kernels of convolutions: to the bit what numpy computes, on this computer and on emulated cores."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support.emulated import every_core, usable_core
from support.heavy_layers import Layer, convolution, differing, jobs_of
from support.kernels import ANY_CORE, make_job

from edgewright.pipeline.codegen.call import Kernel
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.kernels import choose
from edgewright.pipeline.codegen.kernels.convolution import KERNELS
from edgewright.pipeline.codegen.kernels.reference import KERNELS as REFERENCE
from edgewright.pipeline.codegen.operations import Convolution

EVERY = (REFERENCE[0], *KERNELS)
COUNTS = (1, 3, 7, 8, 15, 16, 17)
WINDOWS = ((1, 1), (1, 3), (2, 2), (3, 3), (5, 4), (10, 1), (7, 10))


def layers(counts: tuple[int, ...], windows: tuple[tuple[int, int], ...]) -> list[Layer]:
    """Return convolutions of all numbers of channels and outputs, of all windows, strides and margins."""
    found = [
        convolution((9, 8, channels), outputs, kernel, stride, is_same=is_same, is_signed=is_signed)
        for channels, outputs, kernel, (stride, is_same, is_signed) in product(
            counts,
            counts,
            windows,
            (((1, 1), True, True), ((2, 2), True, False), ((1, 1), False, True), ((3, 1), False, False)),
        )
    ]
    return [layer for layer in found if layer is not None]


def special_layers() -> list[Layer]:
    """Return dilated ones, tiny images, single rows and columns, and extreme values."""
    found = [
        *(
            convolution((10, 11, 4), 5, (3, 3), stride, dilation, is_same=is_same)
            for stride, dilation, is_same in product(((1, 1), (2, 1)), ((1, 2), (2, 1), (2, 3)), (True, False))
        ),
        *(convolution((height, width, 5), 6, (3, 3)) for height, width in ((1, 1), (1, 9), (9, 1), (2, 2))),
        convolution((1, 1, 40), 9, (1, 1)),
        convolution((25, 5, 16), 16, (1, 1)),
        convolution((12, 12, 8), 4, (1, 1), (2, 2)),
        convolution((8, 8, 3), 8, (10, 4), (2, 2)),
    ]
    present = [layer for layer in found if layer is not None]
    return [*present, *(layer.extreme for layer in present)]


@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_sample_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """A sample of shapes, special ones too, is exact under sanitizers, with outputs over inputs as far as claimed."""
    jobs = jobs_of(kernel, [*layers((3, 8), ((1, 1), (3, 3)))[::2], *special_layers()[::2]])
    assert len(jobs) > 20
    assert not differing(jobs, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_grid_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """The complete grid of channels, windows, strides and margins is exact under sanitizers, overlapped as well."""
    assert not differing(jobs_of(kernel, [*layers(COUNTS, WINDOWS)[::3], *special_layers()]), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_layers_on_cores(name: str, tmp_path: Path) -> None:
    """A sample of shapes is exact on an emulated core, with every kernel."""
    core = usable_core(name)
    sample = [*layers((1, 7, 16), ((1, 1), (3, 3), (5, 4)))[::7], *special_layers()[::3]]
    jobs = [job for kernel in EVERY for job in jobs_of(kernel, sample)]
    assert not differing(jobs, tmp_path, core)


def test_pointwise_overlaps_itself() -> None:
    """A pointwise convolution that keeps its channels lies over its input but for pixels that are computed at once."""
    layer = convolution((25, 5, 64), 64, (1, 1))
    assert layer is not None
    distances = {
        kernel.name: make_job(kernel, layer.program, [layer.given], overlapped=True).distance for kernel in KERNELS
    }
    assert {
        "convolution_3x4": -3 * 64,
        "convolution_1x4": -64,
        "convolution_unsigned": 0,
        "convolution_dsp": 0,
    } == distances


def test_output_over_a_larger_input() -> None:
    """A strided convolution lies over its input but for one row of it."""
    layer = convolution((32, 32, 16), 32, (3, 3), (2, 2))
    assert layer is not None
    for kernel in KERNELS:
        distance = make_job(kernel, layer.program, [layer.given], overlapped=True).distance
        assert distance is not None and -2 * 32 * 16 <= distance <= 0


@pytest.mark.parametrize(
    ("core", "expected"),
    [
        ("riscv32", "convolution_3x4"),
        ("cortex-m0plus", "convolution_unsigned"),
        ("cortex-m3", "convolution_1x4"),
        ("cortex-m4", "convolution_dsp"),
        ("cortex-m7", "convolution_dsp"),
        ("cortex-m33", "convolution_dsp"),
    ],
)
def test_kernel_of_a_core(core: str, expected: str) -> None:
    """Each kind of core gets the kernel that is made for its registers."""
    layer = convolution((8, 8, 16), 16, (3, 3))
    assert layer is not None
    call = choose(layer.program.steps[0], layer.program, codegen_core(core))
    assert call is not None
    assert expected == call.kernel.name


def awkward_layers() -> dict[str, Layer]:
    """Return layers that the tuned kernels cannot compute."""
    layer = convolution((6, 6, 8), 8, (3, 3))
    assert layer is not None
    operation = layer.operation
    assert isinstance(operation, Convolution)
    rescaling = operation.requantization
    shifts = rescaling.shifts.copy()
    shifts[3] = 1
    biases = operation.biases.copy()
    biases[2] = 2**28
    altered = {
        "scaled up": replace(operation, requantization=replace(rescaling, shifts=shifts)),
        "large sums": replace(operation, biases=biases),
        "groups": replace(operation, weights=np.ascontiguousarray(operation.weights[..., :4])),
    }
    return {name: replace(layer, operation=one) for name, one in altered.items()}


@pytest.mark.parametrize("case", sorted(awkward_layers()))
def test_awkward_layers_get_the_plain_kernel(case: str, tmp_path: Path) -> None:
    """Groups, outputs that are scaled up and sums that are too large are computed by the plain kernel, exactly."""
    layer = awkward_layers()[case]
    call = choose(layer.program.steps[0], layer.program, ANY_CORE)
    assert call is not None
    assert "convolution_ref" == call.kernel.name
    assert not differing(jobs_of(call.kernel, [layer]), tmp_path)


def test_large_weights_and_sums_are_not_paired() -> None:
    """A weight of -128, and sums that need more than 23 bits, keep a kernel that does not pair outputs."""
    layer = convolution((6, 6, 8), 8, (3, 3))
    assert layer is not None
    operation = layer.operation
    assert isinstance(operation, Convolution)
    weights, biases = operation.weights.copy(), operation.biases.copy()
    weights[5, 1, 1, 3] = -128
    biases[2] = 2**23
    for altered in (replace(operation, weights=weights), replace(operation, biases=biases)):
        program = replace(layer, operation=altered).program
        call = choose(program.steps[0], program, codegen_core("cortex-m4"))
        assert call is not None
        assert "convolution_1x4" == call.kernel.name
