"""Integer weights with floating-point activations: what dynamic-range quantization leaves, and TFLM cannot run."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.lint.numbers import hybrid_weights
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity

NAME = "hybrid-operator"


def find(context: Context) -> Iterator[Finding]:
    """Yield operators that compute in floating point with integer weights."""
    for use in context.uses:
        weights = hybrid_weights(use, context.graph)
        if weights is not None:
            refused = "TensorFlow Lite Micro refuses" if context.is_tflm else "is computed in floating point"
            yield Finding(
                rule=NAME,
                severity=Severity.ERROR if context.is_tflm else Severity.WARNING,
                layer=use.layer,
                operator=use.operator.index,
                why=f"{use.operator.label} has {weights.dtype.value} weights and floating-point activations, which "
                f"{refused} (dynamic-range quantization)",
                repair="convert with representative samples to a full-integer model",
            )


RULE = Rule(name=NAME, summary="Integer weights with floating-point activations (dynamic range).", find=find)
