"""An operator of a version newer than the family's TensorFlow Lite Micro; the interpreter itself never looks."""

from __future__ import annotations

from edgewright.pipeline.lint.complaints import lacks
from edgewright.pipeline.lint.vocabulary import Rule
from edgewright.pipeline.operator_support import Lack

NAME = "operator-version"

RULE = Rule(
    name=NAME, summary="The operator's version is newer than the family's kernel.", find=lacks(Lack.VERSION, NAME)
)
