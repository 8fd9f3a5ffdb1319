"""FULLY_CONNECTED: rows times weights, blocked as convolutions are."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore, Feature
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.kernels.matrix import MOST_UNSIGNED, group_overlap, matrix_fields
from edgewright.pipeline.codegen.kernels.rescaling import rescales
from edgewright.pipeline.codegen.operations import FullyConnected
from edgewright.pipeline.codegen.program import Program, Step


def accepts(step: Step, program: Program) -> bool:
    """Take weights that fit a byte without their zero point, and outputs that are scaled down."""
    operation = operation_of(step, FullyConnected)
    weights = operation.weights.astype(np.int32) - operation.weights_zero_point
    return bool((weights == weights.astype(np.int8)).all()) and rescales(
        weights.astype(np.int8), operation.biases, operation.input_zero_point, operation.requantization
    )


def lower(kernel: Kernel, step: Step, program: Program, rows: int, *, is_unsigned: bool = False) -> Call:
    """Prepare the constants of a fully-connected layer that computes so many rows at once."""
    operation = operation_of(step, FullyConnected)
    weights = (operation.weights.astype(np.int32) - operation.weights_zero_point).astype(np.int8)
    outputs, depth = weights.shape
    matrix = matrix_fields(
        weights, operation.biases, operation.input_zero_point, operation.requantization, is_unsigned=is_unsigned
    )
    starts = np.arange(0, operation.rows, rows, dtype=np.int64) * depth
    return Call(
        kernel=kernel,
        fields=(*facts(rows=operation.rows, depth=depth), *matrix),
        scratch_bytes=depth if is_unsigned else 0,
        overlap=group_overlap(starts, rows * outputs, operation.rows * outputs, lags=not is_unsigned),
    )


def _lower_3x4(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 3)


def _lower_1x4(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 1)


def _lower_unsigned(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 1, is_unsigned=True)


def accepts_unsigned(step: Step, program: Program) -> bool:
    """Take the same where sums of unsigned bytes fit."""
    operation = operation_of(step, FullyConnected)
    return operation.weights.shape[1] <= MOST_UNSIGNED and accepts(step, program)


def products(step: Step) -> int:
    """Return how many multiplications it takes."""
    operation = operation_of(step, FullyConnected)
    return operation.weights.size * operation.rows


def _cost_3x4(step: Step, program: Program, core: CodegenCore) -> float:
    operation = operation_of(step, FullyConnected)
    return (2.8 if operation.rows >= 3 else 3.6) * products(step)


def _cost_1x4(step: Step, program: Program, core: CodegenCore) -> float:
    return (3.5 if Feature.THREE_OPERANDS in core.features else 5.6) * products(step)


def _cost_unsigned(step: Step, program: Program, core: CodegenCore) -> float:
    return 4.1 * products(step)


_HELPERS = (
    "edgewright_finish_patch",
    "edgewright_matrix",
    "edgewright_multiply_1x4",
    "edgewright_rescale",
    "edgewright_schedule",
)

KERNELS = (
    Kernel(
        name="fully_connected_3x4",
        operation=FullyConnected,
        accepts=accepts,
        lower=_lower_3x4,
        cost=_cost_3x4,
        needs=frozenset({Feature.RISCV}),
        helpers=(*_HELPERS, "edgewright_finish", "edgewright_multiply_3x4"),
    ),
    Kernel(
        name="fully_connected_1x4",
        operation=FullyConnected,
        accepts=accepts,
        lower=_lower_1x4,
        cost=_cost_1x4,
        helpers=_HELPERS,
    ),
    Kernel(
        name="fully_connected_unsigned",
        operation=FullyConnected,
        accepts=accepts_unsigned,
        lower=_lower_unsigned,
        cost=_cost_unsigned,
        has_scratch=True,
        helpers=("edgewright_finish_patch", "edgewright_matrix", "edgewright_multiply_unsigned", "edgewright_rescale"),
    ),
)
