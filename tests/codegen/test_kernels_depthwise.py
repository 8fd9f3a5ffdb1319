"""Kernels of depthwise convolutions: to the bit what numpy computes, on this computer and on emulated cores."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from support.emulated import every_core, usable_core
from support.heavy_layers import Layer, depthwise, differing, jobs_of
from support.kernels import ANY_CORE, make_job

from edgewright.pipeline.codegen.call import Kernel
from edgewright.pipeline.codegen.kernels import choose
from edgewright.pipeline.codegen.kernels.depthwise import KERNELS
from edgewright.pipeline.codegen.kernels.reference import KERNELS as REFERENCE

EVERY = (REFERENCE[1], *KERNELS)
COUNTS = (1, 3, 7, 8, 15, 16, 17)
WINDOWS = ((1, 1), (3, 1), (2, 2), (3, 3), (5, 4), (10, 4), (7, 10))
STRIDES = ((1, 1), (2, 2), (1, 2), (3, 1))


def layers(counts: tuple[int, ...], windows: tuple[tuple[int, int], ...]) -> list[Layer]:
    """Return depthwise convolutions of all numbers of channels, windows, strides, multipliers and margins."""
    found = [
        depthwise((9, 8, channels), multiplier, kernel, stride, is_same=is_same, is_signed=multiplier == 1)
        for channels, kernel, multiplier, stride, is_same in product(counts, windows, (1, 2), STRIDES, (True, False))
    ]
    return [layer for layer in found if layer is not None]


def special_layers() -> list[Layer]:
    """Return tiny images, odd and even ones, dilated windows, a window larger than the image, and extreme values."""
    extents = ((1, 1), (1, 7), (7, 1), (2, 2), (3, 3), (4, 5), (5, 4), (3, 2))
    found = [
        *(
            depthwise((height, width, 3), 1, (3, 3), stride, is_same=is_same)
            for (height, width), stride, is_same in product(extents, STRIDES, (True, False))
        ),
        *(depthwise((9, 9, 4), 1, (3, 3), (1, 1), dilation) for dilation in ((2, 2), (1, 3), (4, 1))),
        depthwise((2, 3, 4), 3, (9, 9)),
    ]
    present = [layer for layer in found if layer is not None]
    return [*present, *(layer.extreme for layer in present)]


@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_sample_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """A sample of shapes, special ones too, is exact under sanitizers, with outputs over inputs as far as claimed."""
    jobs = jobs_of(kernel, [*layers((1, 8), ((3, 3), (5, 4)))[::2], *special_layers()[::2]])
    assert len(jobs) > 20
    assert not differing(jobs, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", EVERY, ids=lambda kernel: kernel.name)
def test_grid_of_layers(kernel: Kernel, tmp_path: Path) -> None:
    """The complete grid of channels, windows, strides and multipliers is exact under sanitizers, overlapped as well."""
    assert not differing(jobs_of(kernel, [*layers(COUNTS, WINDOWS), *special_layers()]), tmp_path)


@pytest.mark.parametrize("name", every_core())
def test_layers_on_cores(name: str, tmp_path: Path) -> None:
    """A sample of shapes is exact on an emulated core, with every kernel."""
    core = usable_core(name)
    sample = [*layers((1, 7, 16), ((3, 3), (5, 4)))[::5], *special_layers()[::3]]
    jobs = [job for kernel in EVERY for job in jobs_of(kernel, sample)]
    assert not differing(jobs, tmp_path, core)


def test_rows_overlap() -> None:
    """A 3x3 window of stride 1 lies over its input but for two rows: the one above, and the one that is computed."""
    layer = depthwise((25, 5, 64), 1, (3, 3))
    assert layer is not None
    kernel = KERNELS[0]
    assert -2 * 5 * 64 == make_job(kernel, layer.program, [layer.given], overlapped=True).distance


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "multiplier", "expected"),
    [
        ((3, 3), (1, 1), (1, 1), 1, "depthwise_3x3"),
        ((3, 3), (2, 2), (1, 1), 1, "depthwise_3x3"),
        ((3, 3), (3, 3), (1, 1), 1, "depthwise_any"),
        ((3, 3), (1, 1), (2, 2), 1, "depthwise_any"),
        ((3, 3), (1, 1), (1, 1), 2, "depthwise_any"),
        ((5, 5), (1, 1), (1, 1), 1, "depthwise_any"),
    ],
)
def test_kernel_of_a_window(
    kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], multiplier: int, expected: str
) -> None:
    """Windows of 3x3 have a kernel of their own, others share one."""
    layer = depthwise((9, 9, 4), multiplier, kernel, stride, dilation)
    assert layer is not None
    call = choose(layer.program.steps[0], layer.program, ANY_CORE)
    assert call is not None
    assert expected == call.kernel.name
