"""Anomaly detection by reconstruction: normal samples are reproduced well, and the error tells others from them.

The model is trained to reproduce its input on normal samples alone; the area under the ROC curve of the mean squared
error of each sample decides.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import Array, class_indices
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.tasks.numbers import squared_difference, squared_error
from edgewright.pipeline.tasks.task import FloatArray, Metric, Scores, Shape, Task


def check(y: Array | None, output_shape: Shape, name: str, origin: str) -> Array:
    """Check that each sample is said to be normal (0) or not (1).

    Returns:
        (N,) int64.
    """
    if y is None:
        raise DataError(
            f"{origin}: {name} is missing; anomaly detection needs 0 (normal) or 1 (anomaly) for each sample."
        )
    marks = class_indices(y, name, origin)
    if not np.isin(marks, (0, 1)).all():
        wrong = int(marks[~np.isin(marks, (0, 1))][0])
        raise DataError(f"{origin}: {name} holds {wrong}; anomaly detection takes 0 (normal) and 1 (anomaly).")
    if name != "y_train" and len(np.unique(marks)) < 2:
        raise DataError(
            f"{origin}: {name} holds {'anomalies' if marks[0] else 'normal samples'} only, and the area under the ROC "
            "curve needs both; give some of each (as x_val and y_val, where the training data is all normal)."
        )
    if not (marks == 0).any():
        raise DataError(f"{origin}: {name} holds no normal sample (0), and nothing else is trained on; give some.")
    return marks


def targets(y: Array, x: FloatArray, output_shape: Shape) -> FloatArray:
    """Return the samples themselves."""
    _check_shape(x, output_shape)
    return x


def _check_shape(x: FloatArray, output_shape: Shape) -> None:
    if x.shape[1:] != output_shape:
        raise DataError(
            f"anomaly: the model's output is {output_shape} and its input {x.shape[1:]}; a model that reproduces its "
            "input has the same shape on both ends."
        )


def normal_samples(y: Array) -> npt.NDArray[np.bool_]:
    """Train on normal samples."""
    return np.asarray(y == 0)


def errors(outputs: FloatArray, x: FloatArray) -> FloatArray:
    """Return the mean squared error of each sample, (N,)."""
    _check_shape(x, outputs.shape[1:])
    differences = (outputs - x).reshape(len(x), -1).astype(np.float64)
    return np.asarray((differences**2).mean(axis=-1), np.float32)


def figures(y: Array, outputs: FloatArray, x: FloatArray) -> Scores:
    """Return the area under the ROC curve, and the mean error of normal samples."""
    from sklearn.metrics import roc_auc_score

    error = errors(outputs, x)
    return {"ROC AUC": float(roc_auc_score(y, error)), "error of normal samples": float(error[y == 0].mean())}


ANOMALY = Task(
    name="anomaly",
    metric=Metric(name="ROC AUC", higher_is_better=True, is_share=False),
    has_classes=False,
    final_activations=frozenset(),
    check=check,
    targets=targets,
    training_samples=normal_samples,
    loss=squared_error,
    soft_loss=squared_difference,
    figures=figures,
    predictions=errors,
)
