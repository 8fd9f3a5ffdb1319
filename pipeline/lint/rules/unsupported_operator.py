"""An operator that the family's TensorFlow Lite Micro does not have."""

from __future__ import annotations

from edgewright.pipeline.lint.complaints import lacks
from edgewright.pipeline.lint.vocabulary import Rule
from edgewright.pipeline.operator_support import Lack

NAME = "unsupported-operator"

RULE = Rule(
    name=NAME, summary="The family's TensorFlow Lite Micro has no such operator.", find=lacks(Lack.KERNEL, NAME)
)
