"""Training: repeatable, the teacher's voice is heard, and what was pruned stays zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.digits import tiny_arrays
from support.stages import CLASSES, SHAPE

from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.batches import TeacherOutputs, TrainingSet
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Split
from edgewright.pipeline.errors import DivergedError
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.models import load_model
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.tasks import Task
from edgewright.pipeline.tasks.classification import CLASSIFICATION
from edgewright.pipeline.tasks.multi_label import MULTI_LABEL
from edgewright.pipeline.tasks.regression import REGRESSION
from edgewright.pipeline.teacher import open_teacher
from edgewright.pipeline.training import (
    SoftTargetSettings,
    Teacher,
    TrainingSettings,
    compute_teacher_outputs,
    fit,
    predict,
    without_final_activations,
)

pytestmark = pytest.mark.slow
ARRAYS = tiny_arrays(SHAPE, CLASSES)


def training_set(*, seed: int = 1, copies: int = 1) -> TrainingSet:
    """Return the few random samples."""
    return TrainingSet(
        split=Split(x=(ARRAYS["x_train"],), y=(ARRAYS["y_train"],)),
        task=CLASSIFICATION,
        output_shapes=((CLASSES,),),
        augmentation=Augmentation(copies=copies, shift_pixels=1),
        seed=seed,
    )


def taught_by(model: Any, samples: TrainingSet, alpha: float) -> Teacher:
    """Return a teacher that is asked anew."""
    outputs = TeacherOutputs(lambda copy_index: compute_teacher_outputs(model, samples, copy_index))
    return Teacher(outputs=outputs, settings=SoftTargetSettings(alpha=alpha))


def trained(
    model: Any, *, seed: int = 1, copies: int = 1, epochs: int = 3, teacher: Any = None, alpha: float = 0.5
) -> list[Any]:
    """Train a model and return its weights."""
    samples = training_set(seed=seed, copies=copies)
    settings = TrainingSettings(epochs=epochs, batch_size=8, learning_rate=1e-2)
    voice = taught_by(teacher, samples, alpha) if teacher is not None else None
    fit(model, samples, settings, SilentReporter(), title="test", teacher=voice)
    weights: list[Any] = model.get_weights()
    return weights


def same(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two models have the same weights to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def outputs_of(model: Any, split: str = "train") -> Any:
    """Return a model's only output for all samples of a split."""
    (outputs,) = predict(model, (ARRAYS[f"x_{split}"],))
    return outputs


def softmax(logits: Any) -> Any:
    """Return the shares of classes."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# ---- without final activations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "residual", "depthwise"])
def test_a_model_that_ends_in_logits(name: str, small_models: Mapping[str, Path]) -> None:
    """The logits, put through a softmax where the model has one, are the model's outputs; weights are copies."""
    model = load_model(small_models[name])
    twin = without_final_activations(model, CLASSIFICATION)
    logits = outputs_of(twin, "test")
    expected = logits if name == "depthwise" else softmax(logits)  # which ends in logits itself
    assert np.abs(expected - outputs_of(model, "test")).max() < 1e-5
    before = model.get_weights()
    assert same(before, twin.get_weights())
    twin.set_weights([0 * weight for weight in twin.get_weights()])
    assert same(before, model.get_weights())


@pytest.mark.parametrize(
    ("task", "activation", "is_removed"),
    [
        (CLASSIFICATION, "softmax", True),
        (CLASSIFICATION, "sigmoid", True),
        (CLASSIFICATION, "relu", False),
        (MULTI_LABEL, "sigmoid", True),
        (MULTI_LABEL, "softmax", False),
        (REGRESSION, "sigmoid", False),
        (REGRESSION, "tanh", False),
    ],
    ids=lambda value: value.name if isinstance(value, Task) else str(value),
)
def test_a_task_says_which_activations_go(task: Task, activation: str, is_removed: bool) -> None:
    """What the loss contains already is taken off the outputs, and nothing else: not within the model either."""
    layers = load_keras().layers
    model = load_keras().Sequential(
        [
            layers.Input(SHAPE),
            layers.Flatten(),
            layers.Dense(5, activation=activation, name="hidden"),
            layers.Dense(3, activation=activation, name="end"),
        ]
    )
    twin = without_final_activations(model, task)
    names = {name: twin.get_layer(name).get_config()["activation"] for name in ("hidden", "end")}
    assert {"hidden": activation, "end": "linear" if is_removed else activation} == names


# ---- the loop ------------------------------------------------------------------------------------------------------


def test_training_is_repeatable_and_seeded(small_models: Mapping[str, Path]) -> None:
    """Equal seeds give equal weights to the bit; another seed, more copies or a teacher give others."""
    teacher = load_model(small_models["plain"])

    def fresh(**changed: Any) -> list[Any]:
        return trained(load_model(small_models["residual"]), **changed)

    first = fresh()
    assert same(first, fresh())
    assert not same(first, fresh(seed=2))
    assert not same(first, fresh(copies=3))
    assert not same(first, fresh(teacher=teacher))
    assert same(fresh(copies=3, teacher=teacher), fresh(copies=3, teacher=teacher))


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
    assert (outputs_of(model).argmax(axis=1) == ARRAYS["y_train"]).mean() > 0.9


def test_a_student_follows_its_teacher(small_models: Mapping[str, Path]) -> None:
    """Trained on soft targets alone, a student comes closer to the teacher's outputs than it was."""
    teacher, student = load_model(small_models["residual"]), load_model(small_models["plain"])
    target = outputs_of(teacher)
    before = np.abs(outputs_of(student) - target).mean()
    trained(student, epochs=25, teacher=teacher, alpha=1.0)
    assert np.abs(outputs_of(student) - target).mean() < before / 3


@pytest.mark.parametrize("copies", [1, 2])
def test_zeros_of_a_pruned_kernel_stay(copies: int, small_models: Mapping[str, Path]) -> None:
    """A kernel of which half was zero is trained in its other half; a kernel with a zero or two is trained freely."""
    model = load_model(small_models["plain"])
    hidden, conv = model.get_layer("hidden"), model.get_layer("conv")
    mask = np.random.default_rng(2).random(hidden.kernel.shape) < 0.5
    hidden.kernel.assign(hidden.kernel * mask)
    almost_full = conv.kernel.numpy()
    almost_full.flat[:2] = 0
    conv.kernel.assign(almost_full)
    before = hidden.kernel.numpy()
    trained(model, copies=copies)
    assert np.array_equal(mask, hidden.kernel.numpy() != 0)
    assert not np.array_equal(before, hidden.kernel.numpy())
    assert 0 != np.abs(conv.kernel.numpy().flat[:2]).min()


def test_several_outputs_are_all_trained() -> None:
    """A model with two inputs and two outputs learns both targets."""
    seed_everything(1)
    layers = load_keras().layers
    inputs = [layers.Input((2,)), layers.Input((1,))]
    joined = layers.Concatenate()(inputs)
    model = load_keras().Model(inputs, [layers.Dense(1)(joined), layers.Dense(2)(joined)])
    generator = np.random.default_rng(1)
    x = (generator.normal(size=(64, 2)).astype(np.float32), generator.normal(size=(64, 1)).astype(np.float32))
    y = (x[0][:, :1] - x[1], np.concatenate([x[1], 2 * x[0][:, 1:]], axis=1))
    samples = TrainingSet(
        split=Split(x=x, y=y), task=REGRESSION, output_shapes=((1,), (2,)), augmentation=Augmentation(), seed=1
    )
    settings = TrainingSettings(epochs=60, batch_size=16, learning_rate=0.05)
    fit(model, samples, settings, SilentReporter(), title="test")
    worst = [float(np.abs(outputs - wanted).max()) for outputs, wanted in zip(predict(model, x), y, strict=True)]
    assert max(worst) < 0.05, worst


def test_training_that_diverges_is_named(small_models: Mapping[str, Path]) -> None:
    """A loss that is no longer a number stops the training, with its title and its learning rate."""
    samples = TrainingSet(
        split=Split(x=(ARRAYS["x_train"] * np.float32(1e38),), y=(ARRAYS["y_train"],)),
        task=CLASSIFICATION,
        output_shapes=((CLASSES,),),
        augmentation=Augmentation(),
        seed=1,
    )
    settings = TrainingSettings(epochs=2, learning_rate=0.5)
    with pytest.raises(DivergedError, match=r"mine: training diverged to NaN with learning_rate = 0\.5"):
        fit(load_model(small_models["plain"]), samples, settings, SilentReporter(), title="mine")


# ---- the teacher ---------------------------------------------------------------------------------------------------


def test_teacher_outputs_are_those_of_the_copy(small_models: Mapping[str, Path], tmp_path: Path) -> None:
    """For each copy the teacher's logits on that copy's samples come from the cache, where they are put once."""
    samples = training_set(copies=3)
    cache = Cache(root=tmp_path)
    for copy_index in (0, 2):
        teacher = open_teacher(small_models["plain"], "data", samples, SoftTargetSettings(), cache)
        x = np.concatenate([samples.samples(run, copy_index)[0] for run in samples.runs()])
        twin = without_final_activations(load_model(small_models["plain"]), CLASSIFICATION)
        expected = predict(twin, (x,))[0]
        assert np.abs(expected - teacher.outputs.copy(copy_index)[0]).max() < 1e-5
    again = open_teacher(small_models["plain"], "data", samples, SoftTargetSettings(alpha=0.1), cache)
    again.outputs.copy(2)
    assert 2 == len(list((tmp_path / "teacher").iterdir()))


def test_another_seed_asks_the_teacher_about_varied_samples_only(
    small_models: Mapping[str, Path], tmp_path: Path
) -> None:
    """The data as it is does not depend on the seed: its outputs serve every run."""
    for seed in (1, 2):
        samples = training_set(copies=2, seed=seed)
        teacher = open_teacher(small_models["plain"], "data", samples, SoftTargetSettings(), Cache(root=tmp_path))
        for copy_index in range(2):
            teacher.outputs.copy(copy_index)
    assert 3 == len(list((tmp_path / "teacher").iterdir()))


def test_settings_of_a_quick_trial() -> None:
    """A third of the epochs, two at least, but never more than the whole training has."""
    expected = {1: 1, 2: 2, 5: 2, 9: 3, 30: 10}
    assert expected == {epochs: TrainingSettings(epochs=epochs).shortened().epochs for epochs in expected}
