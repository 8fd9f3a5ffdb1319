"""Activations fused: a table that only clamps, after an operation that clamps by itself, becomes part of it.

A table that adds a number before it clamps (QUANTIZE between equal scales) moves the zero point of an accumulator.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgewright.pipeline.codegen.operations import (
    Addition,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Mean,
    Multiplication,
    Operation,
    Pool,
    Requantization,
    Table,
)
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.rewrites.editing import read_counts, rebuild, sole_writer, writers
from edgewright.pipeline.graph import DType

_ACCUMULATING = Addition | Convolution | DepthwiseConvolution | FullyConnected | Mean | Multiplication


def rewrite(program: Program) -> Program:
    """Return a program in which operations clamp as the table did that alone read their output."""
    written, counts = writers(program), read_counts(program)
    steps: list[Step] = []
    for one in program.steps:
        step = one
        if isinstance(one.operation, Table) and program.values[one.outputs[0]].dtype is DType.INT8:
            before = sole_writer(program, one.inputs[0], written, counts)
            operation = _fuse(before.operation, one.operation) if before else None
            if before is not None and operation is not None:
                step = replace(before, operation=operation, outputs=one.outputs, layers=(*before.layers, *one.layers))
        written.update(dict.fromkeys(step.outputs, step))
        steps.append(step)
    return rebuild(program, steps)


def _fuse(operation: Operation, table: Table) -> Operation | None:
    """Return an operation that includes a table, or None where it cannot."""
    if isinstance(operation, Pool):
        limits = _clamp(table, operation.minimum, operation.maximum, offset=0)
        return replace(operation, minimum=limits[0], maximum=limits[1]) if limits else None
    if not isinstance(operation, _ACCUMULATING):
        return None
    requantization = operation.requantization
    for offset in (0, _rise(table, requantization.minimum, requantization.maximum)):
        limits = _clamp(table, requantization.minimum, requantization.maximum, offset=offset)
        if limits:
            return replace(operation, requantization=_moved(requantization, offset, limits))
    return None


def _rise(table: Table, minimum: int, maximum: int) -> int:
    """Return what a table adds where it first rises, which is what it adds everywhere if it only adds and clamps."""
    inputs = np.arange(minimum, maximum + 1)
    entries = table.entries[inputs + 128].astype(np.int64)
    place = int(np.argmax(entries > entries[0]))
    return int(entries[place] - inputs[place])


def _moved(requantization: Requantization, offset: int, limits: tuple[int, int]) -> Requantization:
    return replace(requantization, zero_point=requantization.zero_point + offset, minimum=limits[0], maximum=limits[1])


def _clamp(table: Table, minimum: int, maximum: int, *, offset: int) -> tuple[int, int] | None:
    """Return the limits between which a table does nothing but add an offset, for inputs of a range."""
    inputs = np.arange(minimum, maximum + 1)
    entries = table.entries[inputs + 128].astype(np.int64)
    lower, upper = int(entries[0]), int(entries[-1])
    if lower > upper or np.any(entries != np.clip(inputs + offset, lower, upper)):
        return None
    return lower, upper
