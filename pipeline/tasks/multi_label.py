"""Multi-label classification: any number of classes for each sample; the mean average precision decides."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.data import Array
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.tasks.numbers import all_samples, check_numbers, outputs_as_given, targets_as_given
from edgewright.pipeline.tasks.task import FloatArray, Metric, Scores, Shape, Task, Tensor


def check(y: Array | None, output_shape: Shape, name: str, origin: str) -> FloatArray:
    """Check rows of zeros and ones.

    Returns:
        (N, classes) float32.
    """
    if len(output_shape) != 1:
        raise ModelError(f"model: an output has the shape {output_shape}; a multi-label classifier ends in (classes,).")
    marks = check_numbers(y, output_shape, name, origin)
    if not np.isin(marks, (0.0, 1.0)).all():
        wrong = float(marks[~np.isin(marks, (0.0, 1.0))][0])
        raise DataError(f"{origin}: {name} holds {wrong:g}; multi-label targets are rows of 0 and 1.")
    return marks


def loss(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return the binary cross-entropy, the mean over the classes."""
    tensorflow = load_tensorflow()
    return tensorflow.reduce_mean(tensorflow.nn.sigmoid_cross_entropy_with_logits(targets, outputs), axis=-1)


def soft_loss(teacher: Tensor, outputs: Tensor, temperature: float) -> Tensor:
    """Return the same against the teacher's probabilities, both at a temperature, less the teacher's own entropy."""
    tensorflow = load_tensorflow()
    probabilities = tensorflow.sigmoid(teacher / temperature)
    own = loss(probabilities, teacher / temperature)
    return temperature**2 * (loss(probabilities, outputs / temperature) - own)


def figures(y: Array, outputs: FloatArray, x: FloatArray) -> Scores:
    """Return the mean over the classes that occur of the average precision."""
    from sklearn.metrics import average_precision_score

    occurring = y.any(axis=0)
    if not occurring.any():
        raise DataError("multi-label: no class occurs in the samples that are measured; give some that hold classes.")
    return {"mean AP": float(average_precision_score(y[:, occurring], outputs[:, occurring], average="macro"))}


MULTI_LABEL = Task(
    name="multi_label",
    metric=Metric(name="mean AP", higher_is_better=True, is_share=True),
    has_classes=True,
    final_activations=frozenset({"sigmoid"}),
    check=check,
    targets=targets_as_given,
    training_samples=all_samples,
    loss=loss,
    soft_loss=soft_loss,
    figures=figures,
    predictions=outputs_as_given,
)
