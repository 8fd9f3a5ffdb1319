"""Weights with a scale for each channel, where the family's kernel takes one scale for all without a word."""

from __future__ import annotations

from edgewright.pipeline.lint.complaints import lacks
from edgewright.pipeline.lint.vocabulary import Rule
from edgewright.pipeline.operator_support import Lack

NAME = "per-channel-weights"

RULE = Rule(
    name=NAME,
    summary="The family's kernel takes one scale where the weights have one for each channel.",
    find=lacks(Lack.CHANNELS, NAME),
)
