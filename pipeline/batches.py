"""What training reads: samples in batches, in an order that depends on the seed and the epoch alone.

Samples are read in short runs that lie together in memory or in the file, and shuffled within a window of many runs:
what is larger than a window is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.augmentation import Augmentation, augment
from edgewright.pipeline.data import Array, Split
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.tasks import Shape, Task

FloatArray = npt.NDArray[np.float32]
Batch = tuple[list[FloatArray], list[FloatArray]]
"""Samples, one array for each input, and what the loss needs, one for each output."""
RUN_LENGTH = 32
"""Samples that are read, and augmented, together."""
WINDOW_BYTES = 1 << 28
"""Of the samples of one window."""


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Samples with prepared targets, the task they are for, and how they are varied."""

    split: Split
    task: Task
    output_shapes: tuple[Shape, ...]
    augmentation: Augmentation
    seed: int

    @property
    def sample_bytes(self) -> int:
        """Of one sample, all inputs together, in float32."""
        return sum(4 * int(np.prod(array.shape[1:])) for array in self.split.x)

    def chosen(self) -> npt.NDArray[np.int64]:
        """Return the indices of the samples that are trained on, ascending."""
        masks = [self.task.training_samples(y) for y in self.split.y]
        return np.flatnonzero(np.logical_and.reduce(masks)) if masks else np.arange(len(self.split))

    def runs(self) -> list[npt.NDArray[np.int64]]:
        """Return the indices in runs; every run is augmented in its own way, which is the same in each epoch."""
        chosen = self.chosen()
        return [chosen[first : first + RUN_LENGTH] for first in range(0, len(chosen), RUN_LENGTH)]

    def samples(self, run: npt.NDArray[np.int64], copy_index: int) -> tuple[FloatArray, ...]:
        """Return the samples of a run as one copy of the data shows them."""
        seed = [self.seed, int(run[0])]
        return tuple(
            augment(np.asarray(array[run], np.float32), self.augmentation, copy_index, seed) for array in self.split.x
        )

    def targets(self, run: npt.NDArray[np.int64], x: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        """Return what the loss compares each output with."""
        pairs = zip(self.split.y, self.output_shapes, strict=True)
        return tuple(self.task.targets(y[run], x[0], shape) for y, shape in pairs)


class TeacherOutputs:
    """A trained model's outputs, without their final activation, for every copy of the samples; each computed once."""

    def __init__(self, load: Callable[[int], Sequence[Array]]) -> None:
        """Take a function that returns the outputs of one copy, (samples that are trained on, *output shape) each."""
        self._load = load
        self._copies: dict[int, Sequence[Array]] = {}

    def copy(self, index: int) -> Sequence[Array]:
        """Return the outputs for one copy of the samples, in the order of `TrainingSet.chosen`."""
        if index not in self._copies:
            self._copies[index] = self._load(index)
        return self._copies[index]


def keras_batches(training_set: TrainingSet, batch_size: int, teacher: TeacherOutputs | None) -> Any:
    """Return a Keras Sequence of batches; what does not fill a batch at the end of an epoch is left out.

    Args:
        training_set: what to read.
        batch_size: at most; a smaller set is one batch.
        teacher: its outputs follow the targets on the last axis.
    """
    keras = load_keras()
    sample_count = len(training_set.chosen())
    size = min(batch_size, sample_count)
    reader = _Reader(training_set, size, teacher)

    class Batches(keras.utils.Sequence):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.epoch = 0
            self.stream = reader.epoch(0)

        def __len__(self) -> int:
            return sample_count // size

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            if index == 0:  # Keras looks at the first batch before it begins
                self.stream = reader.epoch(self.epoch)
            x, y = next(self.stream)
            return (x if len(x) > 1 else x[0]), (y if len(y) > 1 else y[0])

        def on_epoch_end(self) -> None:
            self.epoch += 1

    return Batches()


class _Reader:
    """Reads one epoch after the other, with about one window of samples in memory."""

    def __init__(self, training_set: TrainingSet, batch_size: int, teacher: TeacherOutputs | None) -> None:
        self._set = training_set
        self._batch_size = batch_size
        self._teacher = teacher
        self._runs = training_set.runs()
        fitting = WINDOW_BYTES // (training_set.sample_bytes * RUN_LENGTH)
        self._runs_of_window = max(1, -(-batch_size // RUN_LENGTH), fitting)
        self._kept: dict[int, Batch] = {}
        """Whole copies of the samples, as many as a window holds."""

    def epoch(self, epoch: int) -> Iterator[Batch]:
        copy_index = epoch % self._set.augmentation.copies
        generator = np.random.default_rng([self._set.seed, epoch])
        rest: Batch | None = None
        for window in self._windows(copy_index, generator):
            joined = window if rest is None else _joined(rest, window)
            order = generator.permutation(len(joined[0][0]))
            whole = len(order) - len(order) % self._batch_size
            for first in range(0, whole, self._batch_size):
                yield _taken(joined, order[first : first + self._batch_size])
            rest = _taken(joined, order[whole:])

    def _windows(self, copy_index: int, generator: np.random.Generator) -> Iterator[Batch]:
        if len(self._runs) <= self._runs_of_window:
            if copy_index not in self._kept:
                if (len(self._kept) + 1) * len(self._runs) > self._runs_of_window:
                    self._kept.clear()
                self._kept[copy_index] = self._read(range(len(self._runs)), copy_index)
            yield self._kept[copy_index]
            return
        order = generator.permutation(len(self._runs)).tolist()
        for first in range(0, len(order), self._runs_of_window):
            yield self._read(sorted(order[first : first + self._runs_of_window]), copy_index)

    def _read(self, positions: Sequence[int], copy_index: int) -> Batch:
        parts: list[tuple[tuple[FloatArray, ...], tuple[FloatArray, ...]]] = []
        for position in positions:
            run = self._runs[position]
            x = self._set.samples(run, copy_index)
            y = self._set.targets(run, x)
            if self._teacher is not None:
                first = position * RUN_LENGTH
                outputs = [array[first : first + len(run)] for array in self._teacher.copy(copy_index)]
                y = tuple(np.concatenate([hard, soft], axis=-1) for hard, soft in zip(y, outputs, strict=True))
            parts.append((x, y))
        x_parts, y_parts = ([part[side] for part in parts] for side in (0, 1))
        return _concatenated(x_parts), _concatenated(y_parts)


def _taken(batch: Batch, indices: npt.NDArray[np.int64]) -> Batch:
    x, y = ([array[indices] for array in side] for side in batch)
    return x, y


def _joined(first: Batch, second: Batch) -> Batch:
    return _concatenated([first[0], second[0]]), _concatenated([first[1], second[1]])


def _concatenated(parts: Sequence[Sequence[FloatArray]]) -> list[FloatArray]:
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
