"""The agreement matrix: every engine's outputs against every other's, in LSB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from edgewright.pipeline.agreement import classes_of, largest_differences
from edgewright.pipeline.interpreters import Array, Resolver
from edgewright.runtime_bench.bench.outputs import RowOutputs
from edgewright.runtime_bench.bench.plan import BoardSetup
from edgewright.runtime_bench.bench.schema import DivergenceSection, PairSection

Locate = Callable[[RowOutputs, RowOutputs, int, int], DivergenceSection]
"""`(left, right, sample, tolerance)`: names the layer at which the two part."""
CompareLogits = Callable[[RowOutputs, RowOutputs], int | None]
"""`(left, right)`: the largest difference before a softmax, in LSB; None where that cannot be seen."""


def compare_rows(
    rows: Sequence[RowOutputs], *, classifies: bool, locate: Locate, compare_logits: CompareLogits
) -> tuple[PairSection, ...]:
    """Compare every row with every other, over the samples that both ran.

    Args:
        rows: of one model; the one that is the measure for others first.
        classifies: whether the largest element of the first output is a class.
        locate: asked about every pair that breaks a promise.
        compare_logits: asked about every pair whose outputs differ by more than is promised; the promise is then held
            against what lies before the softmax.
    """
    return tuple(_compare(left, right, classifies, locate, compare_logits) for left, right in combinations(rows, 2))


def tolerance_between(left: RowOutputs, right: RowOutputs) -> int | None:
    """Return the largest difference that two rows are promised to have, in LSB; None where nothing is promised.

    Promised is only how far others are from TensorFlow Lite Micro.
    """
    if left.is_measure == right.is_measure:
        return None
    return right.promised_lsb if left.is_measure else left.promised_lsb


def order_rows(rows: Sequence[RowOutputs]) -> tuple[RowOutputs, ...]:
    """Put TensorFlow Lite Micro first, then reference kernels: what others are measured against."""

    def rank(row: RowOutputs) -> tuple[bool, bool, bool]:
        setup = row.setup
        if isinstance(setup, BoardSetup):
            return False, True, False
        return setup.runs_source, not row.is_measure, setup.resolver is not Resolver.REFERENCE

    return tuple(sorted(rows, key=rank))


def _compare(
    left: RowOutputs, right: RowOutputs, classifies: bool, locate: Locate, compare_logits: CompareLogits
) -> PairSection:
    count = min(len(left.integers[0]), len(right.integers[0]))
    ours, theirs = (tuple(array[:count] for array in row.integers) for row in (left, right))
    tolerance = tolerance_between(left, right)
    differences = _differences(ours, theirs)
    differing = _unequal(ours, theirs) if differences is None else differences > 0
    classes = None
    if classifies:
        classes = int(np.count_nonzero(classes_of(ours[0]) != classes_of(theirs[0])))
    largest = None if differences is None else int(differences.max(initial=0))
    holds = None if tolerance is None or largest is None else largest <= tolerance
    logits = compare_logits(left, right) if holds is False else None
    if logits is not None and tolerance is not None:
        holds = logits <= tolerance
    divergence = None
    if holds is False and differences is not None and tolerance is not None:
        divergence = locate(left, right, int(np.argmax(differences > tolerance)), tolerance)
    return PairSection(
        left=left.setup.id,
        right=right.setup.id,
        sample_count=count,
        differing_sample_count=int(np.count_nonzero(differing)),
        differing_class_count=classes,
        largest_lsb=largest,
        logits_lsb=logits,
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
