"""The figures of the task on what an engine gave, each with the interval that so many samples leave it."""

from __future__ import annotations

import math
import warnings

import numpy as np

from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.data import Split
from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.graph import Graph, Tensor, output_tensors
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.tasks import Objective
from edgewright.runtime_bench.bench.samples import Samples
from edgewright.runtime_bench.bench.schema import ScoreSection

RESAMPLES = 200
"""Times that the samples are drawn again (B. Efron, Bootstrap Methods, 1979)."""
_ENDS = (2.5, 97.5)


def score_outputs(graph: Graph, outputs: tuple[Array, ...], samples: Samples) -> tuple[ScoreSection, ...]:
    """Return the figures of the task, the deciding one first; none without data.

    Args:
        graph: the model.
        outputs: one array (N, …) for each output: integers, or the real numbers themselves.
        samples: with the targets.

    Raises:
        RecipeError: the user's metric fails.
    """
    split, objective = samples.split, samples.objective
    if split is None or objective is None:
        return ()
    tensors = zip(output_tensors(graph), outputs, samples.output_shapes, strict=True)
    real = tuple(_real(tensor, array).reshape(len(array), *shape) for tensor, array, shape in tensors)
    found = objective.scores(real, split)
    drawn = _scores_of_draws(real, objective, split)
    return tuple(_section(name, value, [one[name] for one in drawn if name in one]) for name, value in found.items())


def _scores_of_draws(real: tuple[FloatArray, ...], objective: Objective, split: Split) -> list[dict[str, float]]:
    """Return the figures of samples that were drawn from the samples, with replacement."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        chosen = generator.integers(0, len(split), len(split))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(objective.scores([array[chosen] for array in real], split.take(chosen)))
        except (ValueError, EdgewrightError):  # a draw that lacks a class may have no such figure
            continue
    return found


def _section(name: str, value: float, drawn: list[float]) -> ScoreSection:
    low, high = np.percentile([one for one in drawn if math.isfinite(one)] or [value], _ENDS)
    return ScoreSection(name=name, value=value, low=min(float(low), value), high=max(float(high), value))


def _real(tensor: Tensor, array: Array) -> FloatArray:
    if array.dtype.kind == "f" or tensor.quantization is None:
        return np.asarray(array, np.float32)
    return dequantize(array, tensor.quantization)
