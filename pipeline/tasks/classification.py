"""Classification: one class for each sample; the share of right ones decides.

A model with one output for each class ends in a softmax or in logits; a model with one output tells two classes apart
and ends in a sigmoid.

Soft targets are those of knowledge distillation (Hinton, Vinyals, Dean: "Distilling the Knowledge in a Neural
Network", 2015): T^2 * KL(teacher || student), both at temperature T.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import Array, class_indices
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.tasks.task import FloatArray, Metric, Scores, Shape, Task, Tensor

TOP_COUNT = 5
"""The other figure is top-5, where there are more than twice as many classes."""


def check(y: Array | None, output_shape: Shape, name: str, origin: str) -> Array:
    """Check class indices, or one-hot rows of them.

    Args:
        y: (N,) or (N, 1) whole numbers, or (N, classes) one-hot.
        output_shape: (classes,), where (1,) stands for two.
        name: of the array, for messages.
        origin: what the user gave for the data, likewise.

    Returns:
        (N,) int64.
    """
    if len(output_shape) != 1:
        raise ModelError(
            f"model: an output has the shape {output_shape}, and a classifier ends in (classes,); for other tasks give "
            '[task] kind = "regression", "anomaly" or "multi_label".'
        )
    class_count = max(2, output_shape[0])
    if y is None:
        raise DataError(f"{origin}: {name} is missing; classification needs a class index for each sample.")
    classes = class_indices(y, name, origin)
    if classes.min() < 0 or classes.max() >= class_count:
        wrong = int(classes.min()) if classes.min() < 0 else int(classes.max())
        raise DataError(
            f"{origin}: {name} holds the label {wrong}; the model has {class_count} classes, so labels are 0 to "
            f"{class_count - 1}."
        )
    return classes


def targets(y: Array, x: FloatArray, output_shape: Shape) -> FloatArray:
    """Return one-hot rows, or one column of 0 and 1."""
    if output_shape == (1,):
        return y[:, np.newaxis].astype(np.float32)
    return np.eye(output_shape[0], dtype=np.float32)[y]


def training_samples(y: Array) -> npt.NDArray[np.bool_]:
    """Train on all samples."""
    return np.ones(len(y), np.bool_)


def loss(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return the cross-entropy."""
    nn = load_tensorflow().nn
    if outputs.shape[-1] == 1:
        return nn.sigmoid_cross_entropy_with_logits(targets, outputs)[:, 0]
    return nn.softmax_cross_entropy_with_logits(targets, outputs)


def soft_loss(teacher: Tensor, outputs: Tensor, temperature: float) -> Tensor:
    """Return the divergence from the teacher's classes at a temperature."""
    tensorflow = load_tensorflow()
    if outputs.shape[-1] == 1:  # two classes, one of them with the logit 0
        teacher, outputs = (tensorflow.pad(logits, [[0, 0], [1, 0]]) for logits in (teacher, outputs))
    teacher_log = tensorflow.nn.log_softmax(teacher / temperature)
    student_log = tensorflow.nn.log_softmax(outputs / temperature)
    divergence = tensorflow.reduce_sum(tensorflow.exp(teacher_log) * (teacher_log - student_log), axis=-1)
    return temperature**2 * divergence


def figures(y: Array, outputs: FloatArray, x: FloatArray) -> Scores:
    """Return the accuracy, and the top-5 accuracy where there are more than ten classes."""
    chosen = outputs[:, 0] >= 0.5 if outputs.shape[-1] == 1 else outputs.argmax(axis=-1)
    scores = {"accuracy": float((chosen == y).mean())}
    if outputs.shape[-1] > 2 * TOP_COUNT:
        own = np.take_along_axis(outputs, y[:, np.newaxis], axis=-1)
        before = (outputs > own).sum(axis=-1)
        scores[f"top-{TOP_COUNT} accuracy"] = float((before < TOP_COUNT).mean())
    return scores


def predictions(outputs: FloatArray, x: FloatArray) -> FloatArray:
    """Give a metric of the user's the outputs as they are."""
    return outputs


CLASSIFICATION = Task(
    name="classification",
    metric=Metric(name="accuracy", higher_is_better=True, is_share=True),
    has_classes=True,
    final_activations=frozenset({"softmax", "sigmoid"}),
    check=check,
    targets=targets,
    training_samples=training_samples,
    loss=loss,
    soft_loss=soft_loss,
    figures=figures,
    predictions=predictions,
)
