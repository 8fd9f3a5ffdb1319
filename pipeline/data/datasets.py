"""`tf.data.Dataset`s as the contents of a source; TensorFlow is there already, since the user's function made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from edgewright.pipeline.data.arrays import GROUPS, LABELS, read_labels
from edgewright.pipeline.data.checks import check_form
from edgewright.pipeline.data.contents import SPLITS, TEST, TRAIN, VALIDATION, Column, Contents, Table, make_columns
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.userfile import UserFunction

Dataset = Any
"""A `tf.data.Dataset`; TensorFlow ships no types."""
BATCH_SIZE = 256
WHAT_IS_TAKEN = (
    'give {"train": …, "test": …} with datasets that yield x or (x, y), and "validation" and "labels" if you like'
)


def is_dataset(value: object) -> bool:
    """Tell whether a value is a `tf.data.Dataset`."""
    return hasattr(value, "element_spec") and hasattr(value, "as_numpy_iterator")


def name_datasets(returned: object) -> Mapping[str, Any] | None:
    """Return the datasets that a function returned by their splits, or None where it returned something else."""
    if isinstance(returned, Mapping):
        return returned if any(is_dataset(value) for value in returned.values()) else None
    if isinstance(returned, tuple | list) and returned and all(is_dataset(value) for value in returned):
        names = {2: (TRAIN, TEST), 3: (TRAIN, VALIDATION, TEST)}.get(len(returned), ())
        return dict(zip(names, returned, strict=False))
    return None


def contents_of_datasets(named: Mapping[str, Any], function: UserFunction) -> Contents:
    """Return the contents of datasets: `train`, `test`, perhaps `validation`, `labels` and `groups_train`.

    Raises:
        DataError: a split is missing, or a dataset yields something that is not samples.
    """
    unknown = [str(name) for name in named if name not in {*SPLITS, LABELS, GROUPS}]
    missing = [name for name in (TRAIN, TEST) if name not in named]
    if unknown or missing or not all(is_dataset(named[split]) for split in SPLITS if split in named):
        names = ", ".join(map(str, named)) or "another number of datasets"
        raise DataError(f"{function} returned {names}; {WHAT_IS_TAKEN}.")
    tables = [_table(named[split], split, function) for split in SPLITS if split in named]
    columns = [[(column.kind, column.position) for column in table.columns] for table in tables]
    if any(other != columns[0] for other in columns):
        raise DataError(
            f"{function}: the datasets of the splits yield different numbers of inputs and targets; {WHAT_IS_TAKEN}."
        )
    return Contents(
        tables=tuple(tables),
        labels=read_labels(np.asarray(named[LABELS]), str(function)) if LABELS in named else (),
        groups=np.asarray(named[GROUPS]) if GROUPS in named else None,
    )


def _table(dataset: Dataset, split: str, function: UserFunction) -> Table:
    spec_x, spec_y = _parts(dataset.element_spec, split, function)
    columns = make_columns("x", split, len(spec_x)) + make_columns("y", split, len(spec_y))
    shapes = [_shape(spec, column, function) for spec, column in zip((*spec_x, *spec_y), columns, strict=True)]
    is_batched = _is_batched(shapes, split, function)
    for column, shape, spec in zip(columns, shapes, (*spec_x, *spec_y), strict=True):
        whole = shape if is_batched else (None, *shape)
        check_form(column, tuple(1 if length is None else length for length in whole), spec.dtype.as_numpy_dtype,
                   str(function))  # fmt: skip
    together = is_batched or all(None not in shape for shape in shapes)
    batches = dataset if is_batched or not together else dataset.batch(BATCH_SIZE)

    def chunks() -> Iterator[tuple[Array, ...]]:
        is_empty = True
        for element in _elements(batches, function):
            parts = _parts(element, split, function)
            arrays = (np.asarray(array) for part in parts for array in part)
            yield tuple(array if together else array[np.newaxis] for array in arrays)
            is_empty = False
        if is_empty:
            raise DataError(f"{function}: the dataset {split} yields nothing; it must hold at least one sample.")

    return Table(columns=columns, chunks=chunks)


def _elements(dataset: Dataset, function: UserFunction) -> Iterator[object]:
    iterator = function.call(dataset.as_numpy_iterator, DataError)
    end = object()
    advance: Callable[..., object] = next
    while (element := function.call(advance, DataError, iterator, end)) is not end:
        yield element


def _parts(element: Any, split: str, function: UserFunction) -> tuple[list[Any], list[Any]]:
    """Return the inputs and the targets of an element, or of what describes it."""
    if isinstance(element, tuple) and len(element) > 2:
        raise DataError(
            f"{function}: the dataset {split} yields tuples of {len(element)}; {WHAT_IS_TAKEN}, and several inputs as "
            "((x_0, x_1, …), y)."
        )
    if isinstance(element, tuple) and len(element) == 2:
        return _flatten(element[0]), _flatten(element[1])
    return _flatten(element), []


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return [part for item in value for part in _flatten(item)] if isinstance(value, tuple | list) else [value]


def _shape(spec: Any, column: Column, function: UserFunction) -> tuple[int | None, ...]:
    shape = getattr(spec, "shape", None)
    if shape is None or shape.rank is None or not hasattr(spec.dtype, "as_numpy_dtype"):
        raise DataError(
            f"{function}: the dataset yields {type(spec).__name__} of unknown shape for {column.name}; give tensors "
            "with a known number of axes (output_signature of from_generator, or tf.ensure_shape)."
        )
    return tuple(shape.as_list())


def _is_batched(shapes: list[tuple[int | None, ...]], split: str, function: UserFunction) -> bool:
    """Tell batches from samples: a batch has an open first axis in all of its parts.

    Raises:
        DataError: it cannot be told.
    """
    first = {shape[0] if shape else "none" for shape in shapes}
    if first == {None}:
        return True
    if len(first) == 1 and len(shapes) > 1 and "none" not in first:
        raise DataError(
            f"{function}: the dataset {split} yields the shapes {shapes}, which may be one sample or a batch; batch "
            "it without drop_remainder, or unbatch it."
        )
    return False
