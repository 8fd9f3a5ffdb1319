"""Looking for hazards: every rule on one model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgewright.pipeline.errors import BadInputError, nearest
from edgewright.pipeline.lint.rules import RULES
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity

_ORDER = tuple(Severity)


def inspect(context: Context, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """Return what the rules find, the most serious first, in the order of the rules and of the operators.

    Args:
        context: the model and where it goes.
        rules: which ones.

    Raises:
        TfliteError: an operator lacks a tensor that its kind must have.
        TargetError: a file of facts is broken.
    """
    found = (finding for rule in rules for finding in rule.find(context))
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def choose_rules(names: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of those names, in their own order; all of them where none is named.

    Raises:
        BadInputError: there is no rule of a name.
    """
    known = [rule.name for rule in RULES]
    for name in names:
        if name not in known:
            raise BadInputError(f'Unknown rule "{name}": {nearest(name, known)}.')
    return tuple(rule for rule in RULES if not names or rule.name in names)
