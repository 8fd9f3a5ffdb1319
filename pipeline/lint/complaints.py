"""What the tables of operators say about a model, as findings: shared by the rules that ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgewright.pipeline.lint.numbers import is_hybrid
from edgewright.pipeline.lint.vocabulary import Context, Finding, Severity
from edgewright.pipeline.operator_support import Lack, complaints


def lacks(kind: Lack, rule: str) -> Callable[[Context], Iterator[Finding]]:
    """Return a rule's `find` that yields what the family's table lacks of one kind.

    Args:
        kind: which of the table's complaints; hybrid operators are left to a rule of their own.
        rule: the rule's name.
    """

    def find(context: Context) -> Iterator[Finding]:
        for found in complaints(context.graph, context.layers, context.target, context.family):
            if found.kind is kind and not is_hybrid(found.use, context.graph):
                yield Finding(
                    rule=rule,
                    severity=Severity.ERROR,
                    layer=found.use.layer,
                    operator=found.use.operator.index,
                    why=f"{found.use.operator.label} {found.reason}",
                    repair=found.way_out,
                )

    return find
