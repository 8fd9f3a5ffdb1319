"""What a task is: the targets it accepts, the loss that trains for them, and the figures that judge the outputs.

Everything here is about one output; a model with several has the same task on each (see `objective.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data import Array

Tensor = Any
"""A TensorFlow tensor, whose package has no types to name."""
Shape = tuple[int, ...]
"""Without the batch."""
FloatArray = npt.NDArray[np.float32]
Scores = Mapping[str, float]
"""Figures by name; the first one decides."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The figure that decides which of two models is better."""

    name: str
    higher_is_better: bool
    is_share: bool
    """Whether it is a number of 0 to 1 that people read in per cent."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of task."""

    name: str
    metric: Metric
    has_classes: bool
    """Whether the elements of an output are classes, which may have names."""
    final_activations: frozenset[str]
    """What is taken off a model's end for training, since loss and soft targets are computed on what goes into it."""
    check: Callable[[Array | None, Shape, str, str], Array]
    """`(y, output shape, array's name, data's name)`: returns the targets in their own dtype; raises a DataError where
    they do not fit the output. `y` is None where the data has none."""
    targets: Callable[[Array, FloatArray, Shape], FloatArray]
    """`(y, x, output shape)`: returns (N, *output shape), what the loss compares the outputs with."""
    training_samples: Callable[[Array], npt.NDArray[np.bool_]]
    """`(y)`: which samples are trained on, (N,)."""
    loss: Callable[[Tensor, Tensor], Tensor]
    """`(targets, outputs)`, both (B, *output shape) and the outputs without the final activation: returns (B,)."""
    soft_loss: Callable[[Tensor, Tensor, float], Tensor]
    """`(teacher's outputs, outputs, temperature)`: likewise."""
    figures: Callable[[Array, FloatArray, FloatArray], Scores]
    """`(y, outputs of the whole model, x)`: the figures, the deciding one first."""
    predictions: Callable[[FloatArray, FloatArray], FloatArray]
    """`(outputs, x)`: what a metric of the user's is given."""
