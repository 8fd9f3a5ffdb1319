"""An operator that runs the reference kernel, although the family is built with optimized ones."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.graph.cost import operator_macs
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.lint.kernels import KernelFacts, obstacle, optimized
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity
from edgewright.pipeline.operator_support import Use
from edgewright.pipeline.operator_tables import OperatorFacts, OperatorTable, family_table
from edgewright.pipeline.vocabulary import Kernels

NAME = "reference-fallback"
LEAST_SHARE = 0.01
"""Of the model's multiply-accumulates, from which on a slow kernel is worth a warning."""
NAMES = {Kernels.CMSIS_NN: "CMSIS-NN", Kernels.ESP_NN: "esp-nn"}
QUANTIZED = (DType.INT8, DType.INT16)


def find(context: Context) -> Iterator[Finding]:
    """Yield operators that an optimized kernel does not take, with their share of the model's arithmetic."""
    table, kernels = family_table(context.family), context.family.kernels
    if table is None or kernels is Kernels.REFERENCE:
        return
    macs = {id(use): operator_macs(context.graph, use.operator, subgraph=use.subgraph) for use in context.uses}
    total = sum(macs.values())
    for use in context.uses:
        facts = table.find(use.operator.label, is_custom=use.operator.custom_name is not None)
        data = None if facts is None else use.input(facts.data_input)
        if facts is None or data is None or data.dtype not in QUANTIZED:
            continue
        kernel = _kernel(use, table, kernels)
        share = macs[id(use)] / total if total else 0.0
        reason = _reason(use, kernel, facts, context, has_macs=macs[id(use)] > 0)
        if reason is not None:
            yield _finding(use, reason, share, context)


def _kernel(use: Use, table: OperatorTable, kernels: Kernels) -> KernelFacts | None:
    kernel = optimized(kernels).get(use.operator.label)
    has_it = kernel is not None and (not kernel.tables or table.revision in kernel.tables)
    return kernel if has_it else None


def _reason(
    use: Use, kernel: KernelFacts | None, facts: OperatorFacts, context: Context, *, has_macs: bool
) -> str | None:
    if kernel is not None:
        return obstacle(use, kernel, facts, context)
    return "there is no optimized kernel for it" if has_macs else None


def _finding(use: Use, reason: str, share: float, context: Context) -> Finding:
    is_small = share < LEAST_SHARE or context.avoids_assembly
    cost = f" ({share:.0%} of the model's multiply-accumulates)" if share >= LEAST_SHARE else ""
    optimized_ones = f"one that {NAMES[context.family.kernels]} optimizes"
    return Finding(
        rule=NAME,
        severity=Severity.NOTE if is_small else Severity.WARNING,
        layer=use.layer,
        operator=use.operator.index,
        why=f"{use.operator.label}{cost} runs a plain C kernel instead of {optimized_ones}: {reason}",
        repair="build that layer so that the optimized kernel takes it, or accept that it is slow",
    )


RULE = Rule(name=NAME, summary="An operator that the family's optimized kernels do not take.", find=find)
