"""The program: what the static engine computes, step by step, between reading a graph and choosing kernels.

A program is frozen: a rewrite makes a new one (`dataclasses.replace`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgewright.pipeline.codegen.operations import Operation
from edgewright.pipeline.graph import DType


@dataclass(frozen=True, kw_only=True)
class Value:
    """One computed tensor.

    `index` is that of the graph's tensor; a rewrite that needs another one takes an index that no tensor has.
    Shapes hold the batch of 1 as the graph does; the layout is dense, the last axis is contiguous.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    scale: float = 0.0
    zero_point: int = 0
    is_exact: bool = True
    """Whether it holds what the graph's tensor holds; False where a rewrite left channels out or changed the order."""

    @property
    def element_count(self) -> int:
        """Number of elements (1 for a scalar)."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in the arena."""
        return self.element_count * self.dtype.bits // 8


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to compute: one call of a kernel, or nothing but another name for the same bytes."""

    operation: Operation
    inputs: tuple[int, ...]
    """Indices of values; constants are part of the operation."""
    outputs: tuple[int, ...]
    layers: tuple[int, ...]
    """Operators of the graph that it stands for, in the order of execution; the last one gives the outputs."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Steps in the order of execution, and the values that they read and write."""

    values: Mapping[int, Value]
    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
