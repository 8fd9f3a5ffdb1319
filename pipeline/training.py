"""Training, repeatable to the bit: one loop for hard targets, soft targets, pruning and quantization.

The learning rate follows a cosine with a linear warm-up over the first 5 % of the steps.
The loss is (1 - alpha) * the task's own + alpha * its soft one against a teacher's outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from edgewright.pipeline.batches import RUN_LENGTH, FloatArray, TeacherOutputs, TrainingSet, keras_batches
from edgewright.pipeline.data import Array
from edgewright.pipeline.errors import DivergedError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_tensorflow, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.surgery.rebuild import copy_weights, copying, rebuild
from edgewright.pipeline.tasks import Task

WARM_UP_SHARE = 0.05
GRADIENT_NORM_LIMIT = 5.0
PREDICTION_BATCH = 256
SPARSE_SHARE = 0.1
"""A kernel with a larger share of zeros was pruned, and training does not fill it again."""


class TrainingSettings(Settings):
    """How long and how fast to train."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 30
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64

    def lasting(self, epochs: int) -> TrainingSettings:
        """Return the same with another number of epochs."""
        return self.model_copy(update={"epochs": epochs})

    def shortened(self) -> TrainingSettings:
        """Return the settings of a quick trial: a third of the epochs, two at least."""
        return self.lasting(min(self.epochs, max(2, self.epochs // 3)))


class SoftTargetSettings(Settings):
    """How a model learns from its teacher's outputs."""

    temperature: Annotated[float, Field(gt=0, le=100)] = 2.0
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the soft targets in the loss; 0 means the targets of the data alone."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """What is learned from beside the targets."""

    outputs: TeacherOutputs
    settings: SoftTargetSettings


def compute_teacher_outputs(model: KerasModel, training_set: TrainingSet, copy_index: int) -> tuple[FloatArray, ...]:
    """Run the teacher over one copy of the samples.

    Returns:
        For each output (samples that are trained on, *output shape), without the final activation.
    """
    twin = without_final_activations(model, training_set.task)
    parts: list[tuple[FloatArray, ...]] = []
    runs = training_set.runs()
    for first in range(0, len(runs), PREDICTION_BATCH // RUN_LENGTH):
        group = runs[first : first + PREDICTION_BATCH // RUN_LENGTH]
        samples = [training_set.samples(run, copy_index) for run in group]
        parts.append(_outputs(twin, [np.concatenate(arrays) for arrays in zip(*samples, strict=True)]))
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def without_final_activations(model: KerasModel, task: Task) -> KerasModel:
    """Return a copy of a model, with its weights, that ends in what the task's loss is computed on.

    Args:
        model: a tf_keras model without models inside it.
        task: says which activations are taken off the end.

    Returns:
        A copy; its weights are in the order of the original's.
    """
    keras = load_keras()
    ends = {tensor.node.layer for tensor in model.outputs}
    removed = {getattr(keras.activations, name) for name in task.final_activations}
    layers: dict[Any, Any] = {}

    def configure(layer: Any) -> Mapping[str, Any]:
        config: dict[str, Any] = layer.get_config()
        if layer in ends and getattr(layer, "activation", None) in removed:
            config["activation"] = "linear"
        return config

    copy = copying(layers, configure)

    def apply(layer: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if layer in ends and isinstance(layer, keras.layers.Softmax) and "softmax" in task.final_activations:
            return keras.layers.Activation("linear", name=layer.name)(*arguments)
        return copy(layer, arguments, options)

    twin = rebuild(model, apply)
    copy_weights(layers)
    return twin


def fit(
    model: KerasModel,
    training_set: TrainingSet,
    settings: TrainingSettings,
    reporter: Reporter,
    *,
    title: str,
    teacher: Teacher | None = None,
    wrap: Callable[[KerasModel], KerasModel] | None = None,
    callbacks: Sequence[Any] = (),
    log_folder: Path | None = None,
) -> KerasModel:
    """Train a copy of a model and put the trained weights back into it.

    Kernels of which a part was pruned to zeros stay as sparse as they are.

    Args:
        model: a tf_keras model; its weights are the start and are replaced, unless the copy is wrapped.
        training_set: what to learn.
        settings: how long and how fast.
        reporter: shows a bar.
        title: what the bar says; it begins with the name of the stage.
        teacher: learn from its soft outputs as well.
        wrap: turns the copy without final activations into the one that is trained (a pruning wrapper, for instance);
            the caller takes the weights out of it.
        callbacks: Keras callbacks that the wrapped model needs.
        log_folder: where summaries for TensorBoard go, if anywhere.

    Returns:
        The copy that was trained; without `wrap`, `model` itself is what is wanted.

    Raises:
        DivergedError: the loss or a weight became NaN or infinite.
    """
    keras = load_keras()
    seed_everything(training_set.seed)
    twin = without_final_activations(model, training_set.task)
    trained = wrap(twin) if wrap else twin
    batches = keras_batches(training_set, settings.batch_size, teacher.outputs if teacher else None)
    step_count = settings.epochs * len(batches)
    loss = _loss(training_set.task, teacher.settings if teacher else None)
    trained.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate=_cosine_schedule(settings.learning_rate, step_count), global_clipnorm=GRADIENT_NORM_LIMIT
        ),
        loss=[loss] * len(training_set.output_shapes),
    )
    kept = [] if wrap else _keep_zeros(trained)
    boards = [keras.callbacks.TensorBoard(log_dir=str(log_folder), write_graph=False)] if log_folder else []
    with reporter.bar(title, settings.epochs) as advance:
        shown = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: advance(f"loss {logs['loss']:.4f}"))
        history = trained.fit(
            batches, epochs=settings.epochs, verbose=0, shuffle=False,
            callbacks=[keras.callbacks.TerminateOnNaN(), shown, *kept, *boards, *callbacks],
        )  # fmt: skip
    # a loss is that before its update: what the last update did is seen in the weights alone
    if not math.isfinite(history.history["loss"][-1]) or not _is_finite(trained):
        raise DivergedError(
            f"{title}: training diverged to NaN with learning_rate = {settings.learning_rate}; give a smaller one."
        )
    if wrap is None:
        model.set_weights(trained.get_weights())
    return trained


def _is_finite(model: KerasModel) -> bool:
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def _keep_zeros(model: KerasModel) -> list[Any]:
    """Return a callback that sets zeros of sparse kernels to zero again after each step, where there are any."""
    keras = load_keras()
    kernels = [weight for weight in model.trainable_weights if len(weight.shape) > 1]
    sparse = [kernel for kernel in kernels if np.mean(kernel.numpy() == 0) > SPARSE_SHARE]
    masks = [(kernel, (kernel.numpy() != 0).astype(np.float32)) for kernel in sparse]

    def restore(*_: Any) -> None:
        for kernel, mask in masks:
            kernel.assign(kernel * mask)

    return [keras.callbacks.LambdaCallback(on_train_batch_end=restore)] if masks else []


def predict(model: KerasModel, x: Sequence[Array]) -> tuple[FloatArray, ...]:
    """Return a model's outputs.

    Args:
        model: a tf_keras model.
        x: one array (N, *shape) for each input.

    Returns:
        One array (N, *output shape) for each output.
    """
    parts = [
        _outputs(model, [array[first : first + PREDICTION_BATCH] for array in x])
        for first in range(0, len(x[0]), PREDICTION_BATCH)
    ]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def _outputs(model: KerasModel, x: Sequence[Array]) -> tuple[FloatArray, ...]:
    given = [np.ascontiguousarray(array, np.float32) for array in x]
    outputs = model.predict_on_batch(given if len(given) > 1 else given[0])
    return tuple(outputs) if isinstance(outputs, list | tuple) else (outputs,)


def _cosine_schedule(peak: float, step_count: int) -> Any:
    tensorflow = load_tensorflow()
    keras = load_keras()
    warm_up_count = max(1.0, WARM_UP_SHARE * step_count)

    class CosineWithWarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc, name-defined]
        def __call__(self, step: Any) -> Any:
            position = tensorflow.cast(step, tensorflow.float32)
            cosine = 0.5 * (1.0 + tensorflow.cos(math.pi * position / step_count))
            return peak * cosine * tensorflow.minimum(1.0, (position + 1.0) / warm_up_count)

        def get_config(self) -> dict[str, object]:
            return {"peak": peak, "step_count": step_count}

    return CosineWithWarmUp()


def _loss(task: Task, soft: SoftTargetSettings | None) -> Callable[[Any, Any], Any]:
    """Return a loss of one output on its targets (B, *output shape), followed on the last axis by the teacher's."""
    if soft is None:
        return task.loss
    tensorflow = load_tensorflow()
    temperature, alpha = soft.temperature, soft.alpha

    def mixed_loss(both: Any, outputs: Any) -> Any:
        targets, teacher = tensorflow.split(both, 2, axis=-1)
        hard = task.loss(targets, outputs)
        return (1.0 - alpha) * hard + alpha * task.soft_loss(teacher, outputs, temperature)

    return mixed_loss
