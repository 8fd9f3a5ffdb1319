"""Floating point where integers were meant: single operators of an integer model, or a model that was not quantized."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.lint.numbers import CONVERSIONS, inputs_of, is_hybrid, outputs_of, touches_floats
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity
from edgewright.pipeline.operator_support import Use

NAME = "float-operator"
REPAIR = "convert with representative samples and TFLITE_BUILTINS_INT8 as the only operator set"


def find(context: Context) -> Iterator[Finding]:
    """Yield operators that compute in floating point; one finding for a model that does nothing else.

    QUANTIZE and DEQUANTIZE are accepted where an input or output of the model is floating-point. Those around an
    operator are part of what that operator costs, and not named again.
    """
    hybrids = [use for use in context.uses if is_hybrid(use, context.graph)]
    floats = [use for use in context.uses if touches_floats(use) and use not in hybrids]
    computing = [use for use in floats if use.operator.op not in CONVERSIONS]
    if all(touches_floats(use) for use in context.uses if use.operator.op not in CONVERSIONS):
        if computing and not hybrids:  # else hybrid-operator says all there is to say
            yield _finding(None, "the whole model", f"none of its {len(computing)} operators computes in integers")
        return
    for use in computing:
        yield _finding(use, use.layer, f"{use.operator.label} computes in floating point in an integer model")
    main = context.graph.main
    accepted = {id(main.tensors[index]) for index in (*main.inputs, *main.outputs)}
    accepted |= {id(tensor) for use in (*computing, *hybrids) for tensor in (*inputs_of(use), *outputs_of(use))}
    for use in floats:
        touched = {id(tensor) for tensor in (*inputs_of(use), *outputs_of(use)) if tensor.dtype.is_float}
        if use.operator.op in CONVERSIONS and not touched <= accepted:
            yield _finding(use, use.layer, f"{use.operator.label} leaves the integers in the middle of the model")


def _finding(use: Use | None, layer: str, why: str) -> Finding:
    return Finding(
        rule=NAME,
        severity=Severity.WARNING,
        layer=layer,
        operator=None if use is None else use.operator.index,
        why=f"{why}, which is slow on a core without a floating-point unit, and edgewright emits integer models only",
        repair=REPAIR,
    )


RULE = Rule(name=NAME, summary="Floating point inside a model that should compute in integers.", find=find)
