"""What every engine runs: the test split of the user's data, or drawn inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSource, Split, open_data
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.feeding import model_inputs
from edgewright.pipeline.golden import sample_shape
from edgewright.pipeline.graph import DType, Graph, Tensor, input_tensors, integers_behind, output_tensors
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.quantization import QUANTIZABLE, dequantize, limits_of
from edgewright.pipeline.recipe import Recipe, RecipeSettings, default_stages, load_recipe
from edgewright.pipeline.tasks import Objective, Shape, open_objective

DRAWN = 64
"""Inputs that are drawn where there is no data; of large ones fewer."""
MOST_DRAWN_ELEMENTS = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Data, and what a model is judged by on it."""

    data: DataSource
    objective: Objective


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Inputs for one model: as its `.tflite` takes them, and the same as real numbers for the float model."""

    given: tuple[Array, ...]
    real: tuple[Array, ...]
    origin: str
    classifies: bool
    """Whether the largest element of the first output is a class."""
    split: Split | None = None
    """With prepared targets; None for drawn inputs."""
    objective: Objective | None = None
    output_shapes: tuple[Shape, ...] = ()

    def __len__(self) -> int:
        return len(self.given[0])

    def first(self, count: int, *, real: bool = False) -> tuple[Array, ...]:
        """Return so many samples as the `.tflite` takes them, or as real numbers."""
        return tuple(np.ascontiguousarray(array[:count]) for array in (self.real if real else self.given))


def open_examination(data: str | None, recipe: Path | None, cache: Cache) -> Examination | None:
    """Find data and task.

    Args:
        data: an `.npz`, a folder of images, or `file.py:function`; without, what the recipe names.
        recipe: a TOML file whose data, task and preprocessing are taken.
        cache: takes what the data becomes.

    Returns:
        None where neither was given.

    Raises:
        BadInputError: one of them cannot be used.
    """
    if recipe is None and data is None:
        return None
    loaded = _no_recipe() if recipe is None else load_recipe(recipe)
    settings = loaded.settings
    text, base = (data, Path()) if data is not None else (settings.source.data, loaded.folder)
    if text is None:
        raise DataError(f'data: is missing; give --data, or data = "…" under [source] in {recipe}.')
    return Examination(
        data=open_data(text, base, cache, settings.data_settings),
        objective=open_objective(settings.task, loaded.folder),
    )


def samples_of(graph: Graph, examination: Examination | None, seed: int) -> Samples:
    """Return what a model's engines run.

    Args:
        graph: the model.
        examination: data and task; None draws inputs.
        seed: of the draw.

    Raises:
        DataError: the data does not fit the model.
        InterpreterError: an input says nothing about its quantization.
    """
    if examination is not None:
        return _test_samples(graph, examination)
    inputs = input_tensors(graph)
    largest = max((tensor.element_count for tensor in inputs), default=1)
    count = max(min(DRAWN, MOST_DRAWN_ELEMENTS // largest), 1)
    drawn = tuple(
        _draw(graph, tensor, np.random.default_rng([seed, place]), count) for place, tensor in enumerate(inputs)
    )
    real = tuple(_real(tensor, array) for tensor, array in zip(inputs, drawn, strict=True))
    return Samples(
        given=drawn, real=real, origin=f"{count} drawn inputs of seed {seed}", classifies=_ends_in_classes(graph)
    )


def _no_recipe() -> Recipe:
    return Recipe(settings=RecipeSettings(), stages=default_stages(), folder=Path())


def _test_samples(graph: Graph, examination: Examination) -> Samples:
    source, objective = examination.data, examination.objective
    shapes = tuple(sample_shape(tensor) for tensor in output_tensors(graph))
    data = source.load()
    _check_shapes(data.test.x, input_tensors(graph), source.origin)
    test = objective.prepare(data, shapes, source.origin).test
    return Samples(
        given=model_inputs(graph, test.x),
        real=tuple(np.asarray(array, np.float32) for array in test.x),
        origin="the test split of the data",
        classifies=objective.tells_classes_apart(shapes),
        split=test,
        objective=objective,
        output_shapes=shapes,
    )


def _check_shapes(arrays: Sequence[Array], tensors: Sequence[Tensor], origin: str) -> None:
    given = [array.shape[1:] for array in arrays]
    wanted = [sample_shape(tensor) for tensor in tensors]
    if given != wanted:
        raise DataError(
            f"{origin}: its samples have the shapes {given}, and the model takes {wanted}; give the data that the "
            "model was made for."
        )


def _draw(graph: Graph, tensor: Tensor, generator: np.random.Generator, count: int) -> Array:
    """Draw inputs: uniform over all integers, over the values that stand for them, or normal where there are none."""
    shape = (count, *sample_shape(tensor))
    behind = integers_behind(graph, tensor)
    if behind is None:
        return generator.standard_normal(shape).astype(np.float32)
    if behind.dtype not in QUANTIZABLE:
        return generator.integers(0, 2, shape).astype(np.dtype(behind.dtype.value))
    limits = limits_of(behind.dtype)
    integers = generator.integers(limits.min, limits.max, shape, dtype=limits.dtype, endpoint=True)
    return _real(behind, integers) if tensor.dtype is DType.FLOAT32 else integers


def _real(tensor: Tensor, array: Array) -> Array:
    if tensor.quantization is None or array.dtype.kind == "f":
        return np.asarray(array, np.float32)
    return dequantize(array, tensor.quantization)


def _ends_in_classes(graph: Graph) -> bool:
    """Tell whether the first output is what SOFTMAX computes, perhaps converted."""
    behind = integers_behind(graph, output_tensors(graph)[0])
    index = graph.main.outputs[0] if behind is None else behind.index
    return any(operator.op == "SOFTMAX" and index in operator.outputs for operator in graph.main.operators)
