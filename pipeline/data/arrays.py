"""Named arrays, in memory or in a file, as the contents of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.data.checks import check_form
from edgewright.pipeline.data.contents import ARRAY_NAME, Column, Contents, Table, find_columns
from edgewright.pipeline.data.npyfile import chunk_lengths
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import DataError

LABELS, GROUPS = "labels", "groups_train"


def is_known(name: str) -> bool:
    """Tell whether an array of that name means something to us."""
    return name in {LABELS, GROUPS} or ARRAY_NAME.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class NamedArray:
    """One array that has not been read yet."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    chunks: Callable[[], Iterator[Array]]
    """Yields the rows, some at a time."""

    def read(self) -> Array:
        """Return the whole array."""
        return np.concatenate(list(self.chunks())) if self.shape else np.empty((), self.dtype)


def in_memory(array: Array) -> NamedArray:
    """Return an array that is in memory already, or mapped into it."""

    def chunks() -> Iterator[Array]:
        start = 0
        for count in chunk_lengths(array.shape, array.dtype):
            yield array[start : start + count]
            start += count

    return NamedArray(shape=array.shape, dtype=array.dtype, chunks=chunks)


def contents_of(arrays: Mapping[str, NamedArray], present: Iterable[str], origin: str) -> Contents:
    """Return the contents that named arrays make: `x_train`, `y_train` and so on, `labels`, `groups_train`.

    Args:
        arrays: those that mean something to us.
        present: the names of all arrays, for the message that one is missing.
        origin: what the user gave, for messages.

    Raises:
        DataError: an array is missing, is empty, or holds no numbers.
    """
    columns = find_columns(arrays, present, origin)
    for column in columns:
        check_form(column, arrays[column.name].shape, arrays[column.name].dtype, origin)
    return Contents(
        tables=tuple(_table(column, arrays[column.name]) for column in columns),
        labels=read_labels(arrays[LABELS].read(), origin) if LABELS in arrays else (),
        groups=arrays[GROUPS].read() if GROUPS in arrays else None,
    )


def _table(column: Column, array: NamedArray) -> Table:
    return Table(columns=(column,), chunks=lambda: ((rows,) for rows in array.chunks()))


def read_labels(labels: Array, origin: str) -> tuple[str, ...]:
    """Return the labels as text.

    Raises:
        DataError: they are no list.
    """
    if labels.ndim != 1:
        raise DataError(f"{origin}: labels has the shape {labels.shape}; give one label for each class, (classes,).")
    return tuple(str(label) for label in labels.tolist())
