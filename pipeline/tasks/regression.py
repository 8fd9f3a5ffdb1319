"""Regression: numbers for each sample; the mean absolute error decides."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.data import Array
from edgewright.pipeline.tasks.numbers import (
    all_samples,
    check_numbers,
    outputs_as_given,
    squared_difference,
    squared_error,
    targets_as_given,
)
from edgewright.pipeline.tasks.task import FloatArray, Metric, Scores, Task


def figures(y: Array, outputs: FloatArray, x: FloatArray) -> Scores:
    """Return the mean absolute error and the root of the mean squared error, over samples and elements."""
    differences = outputs.astype(np.float64) - y
    return {"MAE": float(np.abs(differences).mean()), "RMSE": float(np.sqrt((differences**2).mean()))}


REGRESSION = Task(
    name="regression",
    metric=Metric(name="MAE", higher_is_better=False, is_share=False),
    has_classes=False,
    final_activations=frozenset(),
    check=check_numbers,
    targets=targets_as_given,
    training_samples=all_samples,
    loss=squared_error,
    soft_loss=squared_difference,
    figures=figures,
    predictions=outputs_as_given,
)
