"""Zeros among the weights by tensorflow-model-optimization: unstructured on a polynomial schedule, or two of four.

The wrappers take the layers that they are given, so they are put around a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from edgewright.pipeline.batches import TrainingSet
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_keras, load_model_optimization
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.training import Teacher, TrainingSettings, fit

PRUNED_SHARE_OF_TRAINING = 0.6
"""The final sparsity is reached after this share of the steps; the rest lets the remaining weights settle."""
SHORTEST_FREQUENCY = 10
"""Steps between two prunings; fewer where training is short."""
REASONS = {
    "DepthwiseConv2D": "tensorflow-model-optimization never prunes depthwise kernels",
    "LSTM": "recurrent kernels are not pruned",
}


class Sparsity(str, Enum):
    """Which weights may become zero."""

    UNSTRUCTURED = "unstructured"
    TWO_OF_FOUR = "2:4"

    @property
    def layer_kinds(self) -> frozenset[str]:
        """The classes of layers whose kernels are pruned."""
        both = frozenset({"Dense", "Conv2D"})
        return both if self is Sparsity.TWO_OF_FOUR else both | {"SeparableConv2D", "Conv2DTranspose"}


def check_sparsity(model: KerasModel, sparsity: Sparsity) -> None:
    """Refuse a model without a layer whose kernel can be pruned.

    Raises:
        ModelError: with the first layers and why they cannot.
    """
    if not any(_is_prunable(layer, sparsity) for layer in model.layers):
        reasons = describe_sparsity(model, sparsity)[:3]
        raise ModelError(
            f"prune: no layer of this model can be pruned ({'; '.join(reasons) or 'it has no kernels'}); leave "
            '"prune" out.'
        )


def describe_sparsity(model: KerasModel, sparsity: Sparsity) -> tuple[str, ...]:
    """Say which layers with kernels stay as they are, and why."""
    staying = [
        layer for layer in model.layers
        if any(len(weight.shape) > 1 for weight in layer.weights) and not _is_prunable(layer, sparsity)
    ]  # fmt: skip
    return tuple(f"{layer.name} stays: {_reason(layer, sparsity)}" for layer in staying)


def train_sparse(
    model: KerasModel,
    training_set: TrainingSet,
    settings: TrainingSettings,
    reporter: Reporter,
    *,
    sparsity: Sparsity,
    initial: float,
    final: float,
    teacher: Teacher | None,
    log_folder: Path | None,
) -> tuple[str, ...]:
    """Prune a model's weights while it is trained; its weights are replaced.

    Args:
        model: a tf_keras model.
        training_set: what to learn.
        settings: how long and how fast.
        reporter: shows a bar.
        sparsity: which weights may become zero.
        initial: share of zeros from the first step on (unstructured).
        final: share of zeros at the end (unstructured).
        teacher: learn from its outputs as well.
        log_folder: where summaries for TensorBoard go, if anywhere.

    Returns:
        What is worth telling about each layer.

    Raises:
        ModelError: a layer cannot be pruned.
        DivergedError: training became NaN.
    """
    library = load_model_optimization().sparsity.keras
    sample_count = len(training_set.chosen())
    step_count = settings.epochs * max(1, sample_count // min(settings.batch_size, sample_count))
    callbacks = [library.UpdatePruningStep()]
    if log_folder is not None:
        callbacks.append(library.PruningSummaries(log_dir=str(log_folder)))
    trained = fit(
        model, training_set, settings, reporter, title="prune", teacher=teacher, callbacks=callbacks,
        wrap=lambda twin: wrap_for_pruning(twin, sparsity, initial=initial, final=final, step_count=step_count),
        log_folder=log_folder,
    )  # fmt: skip
    model.set_weights(library.strip_pruning(trained).get_weights())
    zeros = [_describe_zeros(layer) for layer in model.layers if _is_prunable(layer, sparsity)]
    return (*describe_sparsity(model, sparsity), *zeros)


def wrap_for_pruning(
    model: KerasModel, sparsity: Sparsity, *, initial: float, final: float, step_count: int
) -> KerasModel:
    """Wrap every layer whose kernel is pruned.

    Args:
        model: a tf_keras model that nobody else holds.
        sparsity: which weights may become zero.
        initial: share of zeros from the first step on.
        final: share of zeros at the end.
        step_count: steps of the whole training.

    Raises:
        ModelError: tensorflow-model-optimization refuses a layer.
    """
    keras = load_keras()
    wrap = _wrapper(sparsity, initial=initial, final=final, step_count=step_count)

    def clone_layer(layer: Any) -> Any:
        return wrap(layer) if _is_prunable(layer, sparsity) else layer.__class__.from_config(layer.get_config())

    try:
        wrapped = keras.models.clone_model(model, clone_function=clone_layer)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f'prune: tensorflow-model-optimization cannot prune this model ({reason}); leave the stage "prune" out.'
        ) from error
    for old, new in zip(model.layers, wrapped.layers, strict=True):
        target = getattr(new, "layer", new)
        target.set_weights(old.get_weights())
    return wrapped


def _wrapper(sparsity: Sparsity, *, initial: float, final: float, step_count: int) -> Callable[[Any], Any]:
    library = load_model_optimization().sparsity.keras
    end_step = max(1, int(PRUNED_SHARE_OF_TRAINING * step_count))
    frequency = max(1, min(SHORTEST_FREQUENCY, end_step // 2))
    if sparsity is Sparsity.TWO_OF_FOUR:
        schedule = library.ConstantSparsity(0.5, begin_step=0, frequency=frequency)
        options: dict[str, Any] = {"sparsity_m_by_n": (2, 4)}
    else:
        schedule = library.PolynomialDecay(
            initial_sparsity=initial if step_count > 1 else final,
            final_sparsity=final,
            begin_step=0,
            end_step=end_step - end_step % frequency,  # a step that prunes, or the final share is never quite reached
            frequency=frequency,
        )
        options = {}
    return lambda layer: library.prune_low_magnitude(
        layer.__class__.from_config(layer.get_config()), pruning_schedule=schedule, **options
    )


def _is_prunable(layer: Any, sparsity: Sparsity) -> bool:
    return type(layer).__name__ in sparsity.layer_kinds


def _describe_zeros(layer: Any) -> str:
    is_separable = type(layer).__name__ == "SeparableConv2D"
    kernel, name = (layer.pointwise_kernel, "pointwise kernel") if is_separable else (layer.kernel, "kernel")
    return f"{layer.name}: {np.mean(kernel.numpy() == 0):.1%} of the {name} is zero"


def _reason(layer: Any, sparsity: Sparsity) -> str:
    kind = type(layer).__name__
    return REASONS.get(
        kind, f"{kind} cannot have {sparsity.value} zeros, {', '.join(sorted(sparsity.layer_kinds))} can"
    )
