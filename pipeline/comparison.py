"""What compression does to single test samples: which get another class, and how scores move."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.data import Split
from edgewright.pipeline.figures import Figures
from edgewright.pipeline.tasks import Objective
from edgewright.pipeline.tasks.anomaly import ANOMALY
from edgewright.pipeline.tasks.classification import CLASSIFICATION
from edgewright.pipeline.tasks.regression import REGRESSION

MOST_CLASSES = 50
"""A matrix of more says nothing to the eye."""
MOST_SAMPLES = 12
MOST_VALUES = 4096
"""Of one sample; of a larger one every second row and column is kept, or every third."""
MOST_POINTS = 500

Classes = npt.NDArray[np.integer[Any]]


class ConfusionFigures(Figures):
    """How often a class was taken for another; a row for each true class, a column for each that was told."""

    before: tuple[tuple[int, ...], ...] = Field(description="by the float source model")
    after: tuple[tuple[int, ...], ...] = Field(description="by the final model")


class SampleFigures(Figures):
    """One test sample, as the model gets it."""

    index: int = Field(description="in the test split")
    truth: int
    before: int = Field(description="class that the float source model tells")
    after: int = Field(description="class that the final model tells")
    shape: tuple[int, ...] = Field(description="of the values below")
    step: int = Field(description="every so many-th row and column, or moment, of the sample is kept")
    values: tuple[float, ...] = Field(description="row by row, four digits; empty where it is neither picture nor wave")


class ChangedFigures(Figures):
    """Samples that the final model puts into another class than the float source model."""

    count: int
    worsened_count: int = Field(description="of those: right before, wrong after")
    improved_count: int = Field(description="of those: wrong before, right after")
    samples: tuple[SampleFigures, ...] = Field(description="some of them, those that became wrong first")


class PointFigures(Figures):
    """One test sample's score."""

    truth: float
    before: float
    after: float


class MovedFigures(Figures):
    """Scores of samples where a model tells no classes apart."""

    name: str = Field(description="what the scores are")
    truth_is_mark: bool = Field(description="the truth is 0 (normal) or 1 (anomaly), and not a value to reach")
    points: tuple[PointFigures, ...] = Field(description="evenly drawn from the test split")


class ComparisonFigures(Figures):
    """The float source model and the final model on the same test samples, by their first output."""

    sample_count: int
    confusion: ConfusionFigures | None = Field(description="null without classes, or with very many")
    changed: ChangedFigures | None = Field(description="null without classes")
    moved: MovedFigures | None = Field(description="null where there are classes")


def compare_models(
    before: tuple[FloatArray, ...], after: tuple[FloatArray, ...], split: Split, objective: Objective
) -> ComparisonFigures:
    """Compare two models sample by sample.

    Args:
        before: outputs of the float source model, one array (N, *output shape) for each.
        after: real outputs of the final model, likewise.
        split: the samples with prepared targets.
        objective: what the models are for.
    """
    own, others = before[0], after[0]
    confusion = changed = moved = None
    if objective.task is CLASSIFICATION and own.shape == others.shape:
        told = [_classes(outputs) for outputs in (own, others)]
        count = max(2, own.shape[-1])
        if count <= MOST_CLASSES:
            matrices = [_matrix(split.y[0], classes, count) for classes in told]
            confusion = ConfusionFigures(before=matrices[0], after=matrices[1])
        changed = _changed(split, told[0], told[1])
    elif objective.task in (ANOMALY, REGRESSION) and own.shape == others.shape:
        moved = _moved(own, others, split, objective)
    return ComparisonFigures(sample_count=len(own), confusion=confusion, changed=changed, moved=moved)


def _classes(outputs: FloatArray) -> Classes:
    return (outputs[:, 0] >= 0.5).astype(np.int64) if outputs.shape[-1] == 1 else outputs.argmax(axis=-1)


def _matrix(truth: Classes, told: Classes, count: int) -> tuple[tuple[int, ...], ...]:
    counts = np.bincount(truth * count + told, minlength=count * count).reshape(count, count)
    return tuple(tuple(row) for row in counts.tolist())


def _changed(split: Split, before: Classes, after: Classes) -> ChangedFigures:
    truth = split.y[0]
    differs = before != after
    worsened, improved = (differs & (told == truth) for told in (before, after))
    rank = np.where(worsened, 0, np.where(improved, 1, 2))
    chosen = sorted(np.flatnonzero(differs).tolist(), key=lambda index: (rank[index], index))[:MOST_SAMPLES]
    return ChangedFigures(
        count=int(differs.sum()),
        worsened_count=int(worsened.sum()),
        improved_count=int(improved.sum()),
        samples=tuple(
            _sample(split.x[0][index], index, int(truth[index]), int(before[index]), int(after[index]))
            for index in chosen
        ),
    )


def _sample(values: FloatArray, index: int, truth: int, before: int, after: int) -> SampleFigures:
    kept, step = _thinned(np.asarray(values, np.float32))
    return SampleFigures(
        index=index,
        truth=truth,
        before=before,
        after=after,
        shape=kept.shape,
        step=step,
        values=tuple(float(f"{value:.4g}") for value in kept.ravel().tolist()),
    )


def _thinned(values: FloatArray) -> tuple[FloatArray, int]:
    """Keep every so many-th row and column of a picture, or moment of a wave; of anything else nothing."""
    if values.ndim not in (1, 2, 3):
        return np.zeros((0,), np.float32), 1
    step = 1
    while True:
        kept = values[::step, ::step] if values.ndim == 3 else values[::step]
        if kept.size <= MOST_VALUES or step >= max(values.shape):
            return kept, step
        step += 1


def _moved(before: FloatArray, after: FloatArray, split: Split, objective: Objective) -> MovedFigures:
    is_anomaly = objective.task is ANOMALY
    indices = np.unique(np.linspace(0, len(before) - 1, min(MOST_POINTS, len(before))).astype(np.int64))
    own, others = (objective.task.predictions(outputs, split.x[0]).reshape(len(outputs), -1)[indices, 0]
                   for outputs in (before, after))  # fmt: skip
    truth = np.asarray(split.y[0]).reshape(len(before), -1)[indices, 0]
    return MovedFigures(
        name="reconstruction error" if is_anomaly else "output",
        truth_is_mark=is_anomaly,
        points=tuple(
            PointFigures(truth=_short(truth[i]), before=_short(own[i]), after=_short(others[i]))
            for i in range(len(indices))
        ),
    )


def _short(value: float) -> float:
    return float(f"{float(value):.5g}")
