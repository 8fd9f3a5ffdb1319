"""Scoring one model after the other on the same validation samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.analysis.schema import Trial
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import KerasModel

Array = npt.NDArray[Any]
Arrays = tuple[Array, ...]
BATCH_SIZE = 128


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What tells a good model from a bad one."""

    name: str
    """What people call it."""
    score: Callable[[Arrays], float]
    """Takes the outputs for all validation samples, one array (N, *output shape) float32 for each output."""
    higher_is_better: bool = True
    is_share: bool = True
    """It lies between 0 and 1, so that it can be written in percent."""


class Scorer:
    """Scores models of the same inputs and outputs, and compares them with the first."""

    def __init__(self, model: KerasModel, measure: Measure, x: Arrays) -> None:
        """Measure the baseline.

        Args:
            model: the model as it is.
            measure: what is compared.
            x: validation samples: for each input of a model one (N, *shape) float32.

        Raises:
            DataError: there are no samples.
            ModelError: the score is not finite.
        """
        if not x or not len(x[0]):
            raise DataError("analyze: there are no validation samples to measure with; give at least one.")
        self._measure, self._x = measure, x
        self._outputs = outputs_of(model, x)
        self.baseline = self._score(model, self._outputs)

    def compare(self, model: KerasModel) -> Trial:
        """Score a model.

        Raises:
            ModelError: the score is not finite.
        """
        outputs = outputs_of(model, self._x)
        score = self._score(model, outputs)
        return Trial(
            score=score, change=score - self.baseline, output_change=_relative_difference(outputs, self._outputs)
        )

    def _score(self, model: KerasModel, outputs: Arrays) -> float:
        score = float(self._measure.score(outputs))
        if not (math.isfinite(score) and all(np.isfinite(output).all() for output in outputs)):
            raise ModelError(
                f'analyze: the model "{model.name}" has outputs or a score ({self._measure.name} {score}) that are not '
                "finite; look at the validation samples, and at how the model was trained."
            )
        return score


def outputs_of(model: KerasModel, x: Arrays) -> Arrays:
    """Return what a model computes at inference, one array (N, *output shape) for each output."""
    parts = [_as_tuple(model(batch, training=False)) for batch in batches(x)]
    return tuple(np.concatenate([tensor.numpy() for tensor in output]) for output in zip(*parts, strict=True))


def batches(x: Arrays) -> Iterator[Any]:
    """Yield samples as a model takes them: an array for a model of one input, else a list."""
    for first in range(0, len(x[0]), BATCH_SIZE):
        parts = [np.asarray(array[first : first + BATCH_SIZE]) for array in x]
        yield parts[0] if len(parts) == 1 else parts


def _relative_difference(outputs: Arrays, expected: Arrays) -> float:
    """Return the root mean square of the difference as a share of that of the expected; of the farthest output."""
    return max(
        float(np.linalg.norm(one - other) / (np.linalg.norm(other) or 1.0))
        for one, other in zip(outputs, expected, strict=True)
    )


def _as_tuple(outputs: Any) -> tuple[Any, ...]:
    return tuple(outputs) if isinstance(outputs, list | tuple) else (outputs,)
