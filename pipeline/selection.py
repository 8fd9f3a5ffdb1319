"""Which samples make useful golden vectors: of every class, near a decision boundary, and hitting saturation.

A kernel that rounds wrongly shows at a decision boundary first, and one that forgets to saturate where much saturates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.quantization import QUANTIZABLE, limits_of

MOST_OF_CLASSES = 8
"""Vectors that are taken for their class, or for their place in the range of the outputs."""
THRESHOLD = 0.5
"""Where one output tells two classes apart."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Positions of samples by why they were taken, none of them twice."""

    typical: tuple[int, ...]
    """Of each class one, the one nearest to a decision boundary; without classes some over the range of the outputs."""
    boundary: tuple[int, ...]
    """Nearest to a decision boundary among the others."""
    saturated: tuple[int, ...]
    """Those in which most saturates."""
    has_classes: bool

    @property
    def indices(self) -> tuple[int, ...]:
        """Of each kind in turn, so that the first few are of every kind."""
        turns = zip_longest(self.typical, self.saturated, self.boundary)
        return tuple(index for turn in turns for index in turn if index is not None)

    @property
    def description(self) -> str:
        """How they were chosen, for people."""
        typical = "of different classes" if self.has_classes else "over the range of the outputs"
        kinds = (
            (self.typical, typical),
            (self.boundary, "near a decision boundary"),
            (self.saturated, "with the most saturation"),
        )
        return ", ".join(f"{len(chosen)} {what}" for chosen, what in kinds if chosen)


def choose(
    outputs: FloatArray, classes: npt.NDArray[np.int64] | None, saturation: FloatArray, most_count: int
) -> Choice:
    """Choose samples; equal arguments give an equal choice, and of equal samples the first is taken.

    Args:
        outputs: (N, …) real values of the model's first output.
        classes: (N,) of each sample; None where the model tells no classes apart.
        saturation: (N,) as `saturation_of` gives it; 0 where it is not known.
        most_count: how many to choose at most.
    """
    values = outputs.reshape(len(outputs), -1).astype(np.float64)
    count = min(most_count, len(values))
    margins = _margins(values)
    if classes is None:
        typical = _spread(np.argsort(values.mean(axis=1), kind="stable"), min(count, MOST_OF_CLASSES))
        saturated = _first(np.argsort(-saturation, kind="stable"), count - len(typical), typical, saturation > 0)
        return Choice(typical=typical, boundary=(), saturated=saturated, has_classes=False)
    nearest = np.argsort(margins, kind="stable")
    typical = _of_each_class(classes, nearest, min(count, MOST_OF_CLASSES))
    for_saturation = (count - len(typical) + 1) // 2
    saturated = _first(np.argsort(-saturation, kind="stable"), for_saturation, typical, saturation > 0)
    taken = (*typical, *saturated)
    return Choice(
        typical=typical,
        boundary=_first(nearest, count - len(taken), taken, np.ones(len(values), np.bool_)),
        saturated=saturated,
        has_classes=True,
    )


def saturation_of(graph: Graph, tensors: Mapping[int, Array]) -> FloatArray:
    """Return for each sample the share of elements at an end of their type's range, over all tensors.

    An end that stands for 0 is none: after a RELU it says nothing.

    Args:
        graph: the model.
        tensors: by index in the main subgraph, (N, …) each; others than of quantized integers are passed over.
    """
    counted, total = 0.0, 0
    found: FloatArray = np.zeros(len(next(iter(tensors.values()), ())), np.float32)
    for index, array in tensors.items():
        tensor = graph.main.tensors[index]
        if tensor.dtype not in QUANTIZABLE or tensor.quantization is None or tensor.quantization.is_per_channel:
            continue
        limits = limits_of(tensor.dtype)
        ends = [end for end in (limits.min, limits.max) if end != tensor.quantization.zero_point]
        counted = counted + np.isin(array.reshape(len(array), -1), ends).sum(axis=1)
        total += tensor.element_count
        found = np.asarray(counted / total, np.float32)
    return found


def _margins(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far each sample is from where its class changes, (N,)."""
    if values.shape[1] == 1:
        return np.asarray(np.abs(values[:, 0] - THRESHOLD))
    largest = np.sort(values, axis=1)[:, -2:]
    return np.asarray(largest[:, 1] - largest[:, 0])


def _of_each_class(classes: npt.NDArray[np.int64], nearest: npt.NDArray[np.int64], most_count: int) -> tuple[int, ...]:
    """Return of each class the sample nearest to a boundary; of too many classes some, spread over all of them."""
    chosen = [int(nearest[np.argmax(classes[nearest] == one)]) for one in np.unique(classes)]
    return _spread(np.array(chosen), min(most_count, len(chosen)))


def _spread(ordered: npt.NDArray[np.int64], count: int) -> tuple[int, ...]:
    places = np.linspace(0, len(ordered) - 1, count)
    return tuple(dict.fromkeys(int(ordered[int(place)]) for place in places))


def _first(
    ordered: Iterable[np.int64], count: int, taken: tuple[int, ...], allowed: npt.NDArray[np.bool_]
) -> tuple[int, ...]:
    free = [int(index) for index in ordered if int(index) not in taken and allowed[index]]
    return tuple(free[:count])
