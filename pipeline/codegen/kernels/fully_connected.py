"""FULLY_CONNECTED: rows times weights, blocked as convolutions are."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Call, Kernel
from edgewright.pipeline.codegen.core import CodegenCore, Feature
from edgewright.pipeline.codegen.kernels.facts import facts, operation_of
from edgewright.pipeline.codegen.kernels.matrix import MOST_UNSIGNED, OUTPUTS, group_overlap, matrix_fields
from edgewright.pipeline.codegen.kernels.pairs import pair_fields, pair_scales, pair_words, pairs_exactly, run_order
from edgewright.pipeline.codegen.kernels.rescaling import folded_biases, rescales
from edgewright.pipeline.codegen.operations import FullyConnected, Int8s
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.rounding import round_up


def real_weights(operation: FullyConnected) -> Int8s:
    """Return the weights without their zero point; `accepts` says whether they fit."""
    return (operation.weights.astype(np.int32) - operation.weights_zero_point).astype(np.int8)


def accepts(step: Step, program: Program) -> bool:
    """Take weights that fit a byte without their zero point, and outputs that are scaled down."""
    operation = operation_of(step, FullyConnected)
    wide = operation.weights.astype(np.int32) - operation.weights_zero_point
    return bool((wide == wide.astype(np.int8)).all()) and rescales(
        real_weights(operation), operation.biases, operation.input_zero_point, operation.requantization
    )


def lower(kernel: Kernel, step: Step, program: Program, rows: int, *, is_unsigned: bool = False) -> Call:
    """Prepare the constants of a fully-connected layer that computes so many rows at once."""
    operation = operation_of(step, FullyConnected)
    weights = real_weights(operation)
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


def accepts_dsp(step: Step, program: Program) -> bool:
    """Take the same where outputs can be paired."""
    operation = operation_of(step, FullyConnected)
    return accepts(step, program) and pairs_exactly(
        real_weights(operation), operation.biases, operation.input_zero_point
    )


def lower_dsp(kernel: Kernel, step: Step, program: Program) -> Call:
    """Prepare the constants of a fully-connected layer with outputs in pairs, two of them at once."""
    operation = operation_of(step, FullyConnected)
    weights = real_weights(operation)
    outputs, depth = weights.shape
    filled = np.zeros((round_up(outputs, OUTPUTS), depth), np.int8)
    filled[:outputs] = weights
    words = pair_words(filled, run_order(depth))
    folded = folded_biases(weights, operation.biases, operation.input_zero_point)
    scales = pair_scales(folded, operation.requantization, len(filled))
    grouped = words.reshape(-1, 2, words.shape[1]).transpose(0, 2, 1)
    starts = np.arange(operation.rows, dtype=np.int64) * depth
    return Call(
        kernel=kernel,
        fields=(
            *facts(rows=operation.rows, depth=depth),
            *pair_fields(outputs, operation.requantization, grouped, scales),
        ),
        overlap=group_overlap(starts, outputs, operation.rows * outputs, lags=True),
    )


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


def _cost_dsp(step: Step, program: Program, core: CodegenCore) -> float:
    operation = operation_of(step, FullyConnected)
    outputs, depth = operation.weights.shape
    return 1.2 * operation.rows * round_up(outputs, OUTPUTS) * (depth + 8)


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
    Kernel(
        name="fully_connected_dsp",
        operation=FullyConnected,
        accepts=accepts_dsp,
        lower=lower_dsp,
        cost=_cost_dsp,
        needs=frozenset({Feature.DSP}),
        helpers=("edgewright_dsp", "edgewright_pairs", "edgewright_rescale"),
    ),
)
