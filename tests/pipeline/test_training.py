"""Training: repeatable, and the teacher's voice is heard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.digits import tiny_arrays
from support.stages import CLASSES, SHAPE

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.models import load_model
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.training import (
    SoftTargetSettings,
    Teacher,
    TrainingSet,
    TrainingSettings,
    ends_in_softmax,
    fit,
    logits_model,
    predict,
)

pytestmark = pytest.mark.slow
ARRAYS = tiny_arrays(SHAPE, CLASSES)


def trained(
    model: Any, *, seed: int = 1, copies: int = 1, epochs: int = 3, teacher: Any = None, alpha: float = 0.5
) -> list[Any]:
    """Train a model and return its weights."""
    samples = TrainingSet(
        x=ARRAYS["x_train"],
        y=ARRAYS["y_train"],
        class_count=CLASSES,
        augmentation=Augmentation(copies=copies, shift_pixels=1),
        seed=seed,
    )
    voice = Teacher(model=teacher, settings=SoftTargetSettings(alpha=alpha)) if teacher is not None else None
    settings = TrainingSettings(epochs=epochs, batch_size=8, learning_rate=1e-2)
    fit(model, samples, settings, SilentReporter(), title="test", teacher=voice)
    weights: list[Any] = model.get_weights()
    return weights


def same(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two models have the same weights to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("name", ["plain", "residual", "depthwise"])
def test_a_model_that_ends_in_logits(name: str, small_models: Mapping[str, Path]) -> None:
    """The logits, put through a softmax where the model has one, are the model's outputs; weights are copies."""
    model = load_model(small_models[name])
    logits = predict(logits_model(model), ARRAYS["x_test"])
    assert (name != "depthwise") == ends_in_softmax(model)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True) if ends_in_softmax(model) else logits
    assert np.abs(expected - predict(model, ARRAYS["x_test"])).max() < 1e-5
    before = model.get_weights()
    twin = logits_model(model)
    twin.set_weights([0 * weight for weight in twin.get_weights()])
    assert same(before, model.get_weights())


def test_training_is_repeatable_and_seeded(small_models: Mapping[str, Path]) -> None:
    """Equal seeds give equal weights to the bit; another seed, more copies or a teacher give others."""
    teacher = load_model(small_models["plain"])

    def fresh(**changed: Any) -> list[Any]:
        return trained(load_model(small_models["residual"]), **changed)

    first = fresh()
    assert same(first, fresh())
    assert not same(first, fresh(seed=2))
    assert not same(first, fresh(copies=3, teacher=teacher))


def test_a_teacher_without_a_share_is_not_heard(small_models: Mapping[str, Path]) -> None:
    """With alpha 0 the result is that of the labels alone."""
    plain, taught = (load_model(small_models["plain"]) for _ in range(2))
    alone = trained(plain)
    heard = trained(taught, teacher=load_model(small_models["residual"]), alpha=0.0)
    assert all(np.abs(a - b).max() < 1e-5 for a, b in zip(alone, heard, strict=True))


def test_training_learns(small_models: Mapping[str, Path]) -> None:
    """After enough epochs a small network knows its few samples by heart."""
    model = load_model(small_models["plain"])
    trained(model, epochs=50)
    accuracy = (predict(model, ARRAYS["x_train"]).argmax(axis=1) == ARRAYS["y_train"]).mean()
    assert accuracy > 0.9


def test_a_student_follows_its_teacher(small_models: Mapping[str, Path]) -> None:
    """Trained on soft targets alone, a student comes closer to the teacher's outputs than it was."""
    teacher, student = load_model(small_models["residual"]), load_model(small_models["plain"])
    target = predict(teacher, ARRAYS["x_train"])
    before = np.abs(predict(student, ARRAYS["x_train"]) - target).mean()
    trained(student, epochs=25, teacher=teacher, alpha=1.0)
    assert np.abs(predict(student, ARRAYS["x_train"]) - target).mean() < before / 3
