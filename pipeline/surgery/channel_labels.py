"""Labels of channels: which elements of which tensors stand or fall together, and what a removed one leaves behind.

Every element of every tensor carries a label. Elements with equal labels, or with labels that were united, belong to
one unit and are removed together. A layer that only moves elements (a reshape, a transposition) moves their labels the
same way, so that nothing has to be known about its arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

LabelArray = npt.NDArray[np.int64]
ConstantArray = npt.NDArray[np.float64]
Move = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


class ChannelLabels:
    """Labels in disjoint sets (union-find with path halving), some of them fixed: never to be removed."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._reasons: dict[int, str] = {}

    def fresh(self, count: int) -> LabelArray:
        """Return new labels, each in a set of its own."""
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count, dtype=np.int64)

    def unite(self, left: LabelArray, right: LabelArray) -> None:
        """Unite labels pair by pair.

        Args:
            left: any shape.
            right: a shape that `left` can be broadcast with.
        """
        different = left != right
        if not different.any():
            return
        pairs = np.stack([array[different] for array in np.broadcast_arrays(left, right)]).astype(np.int64)
        for one, other in zip(*_distinct_pairs(pairs, len(self._parents)), strict=True):
            self._unite_pair(int(one), int(other))

    def fix(self, labels: LabelArray, reason: str) -> None:
        """Mark labels as never to be removed.

        Args:
            labels: any shape.
            reason: why, for the user; the first reason given for a set counts.
        """
        for label in np.unique(labels):
            self._reasons.setdefault(self._root(int(label)), reason)

    def roots(self, labels: LabelArray) -> LabelArray:
        """Return for each label the one that stands for its set."""
        distinct, inverse = np.unique(labels, return_inverse=True)
        found = np.array([self._root(int(label)) for label in distinct], dtype=np.int64)
        return found[inverse].reshape(labels.shape)

    def reason(self, label: int) -> str | None:
        """Return why a label is fixed; None where it is not."""
        return self._reasons.get(self._root(label))

    def _root(self, label: int) -> int:
        parents = self._parents
        while parents[label] != label:
            parents[label] = parents[parents[label]]
            label = parents[label]
        return label

    def _unite_pair(self, one: int, other: int) -> None:
        kept, merged = sorted((self._root(one), self._root(other)))
        if kept == merged:
            return
        self._parents[merged] = kept
        if merged in self._reasons:
            self._reasons.setdefault(kept, self._reasons[merged])


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What is known about a tensor's elements; both arrays have the tensor's shape without the batch.

    `constants` holds the value that an element has once the filters of its unit are zeroed; NaN where that is not one
    value for all inputs.
    """

    labels: LabelArray
    constants: ConstantArray

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape without the batch."""
        return self.labels.shape

    def moved(self, move: Move) -> Flow:
        """Return the flow of a tensor whose elements were moved, repeated or left out."""
        return Flow(labels=move(self.labels), constants=move(self.constants))

    def spread(self, shape: tuple[int, ...]) -> Flow:
        """Return the flow broadcast to a shape."""
        return self.moved(lambda array: np.broadcast_to(array, shape))

    def unknown(self) -> Flow:
        """Return the flow with no constant known."""
        return Flow(labels=self.labels, constants=np.broadcast_to(np.nan, self.shape))

    def mapped(self, function: Callable[[ConstantArray], ConstantArray]) -> Flow:
        """Return the flow after an element-wise function; an unknown value stays unknown."""
        distinct, inverse = np.unique(self.constants, return_inverse=True)
        with np.errstate(all="ignore"):
            values = np.where(np.isfinite(distinct), function(distinct), np.nan)
        values[~np.isfinite(values)] = np.nan
        return Flow(labels=self.labels, constants=values[inverse].reshape(self.shape))

    def vector(self, labels: ChannelLabels) -> Flow:
        """Return the flow along the last axis alone, after uniting each channel's elements on all other axes."""
        first = self.moved(lambda array: array[(0,) * (array.ndim - 1)])
        labels.unite(self.labels, first.labels)
        others = tuple(range(self.labels.ndim - 1))
        uniform = (self.constants == first.constants).all(axis=others)
        return Flow(labels=first.labels, constants=np.where(uniform, first.constants, np.nan))


def _distinct_pairs(pairs: LabelArray, label_count: int) -> tuple[LabelArray, LabelArray]:
    codes = np.unique(pairs[0] * label_count + pairs[1])
    return codes // label_count, codes % label_count
