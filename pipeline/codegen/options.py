"""What a user may choose of the static engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class KernelChoice(str, Enum):
    """Which kernels a step may get."""

    FASTEST = "fastest"
    """Whatever is cheapest on the core."""
    REFERENCE = "reference"
    """The plain ones, against which the others are compared."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every rewrite is exact; those that can be turned off show what they are worth."""

    kernels: KernelChoice = KernelChoice.FASTEST
    dead_channels: bool = True
    overlap: bool = True
    """Whether a step's output may lie over an input that dies in it."""
    reorder: bool = True
    """Whether the order of layers may change for the arena's sake."""


DEFAULTS = Options()
