"""Comparing two models sample by sample: classes, matrices, and scores of other tasks."""

from __future__ import annotations

import numpy as np
import pytest

from edgewright.pipeline.comparison import MOST_POINTS, MOST_SAMPLES, MOST_VALUES, ComparisonFigures, compare_models
from edgewright.pipeline.data import Split
from edgewright.pipeline.tasks import Objective
from edgewright.pipeline.tasks.anomaly import ANOMALY
from edgewright.pipeline.tasks.classification import CLASSIFICATION
from edgewright.pipeline.tasks.multi_label import MULTI_LABEL
from edgewright.pipeline.tasks.regression import REGRESSION
from edgewright.pipeline.tasks.task import Task


def told(classes: list[int], count: int = 3) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return outputs whose largest element is the class."""
    return np.eye(count, dtype=np.float32)[classes]


def compare(
    before: object, after: object, y: list[float], task: Task = CLASSIFICATION, shape: tuple[int, ...] = (4,)
) -> ComparisonFigures:
    """Compare outputs of samples that count up."""
    x = np.arange(len(y) * int(np.prod(shape)), dtype=np.float32).reshape(len(y), *shape)
    own, others = (np.asarray(outputs, np.float32) for outputs in (before, after))
    return compare_models((own,), (others,), Split(x=(x,), y=(np.asarray(y),)), Objective(task=task))


def test_classes_are_counted_and_changes_told() -> None:
    """Rows are true classes; a change for the worse comes first, then one for the better, then one between errors."""
    found = compare(told([0, 1, 0, 2]), told([0, 0, 1, 1]), [0, 0, 0, 2])
    assert found.confusion is not None
    assert found.changed is not None
    assert (((2, 1, 0), (0, 0, 0), (0, 0, 1)), ((2, 1, 0), (0, 0, 0), (0, 1, 0))) == (
        found.confusion.before, found.confusion.after,
    )  # fmt: skip
    assert (3, 2, 1) == (found.changed.count, found.changed.worsened_count, found.changed.improved_count)
    assert [(2, 0, 0, 1), (3, 2, 2, 1), (1, 0, 1, 0)] == [
        (one.index, one.truth, one.before, one.after) for one in found.changed.samples
    ]
    assert (8.0, 9.0, 10.0, 11.0) == found.changed.samples[0].values
    assert None is found.moved


def test_equal_models_changed_nothing() -> None:
    """Where both tell the same there is no sample to show."""
    found = compare(told([0, 1]), told([0, 1]), [0, 2])
    assert found.changed is not None
    assert (0, ()) == (found.changed.count, found.changed.samples)


def test_one_output_tells_two_classes() -> None:
    """A half and more is class 1, as the accuracy counts it."""
    found = compare([[0.2], [0.5]], [[0.7], [0.9]], [0, 1])
    assert found.confusion is not None
    assert ((1, 0), (0, 1)) == found.confusion.before
    assert ((0, 1), (0, 1)) == found.confusion.after


def test_only_some_samples_are_kept() -> None:
    """A report holds a few samples, however many changed, and all are counted."""
    found = compare(told([0] * 50), told([1] * 50), [2] * 50)
    assert found.changed is not None
    assert (50, MOST_SAMPLES) == (found.changed.count, len(found.changed.samples))


@pytest.mark.parametrize(
    ("shape", "kept", "step"),
    [
        ((28, 28, 1), (28, 28, 1), 1),
        ((96, 96, 3), (32, 32, 3), 3),
        ((10_000,), (3334,), 3),
        ((5000, 3), (1250, 3), 4),
        ((2, 2, 2, 2), (0,), 1),
    ],
    ids=str,
)
def test_large_samples_are_thinned(shape: tuple[int, ...], kept: tuple[int, ...], step: int) -> None:
    """Of a large sample every so many-th row and column is kept; what is neither picture nor wave is left out."""
    found = compare(told([0]), told([1]), [0], shape=shape)
    assert found.changed is not None
    (sample,) = found.changed.samples
    assert (kept, step) == (sample.shape, sample.step)
    assert int(np.prod(kept)) == len(sample.values) <= MOST_VALUES


def test_very_many_classes_have_no_matrix() -> None:
    """What nobody could read is not kept, and changes are."""
    found = compare(told([0], 100), told([1], 100), [0])
    assert None is found.confusion
    assert found.changed is not None


def test_a_regression_has_points() -> None:
    """Each sample's output before and after beside the value to reach."""
    found = compare([[1.0], [2.0]], [[1.5], [2.5]], [1.25, 2.25], REGRESSION)
    assert found.moved is not None
    assert [(1.25, 1.0, 1.5), (2.25, 2.0, 2.5)] == [(one.truth, one.before, one.after) for one in found.moved.points]
    assert (False, "output") == (found.moved.truth_is_mark, found.moved.name)


def test_an_anomaly_has_errors() -> None:
    """Each sample's mean squared error before and after, and whether it is an anomaly."""
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    found = compare(x + 1, x + 2, [0, 1], ANOMALY)
    assert found.moved is not None
    assert [(0.0, 1.0, 4.0), (1.0, 1.0, 4.0)] == [(one.truth, one.before, one.after) for one in found.moved.points]
    assert found.moved.truth_is_mark


def test_points_are_drawn_evenly() -> None:
    """Of many samples so many are kept, the first and the last among them."""
    values = np.arange(10 * MOST_POINTS, dtype=np.float32)[:, np.newaxis]
    found = compare(values, values, values[:, 0].tolist(), REGRESSION)
    assert found.moved is not None
    assert MOST_POINTS == len(found.moved.points)
    assert (0.0, 4999.0) == (found.moved.points[0].truth, found.moved.points[-1].truth)


def test_several_labels_have_neither() -> None:
    """A model that gives a sample several labels has no single class and no single score."""
    found = compare(told([0, 1]), told([1, 1]), [0, 1], MULTI_LABEL)
    assert (None, None, None, 2) == (found.confusion, found.changed, found.moved, found.sample_count)
