"""Training of a classifier, repeatable to the bit: one loop for hard labels, soft targets and pruning.

The learning rate follows a cosine with a linear warm-up over the first 5 % of the steps.
Soft targets are those of knowledge distillation (Hinton, Vinyals, Dean: "Distilling the Knowledge in a Neural
Network", 2015): the loss is (1 - alpha) * cross-entropy + alpha * T^2 * KL(teacher || student), both at temperature T.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgewright.pipeline.augmentation import Augmentation, augment
from edgewright.pipeline.data import FloatArray, IntArray
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, load_tensorflow, seed_everything
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.settings import Settings

KerasModel = Any
"""A tf_keras model; tf_keras ships no types."""
WARM_UP_SHARE = 0.05
GRADIENT_NORM_LIMIT = 5.0


class TrainingSettings(Settings):
    """How long and how fast to train."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 30
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64


class SoftTargetSettings(Settings):
    """How a model learns from its teacher's outputs."""

    temperature: Annotated[float, Field(gt=0, le=100)] = 2.0
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the soft targets in the loss; 0 means the labels alone."""


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Samples, labels and how they are varied.

    `x`: (N, *input shape) float32. `y`: (N,) int64.
    """

    x: FloatArray
    y: IntArray
    class_count: int
    augmentation: Augmentation
    seed: int

    def copy(self, index: int) -> FloatArray:
        """Return the samples as epoch `index` sees them."""
        return augment(self.x, self.augmentation, index % self.augmentation.copies, self.seed)


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A trained model whose outputs are learned from."""

    model: KerasModel
    settings: SoftTargetSettings


def logits_model(model: KerasModel) -> KerasModel:
    """Return a model with the same weights, copied, that ends in logits instead of probabilities.

    Args:
        model: a tf_keras model that ends in a softmax or in logits.

    Returns:
        A clone; its weights are in the order of the original's.
    """
    keras = load_keras()
    last = model.layers[-1]
    is_softmax = getattr(last, "activation", None) is keras.activations.softmax

    def clone_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer is last and is_softmax:
            config["activation"] = "linear"
        if isinstance(layer, keras.layers.Softmax) and layer is last:
            return keras.layers.Activation("linear", name=layer.name)
        return layer.__class__.from_config(config)

    clone = keras.models.clone_model(model, clone_function=clone_layer)
    clone.set_weights(model.get_weights())
    return clone


def ends_in_softmax(model: KerasModel) -> bool:
    """Tell whether a model's last layer computes a softmax."""
    keras = load_keras()
    last = model.layers[-1]
    return isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) is keras.activations.softmax


def fit(
    model: KerasModel,
    training_set: TrainingSet,
    settings: TrainingSettings,
    reporter: Reporter,
    *,
    title: str,
    teacher: Teacher | None = None,
    wrap: Callable[[KerasModel], KerasModel] = lambda model: model,
    callbacks: Sequence[Any] = (),
) -> KerasModel:
    """Train a copy of a classifier and put the trained weights back into it.

    Args:
        model: a tf_keras model that ends in a softmax or in logits; its weights are the start and are replaced.
        training_set: what to learn.
        settings: how long and how fast.
        reporter: shows a bar.
        title: what the bar says.
        teacher: learn from its soft outputs as well.
        wrap: turns the model that ends in logits into the one that is trained (a pruning wrapper, for instance).
        callbacks: Keras callbacks that the wrapped model needs.

    Returns:
        The wrapped model that was trained; for most uses `model` itself is what is wanted.

    Raises:
        ModelError: training diverged to NaN.
    """
    keras = load_keras()
    seed_everything(training_set.seed)
    trained = wrap(logits_model(model))
    batches = _batches(training_set, settings, teacher)
    step_count = settings.epochs * len(batches)
    trained.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate=_cosine_schedule(settings.learning_rate, step_count), global_clipnorm=GRADIENT_NORM_LIMIT
        ),
        loss=_loss(training_set.class_count, teacher.settings if teacher else None),
    )
    with reporter.bar(title, settings.epochs) as advance:
        shown = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: advance(f"loss {logs['loss']:.4f}"))
        history = trained.fit(
            batches, epochs=settings.epochs, verbose=0, shuffle=False,
            callbacks=[keras.callbacks.TerminateOnNaN(), shown, *callbacks],
        )  # fmt: skip
    if not math.isfinite(history.history["loss"][-1]):
        raise ModelError(
            f"{title}: training diverged to NaN with learning_rate = {settings.learning_rate}; give a smaller one."
        )
    if trained.count_params() == model.count_params():
        model.set_weights(trained.get_weights())
    return trained


def predict(model: KerasModel, x: FloatArray) -> npt.NDArray[np.float32]:
    """Return a model's outputs (N, classes) for samples (N, …)."""
    outputs: npt.NDArray[np.float32] = model.predict(x, batch_size=256, verbose=0)
    return outputs


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


def _loss(class_count: int, soft: SoftTargetSettings | None) -> Callable[[Any, Any], Any]:
    """Return a loss on targets (B, classes) of hard labels, followed by (B, classes) of the teacher's logits."""
    tensorflow = load_tensorflow()

    def hard_loss(targets: Any, logits: Any) -> Any:
        return tensorflow.nn.softmax_cross_entropy_with_logits(targets[:, :class_count], logits)

    if soft is None:
        return hard_loss
    temperature, alpha = soft.temperature, soft.alpha

    def mixed_loss(targets: Any, logits: Any) -> Any:
        teacher_log = tensorflow.nn.log_softmax(targets[:, class_count:] / temperature)
        student_log = tensorflow.nn.log_softmax(logits / temperature)
        divergence = tensorflow.reduce_sum(tensorflow.exp(teacher_log) * (teacher_log - student_log), axis=-1)
        return (1.0 - alpha) * hard_loss(targets, logits) + alpha * temperature**2 * divergence

    return mixed_loss


def _batches(training_set: TrainingSet, settings: TrainingSettings, teacher: Teacher | None) -> Any:
    """Return a Keras Sequence whose order depends on the seed and the epoch alone."""
    keras = load_keras()
    size = min(settings.batch_size, len(training_set.x))
    hard = np.eye(training_set.class_count, dtype=np.float32)[training_set.y]
    teacher_logits = logits_model(teacher.model) if teacher else None

    class Batches(keras.utils.Sequence):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.targets: dict[int, FloatArray] = {}
            self.epoch = 0
            self._prepare()

        def __len__(self) -> int:
            return len(training_set.x) // size

        def __getitem__(self, index: int) -> tuple[FloatArray, FloatArray]:
            chosen = self.order[index * size : (index + 1) * size]
            return self.x[chosen], self.y[chosen]

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self._prepare()

        def _prepare(self) -> None:
            copy_index = self.epoch % training_set.augmentation.copies
            self.order = np.random.default_rng([training_set.seed, self.epoch]).permutation(len(training_set.x))
            self.x = training_set.copy(copy_index)
            if copy_index not in self.targets:
                soft = () if teacher_logits is None else (predict(teacher_logits, self.x),)
                self.targets[copy_index] = np.concatenate([hard, *soft], axis=1)
            self.y = self.targets[copy_index]

    return Batches()
