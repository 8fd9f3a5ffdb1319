"""Convolutions, depthwise convolutions and fully-connected layers of any shape, for tests of their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from support.kernels import Job, Values, make_job, one_step, run_on_core, run_on_host

from edgewright.pipeline.codegen.call import Array, Kernel
from edgewright.pipeline.codegen.evaluation import compute
from edgewright.pipeline.codegen.operations import (
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Int8s,
    Margins,
    Requantization,
    Window,
)
from edgewright.pipeline.codegen.program import Program
from edgewright.runtime_bench.cores import Core

HeavyOperation = Convolution | DepthwiseConvolution | FullyConnected
RAM_BYTES, CODE_BYTES = 2**22, 2**19
"""What the jobs of one program take at most on this computer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """An operation, an input and the shape of the output."""

    operation: HeavyOperation
    given: Int8s
    shape: tuple[int, ...]

    @property
    def program(self) -> Program:
        """The program of this layer alone."""
        return one_step(self.operation, [self.given], self.shape)

    @property
    def expected(self) -> Values:
        """What it computes, flat."""
        return compute(self.operation, [self.given])[0].reshape(-1)

    @property
    def extreme(self) -> Layer:
        """The same layer with nothing but the largest and smallest weights, inputs and zero point."""
        draw = np.random.default_rng(self.given.size)
        weights = draw.choice(np.array([-127, 127], np.int8), self.operation.weights.shape)
        given = draw.choice(np.array([-128, 127], np.int8), self.given.shape)
        return replace(self, operation=replace(self.operation, weights=weights, input_zero_point=-128), given=given)


def rescaling(draw: np.random.Generator, channels: int, products: int, *, is_signed: bool) -> Requantization:
    """Return factors that bring sums of so many products to the range of a byte, beyond it now and then."""
    right = max(2, round(np.log2(80.0 * products**0.5)))
    zero_point = int(draw.integers(-128, 128))
    return Requantization(
        multipliers=draw.integers(2**30, 2**31, channels).astype(np.int32),
        shifts=-(right + draw.integers(-1, 2, channels)).astype(np.int32),
        zero_point=zero_point,
        minimum=-128 if is_signed else zero_point,
        maximum=127,
    )


def window(
    height: int,
    width: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    *,
    is_same: bool,
) -> tuple[Window, int, int] | None:
    """Return a window with margins of SAME or VALID, and the output's rows and columns; None where there are none."""
    spans = [(taps - 1) * by + 1 for taps, by in zip(kernel, dilation, strict=True)]
    lengths = (height, width)
    if is_same:
        rows, columns = (-(-length // by) for length, by in zip(lengths, stride, strict=True))
    else:
        rows, columns = ((length - span) // by + 1 for length, span, by in zip(lengths, spans, stride, strict=True))
    if rows < 1 or columns < 1:
        return None
    tall = max((rows - 1) * stride[0] + spans[0] - height, 0) if is_same else 0
    wide = max((columns - 1) * stride[1] + spans[1] - width, 0) if is_same else 0
    margins = Margins(top=tall // 2, bottom=tall - tall // 2, left=wide // 2, right=wide - wide // 2)
    found = Window(
        height=kernel[0], width=kernel[1], stride_height=stride[0], stride_width=stride[1], dilation_height=dilation[0],
        dilation_width=dilation[1], margins=margins,
    )  # fmt: skip
    return found, rows, columns


def convolution(
    image: tuple[int, int, int],
    outputs: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    *,
    is_same: bool = True,
    is_signed: bool = True,
) -> Layer | None:
    """Return a convolution over an image (height, width, channels); None where it would have no output."""
    draw = np.random.default_rng([*image, outputs, *kernel, *stride, *dilation, is_same, is_signed])
    found = window(image[0], image[1], kernel, stride, dilation, is_same=is_same)
    if found is None:
        return None
    moved, rows, columns = found
    operation = Convolution(
        weights=draw.integers(-127, 128, (outputs, *kernel, image[2])).astype(np.int8),
        biases=draw.integers(-5000, 5000, outputs).astype(np.int32),
        window=moved,
        input_zero_point=int(draw.integers(-128, 128)),
        requantization=rescaling(draw, outputs, kernel[0] * kernel[1] * image[2], is_signed=is_signed),
    )
    given = draw.integers(-128, 128, (1, *image)).astype(np.int8)
    return Layer(operation=operation, given=given, shape=(1, rows, columns, outputs))


def depthwise(
    image: tuple[int, int, int],
    multiplier: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    *,
    is_same: bool = True,
    is_signed: bool = True,
) -> Layer | None:
    """Return a depthwise convolution over an image (height, width, channels); None where it would have no output."""
    draw = np.random.default_rng([*image, multiplier, *kernel, *stride, *dilation, is_same, is_signed])
    found = window(image[0], image[1], kernel, stride, dilation, is_same=is_same)
    if found is None:
        return None
    moved, rows, columns = found
    outputs = image[2] * multiplier
    operation = DepthwiseConvolution(
        weights=draw.integers(-127, 128, (*kernel, outputs)).astype(np.int8),
        biases=draw.integers(-2000, 2000, outputs).astype(np.int32),
        window=moved,
        multiplier=multiplier,
        input_zero_point=int(draw.integers(-128, 128)),
        requantization=rescaling(draw, outputs, kernel[0] * kernel[1], is_signed=is_signed),
    )
    given = draw.integers(-128, 128, (1, *image)).astype(np.int8)
    return Layer(operation=operation, given=given, shape=(1, rows, columns, outputs))


def fully_connected(rows: int, depth: int, units: int, *, weights_zero_point: int = 0, is_signed: bool = True) -> Layer:
    """Return a fully-connected layer."""
    draw = np.random.default_rng([rows, depth, units, weights_zero_point + 128, is_signed])
    operation = FullyConnected(
        weights=draw.integers(-100, 101, (units, depth)).astype(np.int8),
        biases=draw.integers(-5000, 5000, units).astype(np.int32),
        rows=rows,
        input_zero_point=int(draw.integers(-128, 128)),
        weights_zero_point=weights_zero_point,
        requantization=rescaling(draw, units, depth, is_signed=is_signed),
    )
    return Layer(
        operation=operation, given=draw.integers(-128, 128, (rows, depth)).astype(np.int8), shape=(rows, units)
    )


def jobs_of(kernel: Kernel, layers: Sequence[Layer]) -> list[tuple[Layer, Job]]:
    """Return a job for each layer that a kernel accepts, and one where the output lies over the input if it may."""
    found = []
    for layer in layers:
        program = layer.program
        if not kernel.accepts(program.steps[0], program):
            continue
        found.append((layer, make_job(kernel, program, [layer.given])))
        overlapped = make_job(kernel, program, [layer.given], overlapped=True)
        if overlapped.distance is not None:
            found.append((layer, overlapped))
    return found


def differing(jobs: Sequence[tuple[Layer, Job]], folder: Path, core: Core | None = None) -> list[str]:
    """Run jobs, on this computer or on a core; return what those are whose outputs are not what they must be."""
    wrong = []
    for number, part in enumerate(_portions(jobs, core)):
        calls = [job for _, job in part]
        place = folder / str(number)
        found = run_on_host(calls, place) if core is None else run_on_core(calls, place, core)
        for (layer, job), (output,) in zip(part, found, strict=True):
            if output.tolist() != layer.expected.tolist():
                wrong.append(f"{job.call.kernel.name} {layer.given.shape} -> {layer.shape}, at {job.distance}")
    return wrong


def _portions(jobs: Sequence[tuple[Layer, Job]], core: Core | None) -> list[list[tuple[Layer, Job]]]:
    """Cut jobs into programs that a core has the memory for, half of it left to everything else."""
    most_ram, most_code = (core.memory.ram_bytes // 2, core.memory.code_bytes // 2) if core else (RAM_BYTES, CODE_BYTES)
    portions: list[list[tuple[Layer, Job]]] = []
    ram = code = 0
    for layer, job in jobs:
        held = layer.given.nbytes + layer.expected.nbytes + job.call.scratch_bytes + 8
        constants = sum(field.value.values.nbytes for field in job.call.fields if isinstance(field.value, Array)) + 500
        ram, code = ram + held, code + constants
        if not portions or ram > most_ram or code > most_code:
            portions.append([])
            ram, code = held, constants
        portions[-1].append((layer, job))
    return portions
