"""The agreement matrix: every engine's outputs against every other's, in LSB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from edgewright.pipeline.agreement import TOLERANCE_LSB, classes_of, largest_differences
from edgewright.pipeline.interpreters import Array, Resolver, tflm_engine
from edgewright.runtime_bench.bench.outputs import RowOutputs
from edgewright.runtime_bench.bench.plan import Setup
from edgewright.runtime_bench.bench.schema import DivergenceSection, PairSection

Locate = Callable[[RowOutputs, RowOutputs, int, int], DivergenceSection]
"""`(left, right, sample, tolerance)`: names the layer at which the two part."""


def compare_rows(rows: Sequence[RowOutputs], *, classifies: bool, locate: Locate) -> tuple[PairSection, ...]:
    """Compare every row with every other.

    Args:
        rows: of one model; the one that is the measure for others first.
        classifies: whether the largest element of the first output is a class.
        locate: asked about every pair that breaks a promise.
    """
    return tuple(_compare(left, right, classifies, locate) for left, right in combinations(rows, 2))


def tolerance_between(left: Setup, right: Setup) -> int | None:
    """Return the largest difference that two setups are promised to have, in LSB; None where nothing is promised.

    Promised is only how far others are from TensorFlow Lite Micro.
    """
    names = {left.engine.name, right.engine.name}
    if tflm_engine().name not in names or len(names) == 1 or left.runs_source or right.runs_source:
        return None
    other = right if left.engine.name == tflm_engine().name else left
    return TOLERANCE_LSB[other.resolver]


def order_rows(rows: Sequence[RowOutputs]) -> tuple[RowOutputs, ...]:
    """Put TensorFlow Lite Micro first, then reference kernels: what others are measured against."""

    def rank(row: RowOutputs) -> tuple[bool, bool, bool]:
        setup = row.row.setup
        return (
            setup.runs_source, setup.engine.name != tflm_engine().name, setup.resolver is not Resolver.REFERENCE,
        )  # fmt: skip

    return tuple(sorted(rows, key=rank))


def _compare(left: RowOutputs, right: RowOutputs, classifies: bool, locate: Locate) -> PairSection:
    count = len(left.integers[0])
    tolerance = tolerance_between(left.row.setup, right.row.setup)
    differences = _differences(left.integers, right.integers)
    differing = _unequal(left.integers, right.integers) if differences is None else differences > 0
    classes = None
    if classifies:
        classes = int(np.count_nonzero(classes_of(left.integers[0]) != classes_of(right.integers[0])))
    largest = None if differences is None else int(differences.max(initial=0))
    holds = None if tolerance is None or largest is None else largest <= tolerance
    divergence = None
    if holds is False and differences is not None and tolerance is not None:
        divergence = locate(left, right, int(np.argmax(differences > tolerance)), tolerance)
    return PairSection(
        left=left.row.setup.id,
        right=right.row.setup.id,
        sample_count=count,
        differing_sample_count=int(np.count_nonzero(differing)),
        differing_class_count=classes,
        largest_lsb=largest,
        first_differing_sample=int(np.argmax(differing)) if differing.any() else None,
        tolerance_lsb=tolerance,
        holds=holds,
        divergence=divergence,
    )


def _differences(left: Sequence[Array], right: Sequence[Array]) -> Array | None:
    """Return each sample's largest difference in LSB; None where an output is in floating point."""
    if any(array.dtype.kind not in "iu" for array in (*left, *right)):
        return None
    pairs = zip(left, right, strict=True)
    differences: Array = np.stack([largest_differences(ours, theirs) for ours, theirs in pairs]).max(axis=0)
    return differences


def _unequal(left: Sequence[Array], right: Sequence[Array]) -> Array:
    """Return which samples differ at all."""
    flags = [(ours != theirs).reshape(len(ours), -1).any(axis=1) for ours, theirs in zip(left, right, strict=True)]
    unequal: Array = np.stack(flags).any(axis=0)
    return unequal
