"""An operator with element types for which the family has no kernel."""

from __future__ import annotations

from edgewright.pipeline.lint.complaints import lacks
from edgewright.pipeline.lint.vocabulary import Rule
from edgewright.pipeline.operator_support import Lack

NAME = "operator-types"

RULE = Rule(
    name=NAME, summary="The family's kernel does not compute these element types.", find=lacks(Lack.TYPES, NAME)
)
