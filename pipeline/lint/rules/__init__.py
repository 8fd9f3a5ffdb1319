"""The rules of the hazard lint: one file each, and their order in reports."""

from __future__ import annotations

from edgewright.pipeline.lint.rules import (
    asymmetric_padding,
    esp_nn_dense_width,
    float_operator,
    hybrid_operator,
    input_quantization,
    operator_types,
    operator_version,
    per_channel_weights,
    reference_fallback,
    unaligned_buffer,
    unsupported_operator,
)

RULES = (
    unsupported_operator.RULE,
    operator_version.RULE,
    operator_types.RULE,
    per_channel_weights.RULE,
    hybrid_operator.RULE,
    float_operator.RULE,
    asymmetric_padding.RULE,
    esp_nn_dense_width.RULE,
    input_quantization.RULE,
    reference_fallback.RULE,
    unaligned_buffer.RULE,
)
"""In the order in which they are applied; the last one sees the file as the others leave it."""
