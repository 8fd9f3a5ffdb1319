"""CONV_2D: patches times weights, one kernel for each way to block them into registers."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call, Field, Kernel
from edgewright.pipeline.codegen.core import CodegenCore, Feature
from edgewright.pipeline.codegen.kernels.facts import operation_of
from edgewright.pipeline.codegen.kernels.matrix import (
    MOST_UNSIGNED,
    is_pointwise,
    matrix_fields,
    window_fields,
    window_overlap,
)
from edgewright.pipeline.codegen.kernels.pairs import pair_fields, pair_scales, pair_words, pairs_exactly, patch_order
from edgewright.pipeline.codegen.kernels.rescaling import folded_biases, rescales
from edgewright.pipeline.codegen.operations import Convolution
from edgewright.pipeline.codegen.program import Program, Step

DSP_PIXELS = 4
"""How many pixels are computed at once where outputs are paired."""


def accepts(step: Step, program: Program) -> bool:
    """Take everything but groups and outputs that are scaled up."""
    operation = operation_of(step, Convolution)
    channels = program.values[step.inputs[0]].shape[3]
    return operation.weights.shape[3] == channels and rescales(
        operation.weights.reshape(len(operation.biases), -1),
        operation.biases,
        operation.input_zero_point,
        operation.requantization,
    )


def accepts_unsigned(step: Step, program: Program) -> bool:
    """Take the same where sums of unsigned bytes fit."""
    operation = operation_of(step, Convolution)
    return operation.weights[0].size <= MOST_UNSIGNED and accepts(step, program)


def accepts_dsp(step: Step, program: Program) -> bool:
    """Take the same where outputs can be paired."""
    operation = operation_of(step, Convolution)
    weights = operation.weights.reshape(len(operation.biases), -1)
    return accepts(step, program) and pairs_exactly(weights, operation.biases, operation.input_zero_point)


def products(step: Step, program: Program) -> int:
    """Return how many multiplications a convolution takes."""
    patch: int = operation_of(step, Convolution).weights[0].size
    return program.values[step.outputs[0]].element_count * patch


def lower(kernel: Kernel, step: Step, program: Program, pixels: int, *, is_unsigned: bool = False) -> Call:
    """Prepare the constants of a convolution that computes so many pixels at once."""
    operation = operation_of(step, Convolution)
    window = operation.window
    patch = operation.weights[0].size
    matrix = matrix_fields(
        operation.weights.reshape(-1, patch),
        operation.biases,
        operation.input_zero_point,
        operation.requantization,
        is_unsigned=is_unsigned,
    )
    return Call(
        kernel=kernel,
        fields=(*window_fields(step, program, window, operation.input_zero_point), *matrix),
        scratch_bytes=0 if is_pointwise(window) and not is_unsigned else pixels * patch,
        overlap=window_overlap(step, program, window, pixels, lags=not is_unsigned),
    )


def lower_dsp(kernel: Kernel, step: Step, program: Program) -> Call:
    """Prepare the constants of a convolution with outputs in pairs: four pixels are widened, then multiplied."""
    operation = operation_of(step, Convolution)
    window = operation.window
    outputs, height, width, channels = operation.weights.shape
    weights = operation.weights.reshape(outputs, -1)
    order = patch_order(height, width * channels)
    words = len(order) // 2
    scales = pair_scales(
        folded_biases(weights, operation.biases, operation.input_zero_point),
        operation.requantization,
        outputs + outputs % 2,
    )
    return Call(
        kernel=kernel,
        fields=(
            *window_fields(step, program, window, operation.input_zero_point),
            Field(name="is_pointwise", value=int(is_pointwise(window))),
            Field(name="words", value=words),
            *pair_fields(outputs, operation.requantization, pair_words(weights, order), scales),
        ),
        scratch_bytes=DSP_PIXELS * 4 * words + (0 if is_pointwise(window) else weights.shape[1]),
        overlap=window_overlap(step, program, window, DSP_PIXELS, lags=False),
    )


def _lower_3x4(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 3)


def _lower_1x4(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 1)


def _lower_unsigned(kernel: Kernel, step: Step, program: Program) -> Call:
    return lower(kernel, step, program, 1, is_unsigned=True)


def _cost_3x4(step: Step, program: Program, core: CodegenCore) -> float:
    return 2.8 * products(step, program)


def _cost_1x4(step: Step, program: Program, core: CodegenCore) -> float:
    return (3.5 if Feature.THREE_OPERANDS in core.features else 5.6) * products(step, program)


def _cost_unsigned(step: Step, program: Program, core: CodegenCore) -> float:
    return 4.1 * products(step, program)


def _cost_dsp(step: Step, program: Program, core: CodegenCore) -> float:
    _, rows, columns, outputs = program.values[step.outputs[0]].shape
    _, height, width, channels = operation_of(step, Convolution).weights.shape
    groups = -(-rows * columns // DSP_PIXELS)
    elements = groups * DSP_PIXELS * height * (width * channels + width * channels % 2)
    return elements * (0.9 * (outputs + outputs % 2) + 2.5)


_HELPERS = (
    "edgewright_finish_patch",
    "edgewright_matrix",
    "edgewright_multiply_1x4",
    "edgewright_rescale",
    "edgewright_schedule",
    "edgewright_window",
)

KERNELS = (
    Kernel(
        name="convolution_3x4",
        operation=Convolution,
        accepts=accepts,
        lower=_lower_3x4,
        cost=_cost_3x4,
        needs=frozenset({Feature.RISCV}),
        has_scratch=True,
        helpers=(*_HELPERS, "edgewright_finish", "edgewright_multiply_3x4"),
    ),
    Kernel(
        name="convolution_1x4",
        operation=Convolution,
        accepts=accepts,
        lower=_lower_1x4,
        cost=_cost_1x4,
        has_scratch=True,
        helpers=_HELPERS,
    ),
    Kernel(
        name="convolution_unsigned",
        operation=Convolution,
        accepts=accepts_unsigned,
        lower=_lower_unsigned,
        cost=_cost_unsigned,
        has_scratch=True,
        helpers=(
            "edgewright_finish_patch",
            "edgewright_matrix",
            "edgewright_multiply_unsigned",
            "edgewright_rescale",
            "edgewright_window",
        ),
    ),
    Kernel(
        name="convolution_dsp",
        operation=Convolution,
        accepts=accepts_dsp,
        lower=lower_dsp,
        cost=_cost_dsp,
        needs=frozenset({Feature.DSP}),
        has_scratch=True,
        helpers=(
            "edgewright_dsp",
            "edgewright_matrix",
            "edgewright_multiply_pairs",
            "edgewright_pairs",
            "edgewright_rescale",
            "edgewright_window",
        ),
    ),
)
