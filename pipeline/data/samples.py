"""Samples in their three splits: what every stage works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Samples and their targets.

    `x`: one (N, *shape) float32 for each input of the model, finite, perhaps mapped from a file.
    `y`: one (N, …) float32 or int64 for each output; empty where there are no targets.
    """

    x: tuple[Array, ...]
    y: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.x[0])

    def take(self, indices: Sequence[int] | IntArray | slice) -> Split:
        """Return some of the samples, copied into memory."""
        return Split(
            x=tuple(np.array(array[indices]) for array in self.x), y=tuple(np.array(array[indices]) for array in self.y)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """All samples. `labels`: a name for each class, empty where none were given."""

    train: Split
    validation: Split
    """Decides everything that is chosen by measuring."""
    test: Split
    """Looked at once, for the report."""
    labels: tuple[str, ...] = ()
