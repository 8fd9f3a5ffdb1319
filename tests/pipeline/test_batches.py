"""Batches: every sample with its own targets, in an order that is always the same, whatever fits in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewright.pipeline import batches
from edgewright.pipeline.augmentation import Augmentation
from edgewright.pipeline.batches import RUN_LENGTH, TeacherOutputs, TrainingSet, keras_batches
from edgewright.pipeline.data import Split
from edgewright.pipeline.tasks import Task
from edgewright.pipeline.tasks.anomaly import ANOMALY
from edgewright.pipeline.tasks.regression import REGRESSION

pytestmark = pytest.mark.slow  # it loads TensorFlow
WIDTH = 3
SAMPLE_BYTES = 4 * WIDTH


def numbered(count: int, *, copies: int = 1, seed: int = 1, task: Task = REGRESSION) -> TrainingSet:
    """Return samples that are their own number three times, and have it as their target."""
    numbers = np.arange(count, dtype=np.float32)[:, np.newaxis]
    return TrainingSet(
        split=Split(x=(np.repeat(numbers, WIDTH, axis=1),), y=(numbers,)),
        task=task,
        output_shapes=((1,),),
        augmentation=Augmentation(copies=copies, noise=0.25 if copies > 1 else 0.0),
        seed=seed,
    )


def read_epochs(sequence: Any, count: int) -> list[list[tuple[Any, Any]]]:
    """Read some epochs as Keras does, which looks at the first batch once before it begins."""
    sequence[0]
    epochs = []
    for _ in range(count):
        epochs.append([sequence[index] for index in range(len(sequence))])
        sequence.on_epoch_end()
    return epochs


def targets_of(epoch: list[tuple[Any, Any]]) -> list[int]:
    """Return the numbers of an epoch's samples in their order."""
    return [int(number) for _, y in epoch for number in y[:, 0]]


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A function that lets a window hold so many runs of numbered samples."""

    def shrink(run_count: int) -> None:
        monkeypatch.setattr(batches, "WINDOW_BYTES", run_count * RUN_LENGTH * SAMPLE_BYTES)

    return shrink


@settings(max_examples=60)
@given(st.integers(1, 400), st.integers(1, 150), st.integers(0, 20), st.integers(0, 3))
def test_every_sample_comes_once_an_epoch(count: int, batch_size: int, window_runs: int, seed: int) -> None:
    """Batches are full; only what does not fill the last one is missing; each sample has its own target."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "WINDOW_BYTES", window_runs * RUN_LENGTH * SAMPLE_BYTES)
        epochs = read_epochs(keras_batches(numbered(count, seed=seed), batch_size, None), 2)
    size = min(batch_size, count)
    for epoch in epochs:
        assert [size] * (count // size) == [len(y) for _, y in epoch]
        numbers = targets_of(epoch)
        assert len(numbers) == len(set(numbers))
        assert set(numbers) <= set(range(count))
        for x, y in epoch:
            assert np.array_equal(np.repeat(y, WIDTH, axis=1), x)


def test_what_an_epoch_leaves_out_the_next_ones_show() -> None:
    """The incomplete batch is another one each time: within a few epochs every sample was there."""
    epochs = read_epochs(keras_batches(numbered(47), 16, None), 12)
    assert set(range(47)) == {number for epoch in epochs for number in targets_of(epoch)}


@pytest.mark.parametrize("window_runs", [1000, 3])
def test_the_order_depends_on_seed_and_epoch_alone(window_runs: int, small_window: Callable[[int], None]) -> None:
    """Epochs differ, seeds differ, and a given epoch is the same whether or not the ones before it were read."""
    small_window(window_runs)
    first, second, third = read_epochs(keras_batches(numbered(300), 20, None), 3)
    assert targets_of(first) != targets_of(second) != targets_of(third)
    assert targets_of(first) != targets_of(read_epochs(keras_batches(numbered(300, seed=2), 20, None), 1)[0])
    late = keras_batches(numbered(300), 20, None)
    late.on_epoch_end()
    late.on_epoch_end()
    assert targets_of(third) == targets_of(read_epochs(late, 1)[0])


def test_samples_are_shuffled_across_runs(small_window: Callable[[int], None]) -> None:
    """Even a window of a few runs mixes samples from far apart into one batch."""
    small_window(4)
    epoch = read_epochs(keras_batches(numbered(1600), 32, None), 1)[0]
    spread = [float(np.ptp(y)) for _, y in epoch]
    assert np.median(spread) > 1600 / 3


def test_a_set_larger_than_a_window_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a mapped file of sixteen windows never takes the memory of half of it."""
    count, width, window_bytes = 4096, 1024, 1 << 20
    np.save(tmp_path / "x.npy", np.repeat(np.arange(count, dtype=np.float32)[:, np.newaxis], width, axis=1))
    monkeypatch.setattr(batches, "WINDOW_BYTES", window_bytes)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    training_set = TrainingSet(
        split=Split(x=(x,), y=(np.arange(count, dtype=np.float32)[:, np.newaxis],)),
        task=REGRESSION,
        output_shapes=((1,),),
        augmentation=Augmentation(),
        seed=1,
    )
    sequence = keras_batches(training_set, 32, None)
    numbers: list[int] = []
    tracemalloc.start()
    try:
        for index in range(len(sequence)):
            rows, y = sequence[index]
            assert np.array_equal(rows[:, -1], y[:, 0])
            numbers.extend(y[:, 0].astype(int))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert list(range(count)) == sorted(numbers)
    assert peak_bytes < 8 * window_bytes


@pytest.mark.parametrize("window_runs", [1000, 12, 3])
def test_epochs_take_the_copies_in_turn(window_runs: int, small_window: Callable[[int], None]) -> None:
    """Copy 0 is the data as it is; the others are varied, each the same whenever its turn comes."""
    small_window(window_runs)
    training_set = numbered(256, copies=3)
    by_number: list[dict[int, npt.NDArray[np.float32]]] = []
    for epoch in read_epochs(keras_batches(training_set, 32, None), 6):
        by_number.append({int(y[row, 0]): x[row] for x, y in epoch for row in range(len(y))})
    for number in range(256):
        assert np.array_equal(np.full(WIDTH, number, np.float32), by_number[0][number])
        for copy_index in range(3):
            assert np.array_equal(by_number[copy_index][number], by_number[copy_index + 3][number])
        assert 3 == len({by_number[copy_index][number].tobytes() for copy_index in range(3)})


@pytest.mark.parametrize("window_runs", [1000, 12, 2])
@pytest.mark.parametrize("task", [REGRESSION, ANOMALY], ids=["all", "some"])
def test_teacher_outputs_stand_behind_their_targets(
    task: Task, window_runs: int, small_window: Callable[[int], None]
) -> None:
    """For every copy, and where only some samples are trained on, too, each target is followed by its own output."""
    small_window(window_runs)
    plain = numbered(300, copies=2)
    marks = np.arange(300) % 3 != 0 if task is ANOMALY else np.zeros(300)
    training_set = TrainingSet(
        split=Split(x=plain.split.x, y=(marks.astype(np.int64),) if task is ANOMALY else plain.split.y),
        task=task,
        output_shapes=((WIDTH,),) if task is ANOMALY else ((1,),),
        augmentation=plain.augmentation,
        seed=1,
    )
    width = training_set.output_shapes[0][0]
    loaded: list[int] = []

    def load(copy_index: int) -> list[npt.NDArray[np.float32]]:
        loaded.append(copy_index)
        column = training_set.chosen().astype(np.float32)[:, np.newaxis]
        return [np.repeat(column + 1000 * copy_index, width, axis=1)]

    epochs = read_epochs(keras_batches(training_set, 25, TeacherOutputs(load)), 4)
    for position, epoch in enumerate(epochs):
        seen = []
        for x, y in epoch:
            hard, soft = np.split(y, 2, axis=1)
            numbers = soft[:, 0] - 1000 * (position % 2)
            assert np.array_equal(x if task is ANOMALY else numbers[:, np.newaxis], hard)
            assert np.abs(x - numbers[:, np.newaxis]).max() < (2.0 if position % 2 else 1e-6)
            seen.extend(numbers.astype(int).tolist())
        assert len(seen) == len(set(seen)) == len(training_set.chosen()) // 25 * 25
    assert [0, 1] == sorted(loaded)


def test_only_normal_samples_are_trained_on() -> None:
    """For anomaly detection a sample's target is itself, and no anomaly is ever in a batch."""
    x = np.arange(200, dtype=np.float32)[:, np.newaxis] * np.ones(WIDTH, np.float32)
    anomalies = np.random.default_rng(4).random(200) < 0.4
    training_set = TrainingSet(
        split=Split(x=(x,), y=(anomalies.astype(np.int64),)),
        task=ANOMALY,
        output_shapes=((WIDTH,),),
        augmentation=Augmentation(),
        seed=1,
    )
    seen: set[int] = set()
    for epoch in read_epochs(keras_batches(training_set, 10, None), 8):
        for rows, targets in epoch:
            assert np.array_equal(rows, targets)
            seen.update(rows[:, 0].astype(int).tolist())
    assert set(np.flatnonzero(~anomalies).tolist()) == seen


def test_several_inputs_and_outputs_belong_together() -> None:
    """A model with two inputs and two outputs gets lists, all of the same samples."""
    numbers = np.arange(70, dtype=np.float32)[:, np.newaxis]
    training_set = TrainingSet(
        split=Split(x=(numbers, np.tile(10 * numbers, (1, 2))), y=(numbers + 1, np.tile(numbers + 2, (1, 3)))),
        task=REGRESSION,
        output_shapes=((1,), (3,)),
        augmentation=Augmentation(),
        seed=1,
    )
    teacher = TeacherOutputs(lambda index: [numbers + 5, np.tile(numbers + 6, (1, 3))])
    for x, y in read_epochs(keras_batches(training_set, 16, teacher), 1)[0]:
        number = x[0][:, :1]
        assert [(16, 1), (16, 2)] == [array.shape for array in x]
        assert np.array_equal(np.tile(10 * number, (1, 2)), x[1])
        assert np.array_equal(np.concatenate([number + 1, number + 5], axis=1), y[0])
        assert np.array_equal(np.repeat(np.concatenate([number + 2, number + 6], axis=1), 3, axis=1), y[1])


def test_a_set_smaller_than_a_batch_is_one_batch() -> None:
    """Few samples are trained on all at once."""
    (epoch,) = read_epochs(keras_batches(numbered(5), 64, None), 1)
    assert [(5, WIDTH)] == [x.shape for x, _ in epoch]
