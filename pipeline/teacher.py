"""The source model as the teacher: its outputs for each copy of the training samples, computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgewright.pipeline.batches import TeacherOutputs, TrainingSet
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import TRAINING, code_digest
from edgewright.pipeline.data import Array
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.models import load_model
from edgewright.pipeline.training import SoftTargetSettings, Teacher, compute_teacher_outputs

MODULES = ("teacher.py", *TRAINING)


def open_teacher(
    path: Path, data_digest: str, training_set: TrainingSet, settings: SoftTargetSettings, cache: Cache
) -> Teacher:
    """Return a teacher whose outputs come from the cache, where they are put when they are first asked for.

    Args:
        path: the teacher, a `.keras`.
        data_digest: of the data that the training set was made from.
        training_set: the samples that it is asked about.
        settings: how much it counts.
        cache: where its outputs are kept.

    Raises:
        ModelError: when the outputs are asked for: they have another shape than the student's.
    """

    def load(copy_index: int) -> Sequence[Array]:
        ingredients: dict[str, object] = {
            "kind": "teacher",
            "model": digest_file(path),
            "data": data_digest,
            "task": training_set.task.name,
            "augmentation": training_set.augmentation.model_dump(mode="json") if copy_index else None,
            "seed": training_set.seed if copy_index else None,
            "copy": copy_index,
            "code": code_digest(MODULES),
            "versions": package_versions(VERSIONED_PACKAGES),
        }

        def make(folder: Path) -> None:
            model = load_model(path, trust=True)
            for position, array in enumerate(compute_teacher_outputs(model, training_set, copy_index)):
                np.save(folder / f"output_{position}.npy", array)

        folder = cache.obtain(ingredients, make)
        positions = range(len(training_set.output_shapes))
        outputs = [np.load(folder / f"output_{position}.npy", mmap_mode="r") for position in positions]
        return outputs

    return Teacher(outputs=TeacherOutputs(load), settings=settings)


def check_student(student_shapes: Sequence[tuple[int, ...]], teacher_shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse a student that does not speak the teacher's language.

    Args:
        student_shapes: of its outputs, without the batch.
        teacher_shapes: likewise.

    Raises:
        ModelError: they differ.
    """
    if tuple(student_shapes) != tuple(teacher_shapes):
        raise ModelError(
            f"distill: the student's outputs have the shapes {list(student_shapes)}, the source model's "
            f"{list(teacher_shapes)}; give a student with the same outputs."
        )
