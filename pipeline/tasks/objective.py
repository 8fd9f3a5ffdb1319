"""The objective of one run: a task, perhaps a metric of the user's, and how models with several outputs are judged."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edgewright.pipeline.data import Array, Data, Split
from edgewright.pipeline.errors import DataError, RecipeError
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.tasks.anomaly import ANOMALY
from edgewright.pipeline.tasks.classification import CLASSIFICATION
from edgewright.pipeline.tasks.multi_label import MULTI_LABEL
from edgewright.pipeline.tasks.regression import REGRESSION
from edgewright.pipeline.tasks.task import FloatArray, Metric, Shape, Task
from edgewright.pipeline.userfile import UserFunction, parse_user_function

TASKS: tuple[Task, ...] = (CLASSIFICATION, REGRESSION, ANOMALY, MULTI_LABEL)


class TaskSettings(Settings):
    """What the model is for."""

    kind: Literal["classification", "regression", "anomaly", "multi_label"] = "classification"
    metric: str | None = None
    """`file.py:function` that takes the targets and the predictions and returns the number that decides."""
    higher_is_better: bool = True
    """Of the user's own metric."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What models are trained for and judged by."""

    task: Task
    function: UserFunction | None = None
    higher_is_better: bool = True

    @property
    def metric(self) -> Metric:
        """The figure that decides."""
        if self.function is None:
            return self.task.metric
        return Metric(name=self.function.name, higher_is_better=self.higher_is_better, is_share=False)

    @property
    def ingredients(self) -> dict[str, object]:
        """What decides the figures, as the cache wants it."""
        function = self.function
        return {"task": self.task.name, "metric": [function.digest, function.name] if function else None}

    def loss_by(self, reference: float, value: float) -> float:
        """Return how much worse a value of the deciding figure is than another; negative where it is better."""
        return reference - value if self.metric.higher_is_better else value - reference

    def prepare(self, data: Data, output_shapes: Sequence[Shape], origin: str) -> Data:
        """Check the targets against the model's outputs and bring them into the task's dtype.

        Args:
            data: as it was loaded.
            output_shapes: of the model, without the batch.
            origin: what the user gave for the data, for messages.

        Raises:
            DataError: targets are missing, as many as there are no outputs, or do not fit them.
            ModelError: the outputs do not fit the task.
        """
        train, validation, test = (
            self._prepared(split, output_shapes, f"y_{name}", origin)
            for name, split in (("train", data.train), ("val", data.validation), ("test", data.test))
        )
        return replace(data, train=train, validation=validation, test=test)

    def check_labels(self, data: Data, output_shapes: Sequence[Shape], origin: str) -> None:
        """Check that there is a name for each class, where there are names.

        Raises:
            DataError: there are fewer or more.
        """
        count = self.class_count(output_shapes)
        if data.labels and count is not None and len(data.labels) != count:
            raise DataError(
                f"{origin}: labels names {len(data.labels)} classes, but the model has {count}; name each class."
            )

    def tells_classes_apart(self, output_shapes: Sequence[Shape]) -> bool:
        """Tell whether the largest element of the first output is the class of a sample."""
        return self.task is CLASSIFICATION and output_shapes[0][-1] > 1

    def class_count(self, output_shapes: Sequence[Shape]) -> int | None:
        """Return how many classes the model tells apart; None where it tells none."""
        if not self.task.has_classes:
            return None
        width = output_shapes[0][-1]
        return 2 if self.task is CLASSIFICATION and width == 1 else width

    def scores(self, outputs: Sequence[FloatArray], split: Split) -> dict[str, float]:
        """Return the figures of some outputs, the deciding one first; over several outputs their mean.

        Args:
            outputs: one array (N, *output shape) for each output, in real values.
            split: with the targets that `prepare` returned.

        Raises:
            RecipeError: the user's metric fails, or its result is not a finite number.
        """
        pairs = list(zip(outputs, split.y, strict=True))
        tables = [dict(self.task.figures(y, output, split.x[0])) for output, y in pairs]
        common = [name for name in tables[0] if all(name in table for table in tables)]
        scores = {name: math.fsum(table[name] for table in tables) / len(tables) for name in common}
        if self.function is None:
            return scores
        own = [_call(self.function, y, self.task.predictions(output, split.x[0])) for output, y in pairs]
        return {self.function.name: math.fsum(own) / len(own), **scores}

    def _prepared(self, split: Split, output_shapes: Sequence[Shape], name: str, origin: str) -> Split:
        if split.y and len(split.y) != len(output_shapes):
            raise DataError(
                f"{origin}: {name} holds {len(split.y)} arrays, and the model has {len(output_shapes)} outputs; "
                "give one for each (y_train_0, y_train_1, …)."
            )
        given: Sequence[Array | None] = split.y or [None] * len(output_shapes)
        pairs = zip(given, output_shapes, strict=True)
        return replace(split, y=tuple(self.task.check(y, shape, name, origin) for y, shape in pairs))


def _call(function: UserFunction, y: Array, predictions: FloatArray) -> float:
    value: Any = function.call(function.load(RecipeError), RecipeError, y, predictions)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        shown = " ".join(reprlib.repr(value).split())
        raise RecipeError(
            f"metric: {function} returned {shown}; it must return a finite number for targets {y.shape} and "
            f"predictions {predictions.shape}."
        )
    return number


def open_objective(settings: TaskSettings, base: Path) -> Objective:
    """Find the task and the user's metric.

    Args:
        settings: a recipe's `[task]`.
        base: the folder that a relative path counts from.

    Raises:
        RecipeError: the metric is not `file.py:function`.
        BadInputError: its file does not exist.
    """
    task = next(task for task in TASKS if task.name == settings.kind)
    if settings.metric is None:
        return Objective(task=task)
    function = parse_user_function(settings.metric, base, "metric")
    if function is None:
        raise RecipeError(f'metric: "{settings.metric}" is not a function; name one as file.py:function.')
    return Objective(task=task, function=function, higher_is_better=settings.higher_is_better)
